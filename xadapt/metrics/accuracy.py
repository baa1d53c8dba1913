"""Accuracy: the share of labels that are right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets

from xadapt.metrics.base import OfflineMetric, require_integers


class Accuracy(OfflineMetric):
    """Share of predictions equal to their reference, 0-100.

    Source: XNLI (arXiv 1809.05053), PAWS-X (arXiv 1908.11828) and XCOPA (arXiv 2005.00333) all report it.
    """

    summary = "Share of predicted labels equal to the gold label, in per cent."
    source = "https://arxiv.org/abs/1809.05053"

    @classmethod
    def row_features(cls) -> dict[str, Any]:
        return {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        require_integers(predictions, "prediction")
        require_integers(references, "reference")
        return super().prepare(predictions, references)

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        right = sum(predicted == gold for predicted, gold in zip(predictions, references, strict=True))
        return {"accuracy": 100.0 * right / len(references)}
