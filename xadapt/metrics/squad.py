"""Exact match and F1 of extracted answers, by the evaluations of SQuAD v1.1 and of MLQA."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import datasets

from xadapt.errors import XadaptError
from xadapt.metrics.answers import answer_scores, mlqa_normalize, squad_normalize
from xadapt.metrics.base import OfflineMetric
from xadapt.metrics.examples import Examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xadapt.store.records import Json


class Squad(OfflineMetric):
    """SQuAD v1.1 F1 and exact match, 0-100, as XTREME uses them for XQuAD and TyDiQA in every language.

    A prediction is `{"id", "text"}`, a reference `{"id", "answers": [text, ...]}`. Order does not matter; a question
    without a prediction scores 0; a prediction without a question is left out, both as in the official evaluation.

    Source: SQuAD (arXiv 1606.05250), XTREME (arXiv 2003.11080).
    """

    summary = "SQuAD v1.1 token F1 and exact match, in per cent."
    source = "https://arxiv.org/abs/1606.05250"

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        text = datasets.Value("string")
        return {"predictions": {"id": text, "text": text}, "references": {"id": text, "answers": [text]}}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
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

    @classmethod
    def normalizer(cls, language: str) -> Callable[[str], str]:
        """What is done to the answers of a language before they are compared."""
        return squad_normalize

    @classmethod
    def examples(
        cls, predictions: Sequence[Any], references: Sequence[Any], language: str = "en", **options: Any
    ) -> Examples:
        """What each row contributes to the main score."""
        given = zip(*answers_in_order(*cls.prepare(predictions, references)), strict=True)
        normalize = cls.normalizer(language)
        return Examples("mean", [answer_scores([answer], [gold], normalize)["f1"] / 100 for answer, gold in given])

    def _compute(self, predictions: list[Json], references: list[Json], language: str = "en") -> dict[str, float]:
        return answer_scores(*answers_in_order(predictions, references), normalize=self.normalizer(language))


class Mlqa(Squad):
    """MLQA F1 and exact match, 0-100: SQuAD's with each language's own articles, punctuation and tokens.

    Takes SQuAD's rows and the `language` of the answers.

    Source: MLQA (arXiv 1910.07475), evaluation v1.
    """

    summary = "MLQA token F1 and exact match of one language, in per cent."
    source = "https://arxiv.org/abs/1910.07475"

    @classmethod
    def normalizer(cls, language: str) -> Callable[[str], str]:
        """What is done to the answers of a language before they are compared."""
        return partial(mlqa_normalize, language=language)


def answers_in_order(predictions: list[Json], references: list[Json]) -> tuple[list[str | None], list[list[str]]]:
    """Put predicted and gold answers in the order of the references, None where a prediction is missing."""
    given = {row["id"]: row["text"] for row in predictions}
    return [given.get(row["id"]) for row in references], [row["answers"] for row in references]
