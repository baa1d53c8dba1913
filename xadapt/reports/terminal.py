"""Comparisons as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.reports.language_tables import TERMINAL, language_tables
from xadapt.reports.setup_tables import brief_table
from xadapt.tables import Table, terminal_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table as RichTable

    from xadapt.analysis.comparison_rows import TaskComparison


def comparison_tables(comparisons: Iterable[TaskComparison]) -> list[Table]:
    """Lay comparisons out in narrow tables.

    Args:
        comparisons: What `compare` returned.

    Returns:
        Two tables per block or more: one of setups, others of their scores by language.
    """
    tables = []
    for comparison in comparisons:
        for block in comparison.blocks:
            tables += [brief_table(comparison, block), *language_tables(comparison, block, TERMINAL)]
    return tables


def rich_tables(comparisons: Iterable[TaskComparison]) -> list[RichTable]:
    """Lay comparisons out for the terminal.

    The best number of a column (or line) is bold; the reference's label is marked with a star, what differs from it
    significantly by ▲ or ▼.
    """
    # A terminal of 80 columns should show every number.
    return [terminal_table(table, padding=0) for table in comparison_tables(comparisons)]
