"""Comparisons as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.reports.language_tables import TERMINAL, language_tables
from xadapt.reports.setup_tables import brief_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.analysis.comparison_rows import TaskComparison
    from xadapt.tables import Table


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
