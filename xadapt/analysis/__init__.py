"""Results become comparisons: statistics, families, costs, the verdict as data. Runs no model."""
