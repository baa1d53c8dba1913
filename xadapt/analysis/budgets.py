"""What each setup has learnt from: rows and steps of the target, and what its members saw beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xadapt.analysis.comparison_rows import Block, SetupRow
    from xadapt.store.records import RunRecord
    from xadapt.store.result_record import Result


@dataclass(frozen=True)
class Learnt:
    """What a setup has learnt from, in every run; several numbers where seeds differ, in order.

    Attributes:
        label: The setup's label.
        rows: The target's English training rows; 0 for a straight setup.
        steps: Steps on them, of all that learnt from them together.
        beside: By other task, the training rows that its members saw.
    """

    label: str
    rows: tuple[int, ...]
    steps: tuple[int, ...]
    beside: Mapping[str, int]


def learnt(block: Block, records: Mapping[str, RunRecord]) -> list[Learnt]:
    """Find what the setups of a block have learnt from.

    Args:
        block: The block.
        records: Records of trained runs, by run.

    Returns:
        One a setup whose checkpoints all have a record; none where no setup was trained on the target.
    """
    if not block.with_target:
        return []
    found = [_learnt(row, records) for row in block.rows]
    return [one for one in found if one is not None]


def unequal(budgets: Sequence[Learnt]) -> bool:
    """Whether setups that were trained on the target had other numbers of its rows, or of steps on them."""
    trained = [one for one in budgets if one.rows != (0,)]
    return len({(one.rows, one.steps) for one in trained}) > 1


def _learnt(row: SetupRow, records: Mapping[str, RunRecord]) -> Learnt | None:
    rows, steps, beside = set[int](), set[int](), dict[str, int]()
    for run in row.runs:
        used = _used(run.members.values(), records)
        if not used:
            return None
        mine = [record for record in used if _target(run) in record.tasks]
        rows.add(max((record.rows.get(_target(run), 0) for record in mine), default=0))
        steps.add(sum(record.figures.steps or 0 for record in mine))
        for task, count in (item for record in used for item in record.rows.items()):
            if task != _target(run):
                beside[task] = max(beside.get(task, 0), count)
    return Learnt(row.label, tuple(sorted(rows)), tuple(sorted(steps)), dict(sorted(beside.items())))


def _target(run: Result) -> str:
    return run.target or run.task


def _used(runs: Iterable[str], records: Mapping[str, RunRecord]) -> list[RunRecord] | None:
    """The records of runs and of all that these were trained on; None where one is missing."""
    found: dict[str, RunRecord] = {}
    left = list(runs)
    while left:
        run = left.pop()
        if run in found:
            continue
        if run not in records:
            return None
        found[run] = records[run]
        left += records[run].members.values()
    return list(found.values())
