"""Mean average precision of ranked candidates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import datasets

from xadapt.errors import XadaptError
from xadapt.metrics.base import OfflineMetric, id_text
from xadapt.metrics.examples import Examples

if TYPE_CHECKING:
    from xadapt.store.records import Json

TOP = 20


class MeanAveragePrecision(OfflineMetric):
    """Mean average precision over the first 20 candidates of each query, "map@20", 0-100.

    A prediction is a list of candidate ids, best first, of any length; a reference the ids that are relevant, at least
    one. Ids are compared as text.

    A query's average precision is the sum of the precisions at its relevant candidates, over the number of relevant
    ids or 20, whichever is less. A candidate that comes again counts once, but keeps its rank.

    This is LAReQA's definition in XTREME-R. Mewsli-X is published as map@20 too and computed as a reciprocal rank; as
    each of its mentions has one right entity, both are the same number.

    Source: XTREME-R (arXiv 2104.07412), LAReQA (arXiv 2004.05484).
    """

    summary = "Mean average precision over the first 20 candidates, in per cent."
    source = "https://arxiv.org/abs/2104.07412"

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        ids = [datasets.Value("string")]
        return {"predictions": ids, "references": ids}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        given, gold = super().prepare(predictions, references)
        given, gold = _as_text(given, "prediction"), _as_text(gold, "reference")
        for index, relevant in enumerate(gold):
            if not relevant:
                raise XadaptError(f"reference {index} is empty: a query without a relevant id has no average precision")
        return given, gold

    @classmethod
    def examples(cls, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Examples:
        """What each row contributes to the main score."""
        ranked = zip(*cls.prepare(predictions, references), strict=True)
        return Examples("mean", [average_precision(found, set(relevant), TOP) for found, relevant in ranked])

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        total = sum(
            average_precision(ranked, set(relevant), TOP)
            for ranked, relevant in zip(predictions, references, strict=True)
        )
        return {f"map@{TOP}": 100.0 * total / len(references)}


def average_precision(ranked: Sequence[str], relevant: set[str], top: int) -> float:
    """Average precision of one query over its first candidates, 0-1.

    Args:
        ranked: Candidates, best first.
        relevant: Ids that are relevant, at least one.
        top: How many candidates count.
    """
    found: set[str] = set()
    total = 0.0
    for rank, candidate in enumerate(ranked[:top], start=1):
        if candidate in relevant and candidate not in found:
            found.add(candidate)
            total += len(found) / rank
    return total / min(len(relevant), top)


def _as_text(rows: list[Any], what: str) -> list[list[str]]:
    for index, row in enumerate(rows):
        if isinstance(row, str) or not isinstance(row, Collection):
            raise XadaptError(f"{what} {index} is {row!r}, not a list of ids")
    return [[id_text(value, f"{what} {index}") for value in row] for index, row in enumerate(rows)]
