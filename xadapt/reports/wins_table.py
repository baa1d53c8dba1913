"""A table of how often each composition is above and below the reference, over tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.verdict import outcomes, rows_by_setup
from xadapt.tables import Cell, Mark, Table, numbers, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.comparison_rows import TaskComparison


def wins_table(comparisons: Sequence[TaskComparison]) -> Table | None:
    """Count over tasks what the tests of each composition's zero-shot mean found.

    Args:
        comparisons: What `compare` returned.

    Returns:
        The table, most wins first; None where nothing was tested, or there is one task.
    """
    found = rows_by_setup(comparisons)
    tasks = max(map(len, found.values()), default=0)
    if tasks < 2 or not any(row.tested for rows in found.values() for row in rows):
        return None
    counted = [(label, outcomes(rows), len(rows)) for label, rows in found.items()]
    counted.sort(key=lambda one: (one[1].below - one[1].above, one[0]))
    lines = [
        [
            Cell(label, marks=frozenset({Mark.CODE})),
            *map(Cell, (all_tasks, one.above, one.below, one.undecided, all_tasks - one.tests)),
        ]
        for label, one, all_tasks in counted
    ]
    columns = [*words("setup"), *numbers("tasks", "above", "below", "not distinguishable", "not tested")]
    note = "Significantly above and below the reference: p < 0.05 after Holm over the setups of a task."
    return Table("Compositions against the reference, over tasks", columns, lines, caption=note)
