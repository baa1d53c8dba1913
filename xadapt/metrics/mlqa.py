"""Exact match and F1 of extracted answers, by the MLQA evaluation."""

from __future__ import annotations

from typing import Any

from xadapt.metrics.answers import answer_scores, mlqa_normalize
from xadapt.metrics.squad import Squad, answers_in_order


class Mlqa(Squad):
    """MLQA F1 and exact match, 0-100: SQuAD's with each language's own articles, punctuation and tokens.

    Takes SQuAD's rows and the `language` of the answers.

    Source: MLQA (arXiv 1910.07475), evaluation v1.
    """

    summary = "MLQA token F1 and exact match of one language, in per cent."
    source = "https://arxiv.org/abs/1910.07475"

    def _compute(  # type: ignore[override]
        self, predictions: list[dict[str, Any]], references: list[dict[str, Any]], language: str
    ) -> dict[str, float]:
        return answer_scores(
            *answers_in_order(predictions, references), normalize=lambda text: mlqa_normalize(text, language)
        )
