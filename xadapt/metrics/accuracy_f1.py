"""Accuracy and F1 of a yes-or-no decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xadapt.errors import XadaptError
from xadapt.metrics.accuracy import Accuracy


class AccuracyF1(Accuracy):
    """Accuracy and the F1 of label 1, 0-100; labels are 0 and 1.

    The F1 is 0 where no 1 is right.

    Source: GLUE (arXiv 1804.07461), which reports both for MRPC and QQP.
    """

    summary = "Share of right labels and F1 of label 1, in per cent."
    source = "https://arxiv.org/abs/1804.07461"

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        given, gold = super().prepare(predictions, references)
        for what, labels in (("prediction", given), ("reference", gold)):
            for place, label in enumerate(labels):
                if label not in (0, 1):
                    raise XadaptError(f"{what} {place} is {label!r}, not 0 or 1")
        return given, gold

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        both = sum(predicted and gold for predicted, gold in zip(predictions, references, strict=True))
        ones = sum(predictions) + sum(references)
        return {**super()._compute(predictions, references), "f1": 200.0 * both / ones if ones else 0.0}
