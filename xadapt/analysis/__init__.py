"""Results become comparisons: statistics, families, costs, the verdict as data. Runs no model."""

from xadapt.analysis.comparison import compare
from xadapt.analysis.comparison_rows import TaskComparison

__all__ = ["TaskComparison", "compare"]
