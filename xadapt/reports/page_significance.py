"""The page's tables of what else tests say: of each setup, and of families and scripts."""

from __future__ import annotations

from typing import Literal

from xadapt.analysis.comparison_rows import Block, Row, TaskComparison
from xadapt.analysis.language_groups import by_group, language_groups
from xadapt.errors import XadaptError
from xadapt.reports.numbers import count, interval, p_value, signed
from xadapt.reports.page_tables import Cell, Table, difference_text
from xadapt.reports.verdicts import judged


def significance_table(block: Block) -> Table | None:
    """Lay out the tests of each setup's zero-shot mean; None if nothing was tested."""
    lines = []
    for row in block.rows:
        if row.tested is None:
            continue
        line = [row.label, difference_text(row), p_value(row.tested.p_value), p_value(row.tested.adjusted)]
        line += [p_value(row.tested.seed_p_value), signed(row.effect)]
        line += [p_value(row.tally.sign_p_value if row.tally else None)]
        line += [str(row.tested.seeds), count(row.tested.examples)]
        lines.append([Cell(text) for text in line])
    if not lines:
        return None
    columns = ["setup", "vs single", "p", "p (Holm)", "p over seeds", "effect", "p of signs", "seeds", "examples"]
    note = "p over seeds: a t-test on the seeds' means. Effect: the difference in standard deviations over seeds of "
    note += "one language's. p of signs: whether better and worse languages are equally likely, as if independent."
    return Table("Tests against the best single adapter", columns, 1, lines, note, True)


def groups_table(comparison: TaskComparison, block: Block) -> Table | None:
    """Lay out the judged setup's mean difference by family and script; None if no group has two languages."""
    row = judged(block)
    if row is None:
        return None
    try:
        lines = [*_groups(comparison, row, "family"), *_groups(comparison, row, "script")]
    except XadaptError:
        # An own task may have languages that no table knows.
        return None
    columns = ["group", "kind", "languages", "vs single", "p of no difference between groups"]
    note = "Groups of two languages or more; interval by Student's t over languages, p by Kruskal and Wallis."
    caption = f"{row.label} against the best single adapter by family and script"
    return Table(caption, columns, 3, lines, note) if lines else None


def _groups(comparison: TaskComparison, row: Row, by: Literal["family", "script"]) -> list[list[Cell]]:
    differences = {code: row.differences[code] for code in comparison.languages if code in row.differences}
    found = by_group(differences, language_groups(differences, by))
    return [
        [
            Cell(group.name),
            Cell(by),
            Cell(", ".join(group.languages)),
            Cell(f"{signed(group.mean)} ({interval(group.low, group.high)})"),
            Cell(p_value(found.p_value)),
        ]
        for group in found.groups
    ]
