"""Measured times of an example, read from the file that ``benchmarks/cost.py`` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from xadapt.analysis.results import base_name
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.store.files import read_json

#: Its name in a store, where reports look for it, and in a report's folder.
COST_FILE = "cost.json"
FORMAT = 1


@dataclass(frozen=True)
class Cost:
    """What was measured on the rows of one task.

    Attributes:
        how: Rows, hardware and repeats, in words.
        milliseconds: Time of an example by setup, one value a repeat; a repeat runs every setup.
    """

    how: str
    milliseconds: Mapping[str, tuple[float, ...]]


def read_costs(path: Path) -> dict[tuple[str, str], Cost]:
    """Read a measurement.

    Args:
        path: The file; nothing was measured if it is not there.

    Returns:
        What was measured, by base and task.

    Raises:
        XadaptError: If the file is there and is no measurement.
    """
    if not path.is_file():
        return {}
    stored = read_json(path)
    try:
        if stored["format"] != FORMAT:
            raise XadaptError(f"{path}: format {stored['format']!r} is not {FORMAT}: measure again")
        return {
            (base_name(stored["base"]), task): Cost(
                _how(stored, measured),
                {str(parse(setup)): tuple(values) for setup, values in measured["milliseconds"].items()},
            )
            for task, measured in stored["tasks"].items()
        }
    except (KeyError, TypeError, AttributeError):
        raise XadaptError(f"{path} is not a measurement of costs: move it elsewhere or measure again") from None


def relative(milliseconds: Sequence[float], reference: Sequence[float]) -> float | None:
    """Compare times with a reference's repeat by repeat, so that what slowed a whole repeat down cancels out.

    Returns:
        The median ratio; None if one of the two was not measured.
    """
    ratios = [own / other for own, other in zip(milliseconds, reference, strict=False)]
    return median(ratios) if ratios else None


def _how(stored: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    threads = f"{stored['threads']} thread{'s' if stored['threads'] > 1 else ''}"
    share = f", running {measured['processor_share']:.0%} of the time" if stored["device"] == "cpu" else ""
    return (
        f"{measured['rows']} rows of {measured['language']} ({stored['data']}), of {measured['tokens']:.0f} tokens on "
        f"average, {stored['precision']} on {stored['hardware']}, {threads}{share}; every setup once in each of "
        f"{stored['repeats']} repeats, in random order"
    )
