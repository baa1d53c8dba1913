"""A whole report in three sentences: does combining adapters beat not combining them, where, and by how much."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from xadapt.analysis.tested import FEW_SEEDS
from xadapt.analysis.verdict import Case, compositions, judged_cases, outcomes
from xadapt.tables.numbers import count, interval, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.comparison_rows import TaskComparison


def conclude(comparisons: Sequence[TaskComparison]) -> list[str]:
    """Answer the question that a report is about.

    On each task the judged composition counts, which English dev rows choose. A task counts once, with the setups that
    were trained on its English rows if there are any to judge.

    Args:
        comparisons: What `compare` returned.

    Returns:
        Three sentences: the answer over all tasks; where most and where least; what it rests on. None where no
        composition can be compared.
    """
    cases = judged_cases(comparisons)
    if not cases:
        return []
    return [_overall(cases), _where(cases), _basis(cases)]


def _overall(cases: Sequence[Case]) -> str:
    tested = [case for case in cases if case.row.tested]
    who = _who(cases)
    mean = fmean(case.difference for case in cases)
    by = "by" if len(cases) == 1 else "on average by"
    if not tested:
        above = sum(case.difference > 0 for case in cases)
        return (
            f"Nothing was tested for significance: {who} is above {_against(cases)} on {above} of "
            f"{_tasks(len(cases))}, {by} {signed(mean)} points zero-shot."
        )
    found = outcomes([case.row for case in cases])
    won = found.above
    answer = (
        "Yes" if won == len(cases) else "In places" if won else "No" if found.below else "Not as far as can be told"
    )
    untested = f" and not tested on {len(cases) - len(tested)}" if len(tested) < len(cases) else ""
    text = (
        f"{answer}: of {_tasks(len(cases))}, {who} is significantly above {_against(cases)} on {won}, "
        f"significantly below on {found.below}, not distinguishable from it on {found.undecided}{untested}, {by} "
        f"{signed(mean)} points zero-shot"
    )
    if all(len(compositions(case.block)) == 1 for case in cases):
        return f"{text}."
    anywhere = [
        f"`{row.label}` on {case.comparison.task}, {signed(row.tested.difference)}"
        for case in cases
        for row in compositions(case.block)
        if row.tested and row.tested.significant and row.tested.difference > 0
    ]
    every = outcomes([row for case in cases for row in compositions(case.block)])
    listed = f" ({'; '.join(anywhere)})" if 0 < len(anywhere) <= 3 else ""
    return (
        f"{text}; of all {every.tests} tests of a composition, {every.above} found it significantly above{listed}, "
        f"{every.below} significantly below and {every.undecided} not distinguishable."
    )


def _where(cases: Sequence[Case]) -> str:
    ranked = sorted(cases, key=lambda case: (-case.difference, case.comparison.name))
    who = _who(cases)
    if len(ranked) == 1:
        return f"{who[0].upper()}{who[1:]} ends up on {_described(ranked[0])}, {_extremes(ranked[0])}."
    best, worst = ranked[0], ranked[-1]
    return (
        f"{who[0].upper()}{who[1:]} does best on {_described(best)}, {_extremes(best)}, and worst on "
        f"{_described(worst)}, {_extremes(worst)}."
    )


def _described(case: Case) -> str:
    test = case.row.tested
    found = f", 95 % interval {interval(test.low, test.high)}" if test else ", not tested"
    return f"{case.comparison.task} with {signed(case.difference)} against `{case.against}`{found}"


def _extremes(case: Case) -> str:
    by_language = {
        code: case.row.differences[code] for code in case.comparison.languages if code in case.row.differences
    }
    ranked = sorted(by_language, key=lambda code: (-by_language[code], code))
    best, worst = ranked[0], ranked[-1]
    if best == worst:
        return f"in {best} {_marked(case, best, by_language)}"
    return f"from {_marked(case, best, by_language)} in {best} to {_marked(case, worst, by_language)} in {worst}"


def _marked(case: Case, code: str, differences: dict[str, float]) -> str:
    test = case.row.tests.get(code)
    return f"{signed(differences[code])}{' (significant)' if test and test.significant else ''}"


def _basis(cases: Sequence[Case]) -> str:
    seeds = sorted({case.row.tested.seeds if case.row.tested else len(case.row.seeds) for case in cases})
    rows = [case.comparison.counts[code] for case in cases for code in case.comparison.languages]
    bases = ", ".join(f"`{base}`" for base in dict.fromkeys(case.comparison.base for case in cases))
    parts = [
        f"{_span(seeds)} seed{'' if seeds == [1] else 's'}",
        f"{_span([min(rows), max(rows)])} {_sample(cases)}rows a language",
        f"the base {bases}",
    ]
    text = f"This rests on {', '.join(parts[:-1])} and {parts[-1]}"
    if seeds[0] == 1:
        text += ", and says nothing about other seeds"
    elif seeds[0] < FEW_SEEDS:
        text += ", and so few seeds find only large differences"
    # First where the time was measured too.
    paid = [price for case in sorted(cases, key=lambda case: case.row.ratio is None) if (price := _price(case))]
    return f"{text}; {paid[0]}." if paid else f"{text}."


def _sample(cases: Sequence[Case]) -> str:
    if any(case.comparison.data == "bundled" for case in cases):
        return "bundled demonstration "
    return "sampled " if any(case.comparison.limit or case.comparison.sample for case in cases) else ""


def _price(case: Case) -> str:
    row, reference = case.row, case.block.reference.row if case.block.reference else None
    if reference is None or row.parameters is None or reference.parameters is None:
        return ""
    time = f" and takes {row.ratio:.2f} times its time" if row.ratio is not None else ""
    return (
        f"on {case.comparison.task} `{row.label}` has {count(row.parameters)} parameters, `{reference.label}` "
        f"{count(reference.parameters)}{time}"
    )


def _against(cases: Sequence[Case]) -> str:
    with_none = any(case.block.reference and case.block.reference.with_none for case in cases)
    return "the best of none and single adapters" if with_none else "the best single adapter"


def _who(cases: Sequence[Case]) -> str:
    return "the fusion" if all(case.row.family == "fuse" for case in cases) else "the judged composition"


def _tasks(number: int) -> str:
    return f"{number} task{'' if number == 1 else 's'}"


def _span(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if values[0] == values[-1] else f"{values[0]:,} to {values[-1]:,}"
