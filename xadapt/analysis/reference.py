"""What the setups of a block are measured against: the best setup that combines nothing."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import Reference, SetupRow, english_or_least, graded_on_dev

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Families that combine nothing.
PLAIN = ("none", "single")


def choose_reference(rows: Sequence[SetupRow], common: Sequence[str], by_targets: bool) -> Reference | None:
    """Choose the best setup that combines nothing.

    Where single adapters were trained on the target, stacked or continued, these and none at all can be chosen, and a
    straight one if it has a score on the same dev rows; elsewhere the straight single adapters.

    Args:
        rows: The setups of a block.
        common: The target languages that all have.
        by_targets: Whether the target languages' test rows choose, and not English ones.

    Returns:
        The reference; None where there is nothing to choose from.
    """
    candidates = _candidates(rows)
    return _chosen(candidates, common, by_targets) if candidates else None


def choose_single(rows: Sequence[SetupRow], common: Sequence[str], reference: Reference | None) -> Reference | None:
    """Choose the best single adapter where no adapter at all is the reference; None elsewhere."""
    if reference is None or reference.row is None or reference.row.family != "none":
        return None
    singles = [row for row in _candidates(rows) if row.family == "single"]
    found = _chosen(singles, common, reference.by_targets) if singles else None
    return found if found and found.chosen else None


def _candidates(rows: Sequence[SetupRow]) -> list[SetupRow]:
    trained = [row for row in rows if row.family in PLAIN and row.with_target]
    straight = [row for row in rows if row.family == "single" and not row.with_target]
    if not any(row.family == "single" for row in trained):
        return straight or trained
    graded = {row.dev_task for row in trained if row.dev is not None}
    return trained + [row for row in straight if row.dev is not None and row.dev_task in graded]


def _chosen(candidates: Sequence[SetupRow], common: Sequence[str], by_targets: bool) -> Reference:
    with_none = any(row.family == "none" for row in candidates)
    measured = [(row.zero_shot, row) for row in candidates if row.zero_shot is not None]
    if by_targets and measured:
        _, top = min(measured, key=lambda one: (-round(one[0], 2), *_simplicity(one[1])))
        return _reference(top, with_none=with_none, by_targets=True)
    by_dev = graded_on_dev(candidates)
    able = [row for row in candidates if by_dev or row.english is not None]
    if able:
        scores = {row.label: row.dev if by_dev and row.dev is not None else english_or_least(row) for row in able}
        best = min(able, key=lambda row: (-round(scores[row.label], 2), *_simplicity(row)))
        return _reference(best, with_none=with_none, by_dev=by_dev)
    # Target languages must not choose.
    singles = [row for row in candidates if row.family == "single"] or list(candidates)
    shared = set.intersection(*(set(row.scores) for row in singles))
    means = {code: fmean(row.scores[code] for row in singles) for code in sorted(shared)}
    usable = [code for code in common if code in means]
    zero_shot = fmean(means[code] for code in usable) if usable else None
    label = "the mean of the single adapters" if len(singles) > 1 else singles[0].label
    only = singles[0] if len(singles) == 1 else None
    return Reference(label, False, means, zero_shot, min(len(row.seeds) for row in singles), only)


def _simplicity(row: SetupRow) -> tuple[bool, bool, str]:
    # Of equals the simpler: none, stacked, continued, then by name.
    return row.family != "none", row.continued, row.label


def _reference(row: SetupRow, with_none: bool, by_dev: bool = False, by_targets: bool = False) -> Reference:
    return Reference(row.label, True, row.scores, row.zero_shot, len(row.seeds), row, by_dev, by_targets, with_none)
