"""Tables of what else tests say: of each setup, and of families and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xadapt.analysis.language_groups import GroupMean, by_group, language_groups
from xadapt.analysis.verdict import judged
from xadapt.errors import XadaptError
from xadapt.reports import setup_cells as cell
from xadapt.tables import Cell, Table, numbers, words
from xadapt.tables.numbers import interval, p_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xadapt.analysis.comparison_rows import Block, SetupRow, TaskComparison

_CHANCE = "p of no difference between groups"


def significance_table(block: Block, brief: bool = False) -> Table | None:
    """Lay out the tests of each setup's zero-shot mean; None if nothing was tested.

    The effect is in standard deviations over seeds of one language's difference.

    Args:
        block: The block.
        brief: Whether the interval is beside the difference and the gap to English is left out, as on the page.
    """
    items = [(row, row.tested) for row in block.rows if row.tested is not None and (brief or row.tally is not None)]
    if not items:
        return None
    best = block.reference.row if block.reference else None

    def gap(row: SetupRow) -> Cell:
        if row.gap is None or best is None or best.gap is None:
            return Cell()
        return Cell(row.gap - best.gap, 1, signed=True)

    columns = [*words("setup"), *numbers("vs reference", *["95 % interval"] * (not brief), "p", "p (Holm)")]
    columns += numbers("p over seeds", "effect", "p of signs", *["gap vs reference's gap"] * (not brief))
    columns += numbers("seeds", "examples")
    lines = []
    for row, tested in items:
        line = [cell.name(row, block)]
        line += [cell.difference_with_interval(row)] if brief else [Cell(tested.difference, 1, signed=True)]
        line += [] if brief else [cell.interval_alone(row)]
        line += [Cell(p_value(tested.p_value)), cell.adjusted(row), Cell(p_value(tested.seed_p_value))]
        line += [Cell(row.effect, 1, signed=True), Cell(p_value(row.tally.sign_p_value if row.tally else None))]
        line += [] if brief else [gap(row)]
        lines.append([*line, Cell(tested.seeds), Cell(tested.examples)])
    note = "p over seeds: a t-test on the seeds' means, which p is never below. "
    note += "Effect: the difference in standard deviations over seeds of "
    note += "one language's. p of signs: whether better and worse languages are equally likely, as if independent."
    return Table("Tests against the reference", columns, lines, caption=note)


def group_table(comparison: TaskComparison, block: Block, brief: bool = False) -> Table | None:
    """Lay out the judged setup's mean difference by family and script of the languages.

    Args:
        comparison: The comparison.
        block: One of its blocks.
        brief: Whether the interval is beside the difference, as on the page.

    Returns:
        The table; None if nothing is judged, no group has two languages, or a language has no group.
    """
    row = judged(block)
    if row is None:
        return None
    try:
        groups = [*_groups(comparison, row, "family"), *_groups(comparison, row, "script")]
    except XadaptError:
        # An own task may have languages that are in no table.
        return None
    if brief:
        columns = [*words("group", "kind", "languages"), *numbers("vs reference", _CHANCE)]
    else:
        columns = [*words("languages"), *numbers("vs reference", "95 % interval", _CHANCE)]
    lines = []
    for by, group, chance in groups:
        languages, span = ", ".join(group.languages), interval(group.low, group.high)
        if brief:
            mean = Cell(group.mean, 1, signed=True, after=f" ({span})")
            lines.append([Cell(group.name), Cell(by), Cell(languages), mean, Cell(p_value(chance))])
        else:
            mean = Cell(group.mean, 1, signed=True)
            lines.append([Cell(f"{by}: {group.name} ({languages})"), mean, Cell(span), Cell(p_value(chance))])
    note = "Groups of two languages or more; interval by Student's t over languages, p by Kruskal and Wallis."
    title = f"{row.label} against the reference by family and script"
    return Table(title, columns, lines, caption=note) if lines else None


def _groups(
    comparison: TaskComparison, row: SetupRow, by: Literal["family", "script"]
) -> Iterator[tuple[str, GroupMean, float | None]]:
    differences = {code: row.differences[code] for code in comparison.languages if code in row.differences}
    found = by_group(differences, language_groups(differences, by))
    for group in found.groups:
        yield by, group, found.p_value
