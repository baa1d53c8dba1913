"""Accuracy: the share of labels that are right, of yes-or-no decisions also F1, of retrieved items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datasets

from xadapt.errors import XadaptError
from xadapt.metrics.base import OfflineMetric, require_integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.store.records import Json


class Accuracy(OfflineMetric):
    """Share of predictions equal to their reference, 0-100.

    Source: XNLI (arXiv 1809.05053), PAWS-X (arXiv 1908.11828) and XCOPA (arXiv 2005.00333) all report it.
    """

    summary = "Share of predicted labels equal to the gold label, in per cent."
    source = "https://arxiv.org/abs/1809.05053"

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        return {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        require_integers(predictions, "prediction")
        require_integers(references, "reference")
        return super().prepare(predictions, references)

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        right = sum(predicted == gold for predicted, gold in zip(predictions, references, strict=True))
        return {"accuracy": 100.0 * right / len(references)}


class AccuracyF1(Accuracy):
    """Accuracy and the F1 of label 1, 0-100; labels are 0 and 1.

    The F1 is 0 where no 1 is right.

    Source: GLUE (arXiv 1804.07461), which reports both for MRPC and QQP.
    """

    summary = "Share of right labels and F1 of label 1, in per cent."
    source = "https://arxiv.org/abs/1804.07461"

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        given, gold = super().prepare(predictions, references)
        for what, labels in (("prediction", given), ("reference", gold)):
            for index, label in enumerate(labels):
                if label not in (0, 1):
                    raise XadaptError(f"{what} {index} is {label!r}, not 0 or 1")
        return given, gold

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        both = sum(predicted and gold for predicted, gold in zip(predictions, references, strict=True))
        ones = sum(predictions) + sum(references)
        return {**super()._compute(predictions, references), "f1": 200.0 * both / ones if ones else 0.0}


class Retrieval(Accuracy):
    """Top-1 retrieval accuracy, 0-100.

    A prediction is the index of the item retrieved for a query, a reference the index of the gold item. An index that
    names no item, such as -1 for "nothing found", is simply wrong.

    Source: Tatoeba as in LASER (arXiv 1812.10464) and XTREME (arXiv 2003.11080).
    """

    summary = "Share of queries whose retrieved item is the gold one, in per cent."
    source = "https://arxiv.org/abs/1812.10464"
