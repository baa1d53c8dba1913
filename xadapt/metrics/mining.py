"""Mining: which sentences of two collections are translations of each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import datasets

from xadapt.errors import XadaptError
from xadapt.metrics.base import OfflineMetric, id_text
from xadapt.metrics.examples import Examples, counted
from xadapt.metrics.spans import set_scores

if TYPE_CHECKING:
    from xadapt.store.records import Json

Pair = tuple[str, str]

FIXED_THRESHOLD = 1.06


class Mining(OfflineMetric):
    """F1, precision and recall of mined sentence pairs, 0-100.

    Predictions are candidates `(score, source id, target id)`, references the gold pairs `(source id, target id)`; they
    are as many as they are, and ids are compared as text. A pair mined twice keeps its higher score. All candidates
    that score the threshold or more are extracted, and scored as a set.

    "f1", "precision" and "recall" are taken at the threshold that is best on the gold pairs themselves, as XTREME and
    LASER do; "threshold" is that number. No gold pairs are needed to choose the fixed threshold of "fixed_f1",
    "fixed_precision" and "fixed_recall": 1.06, which is meant for scores that are ratio margins.

    XTREME mines texts, and drops sentences whose text has several ids; that is up to whoever makes the candidates.

    A row of the `evaluate` metric is a whole collection.

    Source: BUCC 2018 as in XTREME (arXiv 2003.11080); the fixed threshold is CCMatrix's (arXiv 1911.04944).
    """

    summary = "F1, precision and recall of mined pairs, at the best threshold and at a fixed one, in per cent."
    source = "https://arxiv.org/abs/2003.11080"

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        text = datasets.Value("string")
        pair = {"source": text, "target": text}
        # Doubles: the threshold lies between two scores, and single precision would move it.
        return {"predictions": [{"score": datasets.Value("float64"), **pair}], "references": [pair]}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        mined = [_candidate(row, index) for index, row in enumerate(predictions)]
        gold = [_pair(row, f"reference {index}") for index, row in enumerate(references)]
        return [mined], [gold]

    def _compute(self, predictions: list[list[Json]], references: list[list[Json]]) -> dict[str, float]:
        scored: dict[Pair, float] = {}
        for row in (row for rows in predictions for row in rows):
            pair = row["source"], row["target"]
            scored[pair] = max(row["score"], scored.get(pair, row["score"]))
        gold = {(row["source"], row["target"]) for rows in references for row in rows}
        threshold = best_threshold(scored, gold)
        fixed = _scores_at(FIXED_THRESHOLD, scored, gold)
        return {
            **_scores_at(threshold, scored, gold),
            "threshold": threshold,
            **{f"fixed_{key}": value for key, value in fixed.items()},
        }


def mining_examples(predictions: Sequence[Any], references: Sequence[Any], sources: Sequence[str]) -> Examples:
    """Count, for each source sentence, the pairs that are right, mined and gold, at the threshold of the score.

    The threshold stays that of the whole collection when examples are resampled.

    Args:
        predictions: Candidates as "mining" takes them.
        references: Gold pairs.
        sources: Ids of all source sentences, in order.
    """
    (candidates,), (pairs,) = Mining.prepare(predictions, references)
    scored: dict[tuple[str, str], float] = {}
    for row in candidates:
        pair = row["source"], row["target"]
        scored[pair] = max(row["score"], scored.get(pair, row["score"]))
    gold = {(row["source"], row["target"]) for row in pairs}
    threshold = best_threshold(scored, gold)
    mined = {pair for pair, score in scored.items() if score >= threshold}
    return Examples("micro_f1", counted([str(source) for source in sources], mined, gold, lambda pair: pair[0]))


def best_threshold(scored: Mapping[Pair, float], gold: set[Pair]) -> float:
    """Find the threshold with the best F1 on the gold pairs.

    Candidates are taken from the highest score down, equal scores in the order they are in; the first best F1 wins. The
    threshold is halfway to the next score. Where the best F1 takes every candidate there is no next one: the official
    code fails there, here it is the lowest score. Where none is right it is 0.

    As in the official code, a best F1 reached between equal scores gives a threshold that takes all of them.
    """
    ranked = sorted(scored.items(), key=lambda item: -item[1])
    best = threshold = 0.0
    right = 0
    for taken, (pair, score) in enumerate(ranked, start=1):
        right += pair in gold
        if right == 0:
            continue
        precision, recall = right / taken, right / len(gold)
        f1 = 2 * precision * recall / (precision + recall)
        if f1 > best:
            best = f1
            threshold = (score + ranked[taken][1]) / 2 if taken < len(ranked) else score
    return threshold


def _scores_at(threshold: float, scored: Mapping[Pair, float], gold: set[Pair]) -> dict[str, float]:
    return set_scores({pair for pair, score in scored.items() if score >= threshold}, gold)


def _candidate(row: Any, index: int) -> Json:
    what = f"prediction {index}"
    if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 3:
        raise XadaptError(f"{what} is {row!r}, not (score, source id, target id)")
    score = row[0]
    if not isinstance(score, Real) or not math.isfinite(score):
        raise XadaptError(f"{what}: the score is {score!r}, not a finite number")
    return {"score": float(score), **_pair(row[1:], what)}


def _pair(row: Any, what: str) -> dict[str, str]:
    if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 2:
        raise XadaptError(f"{what} is {row!r}, not (source id, target id)")
    return {"source": id_text(row[0], what), "target": id_text(row[1], what)}
