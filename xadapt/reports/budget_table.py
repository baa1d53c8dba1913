"""A table of what each setup has learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.budgets import learnt, unequal
from xadapt.tables import Cell, Mark, Table, numbers, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xadapt.analysis.comparison_rows import Block
    from xadapt.store.records import RunRecord


def budget_table(block: Block, records: Mapping[str, RunRecord]) -> Table | None:
    """Lay out the target's rows and steps of each setup, and the rows that its members saw beside.

    Args:
        block: The block.
        records: Records of trained runs, by run.

    Returns:
        The table; None where nothing was trained on the target, or no records are there.
    """
    found = learnt(block, records)
    lines = [
        [
            Cell(one.label, marks=frozenset({Mark.CODE})),
            Cell(_span(one.rows)),
            Cell(_span(one.steps)),
            Cell(", ".join(f"{task} {count:,}" for task, count in one.beside.items()) or "nothing"),
        ]
        for one in found
    ]
    columns = [*words("setup"), *numbers("target rows", "steps"), *words("members saw beside")]
    note = "Rows are English; steps are those on the target's, of all that learnt from them together."
    if unequal(found):
        note += " Setups had not the same rows or steps of the target."
    return Table("What each setup has learnt from", columns, lines, caption=note) if lines else None


def _span(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"
