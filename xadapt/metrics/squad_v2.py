"""Exact match and F1 of extracted answers, some questions having none, by the SQuAD 2.0 evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import datasets

from xadapt.metrics.base import OfflineMetric
from xadapt.metrics.examples import Examples
from xadapt.metrics.null_answers import Answer, answers_by_question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.store.records import Json


class SquadV2(OfflineMetric):
    """SQuAD 2.0 F1 and exact match, 0-100, over all questions, those with an answer and those without.

    A prediction is `{"id", "text", "null_gap"}`: the best answer, and the score of "no answer" minus the score of that
    answer. Where the gap exceeds the threshold the prediction counts as "no answer"; where it is None or absent the
    text counts as it is, "" meaning "no answer". A reference is `{"id", "answers": [text, ...]}`, an empty list meaning
    that the question has none.

    Order does not matter; a question without a prediction scores 0, also one that has no answer; a prediction without
    a question is left out. Scores of a group without questions are left out.

    Source: SQuAD 2.0 (arXiv 1806.03822), evaluation v2.0.
    """

    summary = "SQuAD 2.0 token F1 and exact match, also apart for questions with and without an answer, in per cent."
    source = "https://arxiv.org/abs/1806.03822"

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        text = datasets.Value("string")
        # Doubles, so that a gap that is equal to the threshold stays so.
        prediction = {"id": text, "text": text, "null_gap": datasets.Value("float64")}
        return {"predictions": prediction, "references": {"id": text, "answers": [text]}}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        answers = answers_by_question(predictions, references)
        gold = [{"id": row["id"], "answers": list(row["answers"])} for row in references]
        return [
            {"id": row["id"], "text": answers[row["id"]].text, "null_gap": answers[row["id"]].gap} for row in gold
        ], gold

    @classmethod
    def examples(
        cls, predictions: Sequence[Any], references: Sequence[Any], threshold: float = 0.0, **options: Any
    ) -> Examples:
        """What each row contributes to the main score."""
        answers = answers_by_question(predictions, references).values()
        return Examples("mean", [answer.scores_at(threshold)[1] for answer in answers])

    def _compute(self, predictions: list[Json], references: list[Json], threshold: float = 0.0) -> dict[str, float]:
        answers = list(answers_by_question(predictions, references).values())
        groups = {
            "": answers,
            "has_answer_": [answer for answer in answers if answer.answerable],
            "no_answer_": [answer for answer in answers if not answer.answerable],
        }
        return {
            f"{prefix}{key}": value
            for prefix, group in groups.items()
            if group
            for key, value in _averages(group, threshold).items()
        }


def _averages(answers: list[Answer], threshold: float) -> dict[str, float]:
    exact, f1 = zip(*(answer.scores_at(threshold) for answer in answers), strict=True)
    return {"f1": 100.0 * sum(f1) / len(answers), "exact_match": 100.0 * sum(exact) / len(answers)}
