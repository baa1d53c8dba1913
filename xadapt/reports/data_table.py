"""The rows behind the scores as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import TaskComparison, english_first
from xadapt.tables import Cell, Table, cells, numbers, words
from xadapt.tables.numbers import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence


def inventory_table(comparisons: Sequence[TaskComparison]) -> Table:
    """Lay out the rows that were scored: task, data, split, languages and N of each."""
    lines = []
    for each in comparisons:
        counts = sorted(each.counts.items(), key=lambda item: english_first(item[0]))
        limit = "none" if each.limit is None else f"{each.limit:,} a language"
        line = cells([each.task, each.data, ", ".join(each.splits) or NOTHING, limit])
        line.append(Cell(", ".join(f"{code} {number:,}" for code, number in counts)))
        lines.append([*line, Cell(len(counts)), Cell(sum(each.counts.values()))])
    columns = [*words("task", "data", "split", "limit", "N of each language"), *numbers("languages", "N")]
    return Table("Rows that were scored", columns, lines, caption="Where setups differ in N, the smallest counts.")
