"""Correlation of predicted and gold numbers, as sentence similarity reports it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np

from xadapt.errors import XadaptError
from xadapt.metrics.base import OfflineMetric
from xadapt.metrics.examples import Examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.store.records import Json


class Correlation(OfflineMetric):
    """Spearman's and Pearson's correlation, times 100, so -100 to 100.

    Where the predictions (or the references) are constant, no correlation is defined; both scores are then 0.0, without
    a warning, because a model that gives every pair the same number has found nothing.

    Source: STS Benchmark (arXiv 1708.00055); ties get their mean rank, as in `scipy.stats.spearmanr`.
    """

    summary = "Spearman's and Pearson's correlation with the gold scores, times 100."
    source = "https://arxiv.org/abs/1708.00055"

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        # Doubles: single precision makes ties out of numbers that differ, and ties move Spearman.
        return {"predictions": datasets.Value("float64"), "references": datasets.Value("float64")}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        for what, values in (("prediction", predictions), ("reference", references)):
            for index, value in enumerate(values):
                if not math.isfinite(value):
                    raise XadaptError(f"{what} {index} is {value}, not a finite number")
        return super().prepare(predictions, references)

    @classmethod
    def examples(cls, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Examples:
        """What each row contributes to the main score."""
        return Examples("spearman", [list(map(float, pair)) for pair in zip(predictions, references, strict=True)])

    def _compute(self, predictions: list[float], references: list[float]) -> dict[str, float]:
        from scipy import stats

        given, gold = np.asarray(predictions, dtype=float), np.asarray(references, dtype=float)
        if np.ptp(given) == 0 or np.ptp(gold) == 0:
            return {"spearman": 0.0, "pearson": 0.0}
        return {
            "spearman": 100.0 * float(stats.spearmanr(given, gold).statistic),
            "pearson": 100.0 * float(stats.pearsonr(given, gold).statistic),
        }
