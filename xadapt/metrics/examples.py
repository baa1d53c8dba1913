"""What each row contributes to the score that ranks setups, so that the score can be resampled without the rows."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from xadapt.metrics.scoring import compute
from xadapt.metrics.spans import OUTSIDE, tag_spans

Tags = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Examples:
    """The examples that a score is over.

    Attributes:
        kind: How they make the score: "mean" of numbers from 0 to 1, "spearman" of predictions and gold scores, or
            "micro_f1" of counts.
        values: One an example: a number; [prediction, gold]; or how many things were right, were predicted, and are
            in gold.
    """

    kind: Literal["mean", "spearman", "micro_f1"]
    values: list[Any]

    def score(self) -> float:
        """The score that they make, 0-100 (a correlation times 100)."""
        if self.kind == "spearman":
            given, gold = zip(*self.values, strict=True)
            return compute("correlation", given, gold)["spearman"]
        if self.kind == "micro_f1":
            right, predicted, gold = (sum(counts) for counts in zip(*self.values, strict=True))
            return 200.0 * right / (predicted + gold) if predicted + gold else 0.0
        return 100.0 * sum(self.values) / len(self.values)


def make_examples(
    name: str,
    predictions: Sequence[Any],
    references: Sequence[Any],
    *,
    language: str = "en",
    threshold: float = 0.0,
) -> Examples:
    """Take a metric's main score apart into its examples, in the order of the references.

    An entity or a run of equal parts of speech counts for the sentence in which it ends, since seqeval lets some begin
    in the sentence before. The share of right tokens is a micro-averaged F1 that predicts as many as there are.

    Args:
        name: A metric of :func:`xadapt.metrics.compute` but "mining", which has :func:`mining_examples`.
        predictions: As that function takes them.
        references: As that function takes them.
        language: Language of the answers, for "mlqa".
        threshold: Null gap above which "squad_v2" reads no answer.

    Raises:
        XadaptError: If the input does not fit the metric.
    """
    # What loads `evaluate` is imported only when something is scored.
    if name == "correlation":
        return Examples("spearman", [list(map(float, pair)) for pair in zip(predictions, references, strict=True)])
    if name in ("entities", "pos"):
        return Examples("micro_f1", _span_counts(predictions, references))
    if name == "tokens":
        return Examples("micro_f1", _token_counts(predictions, references))
    if name in ("squad", "mlqa"):
        from xadapt.metrics.answers import answer_scores, mlqa_normalize, squad_normalize
        from xadapt.metrics.squad import Squad, answers_in_order

        normalize = partial(mlqa_normalize, language=language) if name == "mlqa" else squad_normalize
        given = zip(*answers_in_order(*Squad.prepare(predictions, references)), strict=True)
        return Examples("mean", [answer_scores([answer], [gold], normalize)["f1"] / 100 for answer, gold in given])
    if name == "squad_v2":
        from xadapt.metrics.null_answers import answers_by_question

        answers = answers_by_question(predictions, references).values()
        return Examples("mean", [answer.scores_at(threshold)[1] for answer in answers])
    if name == "map@20":
        from xadapt.metrics.ranking import TOP, MeanAveragePrecision, average_precision

        ranked = zip(*MeanAveragePrecision.prepare(predictions, references), strict=True)
        return Examples("mean", [average_precision(found, set(relevant), TOP) for found, relevant in ranked])
    return Examples("mean", [float(one == gold) for one, gold in zip(predictions, references, strict=True)])


def mining_examples(predictions: Sequence[Any], references: Sequence[Any], sources: Sequence[str]) -> Examples:
    """Count, for each source sentence, the pairs that are right, mined and gold, at the threshold of the score.

    The threshold stays that of the whole collection when examples are resampled.

    Args:
        predictions: Candidates as "mining" takes them.
        references: Gold pairs.
        sources: Ids of all source sentences, in order.
    """
    from xadapt.metrics.mining import Mining, best_threshold

    (candidates,), (pairs,) = Mining.prepare(predictions, references)
    scored: dict[tuple[str, str], float] = {}
    for row in candidates:
        pair = row["source"], row["target"]
        scored[pair] = max(row["score"], scored.get(pair, row["score"]))
    gold = {(row["source"], row["target"]) for row in pairs}
    threshold = best_threshold(scored, gold)
    mined = {pair for pair, score in scored.items() if score >= threshold}
    return Examples("micro_f1", _counted([str(source) for source in sources], mined, gold, place=lambda pair: pair[0]))


def _span_counts(predictions: Tags, references: Tags) -> list[Any]:
    filled = [
        [*given, *[OUTSIDE] * (len(gold) - len(given))] for given, gold in zip(predictions, references, strict=True)
    ]
    starts, at = [], 0
    for gold in references:
        starts.append(at)
        # The O between sentences has a place of its own.
        at += len(gold) + 1
    found, wanted = tag_spans(filled), tag_spans(references)
    return _counted(range(len(starts)), found, wanted, place=lambda span: bisect_right(starts, span[2]) - 1)


def _token_counts(predictions: Tags, references: Tags) -> list[Any]:
    return [
        [sum(one == other for one, other in zip(given, gold, strict=False)), len(gold), len(gold)]
        for given, gold in zip(predictions, references, strict=True)
    ]


def _counted(places: Sequence[Any], found: set[Any], wanted: set[Any], place: Any) -> list[Any]:
    tallies = [Counter(map(place, things)) for things in (found & wanted, found, wanted)]
    return [[tally[here] for tally in tallies] for here in places]
