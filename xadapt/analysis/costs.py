"""Measured times of an example, as comparisons use them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from xadapt.analysis.results import base_title
from xadapt.bases import base_name
from xadapt.composition.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xadapt.store.cost_record import CostRecord, TaskCost


@dataclass(frozen=True)
class Timing:
    """How the time of an example was measured.

    Attributes:
        measured: The rows of the task.
        record: The measurement that they belong to: hardware, threads, repeats.
    """

    measured: TaskCost
    record: CostRecord


@dataclass(frozen=True)
class Cost:
    """What was measured on the rows of one task.

    Attributes:
        timing: How, None where that was not recorded.
        milliseconds: Time of an example by setup in canonical form, one value a repeat; a repeat runs every setup.
    """

    timing: Timing | None
    milliseconds: Mapping[str, tuple[float, ...]]


def costs_of(record: CostRecord) -> dict[tuple[str, str], Cost]:
    """Sort a measurement by base and task.

    Raises:
        XadaptError: If a setup is no expression.
    """
    return {
        (base_title(base_name(record.base)), task): Cost(
            Timing(measured, record),
            {str(parse(setup)): tuple(values) for setup, values in measured.milliseconds.items()},
        )
        for task, measured in record.tasks.items()
    }


def relative(milliseconds: Sequence[float], reference: Sequence[float]) -> float | None:
    """Compare times with a reference's repeat by repeat, so that what slowed a whole repeat down cancels out.

    Returns:
        The median ratio; None if one of the two was not measured.
    """
    ratios = [own / other for own, other in zip(milliseconds, reference, strict=False)]
    return median(ratios) if ratios else None
