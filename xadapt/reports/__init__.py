"""Results become comparisons, and comparisons tables, plots and Markdown."""

from xadapt.analysis.comparison import compare
from xadapt.analysis.comparison_rows import TaskComparison
from xadapt.reports.markdown import write_report
from xadapt.reports.tables import rich_tables

__all__ = ["TaskComparison", "compare", "rich_tables", "write_report"]
