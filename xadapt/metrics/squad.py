"""Exact match and F1 of extracted answers, by the SQuAD v1.1 evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets

from xadapt.errors import XadaptError
from xadapt.metrics.answers import answer_scores, squad_normalize
from xadapt.metrics.base import OfflineMetric


class Squad(OfflineMetric):
    """SQuAD v1.1 F1 and exact match, 0-100, as XTREME uses them for XQuAD and TyDiQA in every language.

    A prediction is `{"id", "text"}`, a reference `{"id", "answers": [text, ...]}`. Order does not matter; a question
    without a prediction scores 0; a prediction without a question is left out, both as in the official evaluation.

    Source: SQuAD (arXiv 1606.05250), XTREME (arXiv 2003.11080).
    """

    summary = "SQuAD v1.1 token F1 and exact match, in per cent."
    source = "https://arxiv.org/abs/1606.05250"

    @classmethod
    def row_features(cls) -> dict[str, Any]:
        text = datasets.Value("string")
        return {"predictions": {"id": text, "text": text}, "references": {"id": text, "answers": [text]}}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        answers: dict[str, str | None] = {}
        for row in predictions:
            if row["id"] in answers:
                raise XadaptError(f"question {row['id']!r} has two predictions")
            answers[row["id"]] = row["text"]
        for row in references:
            if not row["answers"]:
                raise XadaptError(f"question {row['id']!r} has no gold answer")
        gold = [{"id": row["id"], "answers": list(row["answers"])} for row in references]
        return [{"id": row["id"], "text": answers.get(row["id"])} for row in gold], gold

    def _compute(self, predictions: list[dict[str, Any]], references: list[dict[str, Any]]) -> dict[str, float]:
        return answer_scores(*answers_in_order(predictions, references), normalize=squad_normalize)


def answers_in_order(
    predictions: list[dict[str, Any]], references: list[dict[str, Any]]
) -> tuple[list[str | None], list[list[str]]]:
    """Put predicted and gold answers in the order of the references, None where a prediction is missing."""
    given = {row["id"]: row["text"] for row in predictions}
    return [given.get(row["id"]) for row in references], [row["answers"] for row in references]
