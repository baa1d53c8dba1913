"""Scores of tagged sentences: entities, parts of speech, single tokens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import datasets

from xadapt.errors import XadaptError
from xadapt.metrics.base import OfflineMetric
from xadapt.metrics.examples import Examples, counted
from xadapt.metrics.spans import OUTSIDE, span_scores, tag_spans, token_accuracy

if TYPE_CHECKING:
    from xadapt.store.records import Json

Tags = Sequence[Sequence[str]]


class _Tagging(OfflineMetric):
    """Takes sentences, each a list of tags. A prediction may stop short of its reference, but not go beyond it."""

    @classmethod
    def row_features(cls) -> Json:
        """Types of a prediction and a reference."""
        tags = [datasets.Value("string")]
        return {"predictions": tags, "references": tags}

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and bring them into the form that is scored."""
        given, gold = super().prepare(predictions, references)
        given = [_tags(sentence, f"prediction {index}") for index, sentence in enumerate(given)]
        gold = [_tags(sentence, f"reference {index}") for index, sentence in enumerate(gold)]
        for index, (tags, wanted) in enumerate(zip(given, gold, strict=True)):
            if len(tags) > len(wanted):
                raise XadaptError(f"prediction {index} has {len(tags)} tags for a sentence of {len(wanted)}")
        if not any(gold):
            raise XadaptError("the references have no tags: every sentence is empty")
        return given, gold

    @classmethod
    def examples(cls, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Examples:
        """What each row contributes to the main score."""
        return Examples("micro_f1", _span_counts(predictions, references))


class Entities(_Tagging):
    """F1, precision and recall of named entities, 0-100; tags as in `B-PER I-PER O`.

    Source: CoNLL-2003 (arXiv cs/0306050) and WikiANN (PAN-X), as XTREME (arXiv 2003.11080) scores it.
    """

    summary = "Micro-averaged F1, precision and recall of entities, in per cent."
    source = "https://arxiv.org/abs/2003.11080"

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        return span_scores(predictions, references)


class PartsOfSpeech(_Tagging):
    """What XTREME publishes for UD-POS, and beside it the plain share of right tags, 0-100.

    XTREME calls its number accuracy, but it is the F1 of spans that seqeval reads out of bare tags: `NOUN NOUN` is one
    span, right or wrong as a whole. It is kept as "f1" so that scores can be compared; "token_accuracy" is what one
    would expect.

    Source: XTREME (arXiv 2003.11080).
    """

    summary = "F1, precision and recall of runs of equal tags, and the share of right tags, in per cent."
    source = "https://arxiv.org/abs/2003.11080"

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        scores = span_scores(predictions, references)
        return {**scores, "token_accuracy": token_accuracy(predictions, references)}


class Tokens(_Tagging):
    """Share of tokens with the right tag, 0-100; a token without a prediction is wrong.

    Source: CCGbank (doi 10.1162/coli.2007.33.3.355), as supertaggers report it.
    """

    summary = "Share of tokens whose tag is the gold tag, in per cent."
    source = "https://doi.org/10.1162/coli.2007.33.3.355"

    @classmethod
    def examples(cls, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Examples:
        """What each row contributes to the main score."""
        return Examples("micro_f1", _token_counts(predictions, references))

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        return {"token_accuracy": token_accuracy(predictions, references)}


def _tags(sentence: Any, what: str) -> list[str]:
    if isinstance(sentence, str) or not isinstance(sentence, Sequence):
        raise XadaptError(f"{what} is {sentence!r}, not a list of tags")
    for index, tag in enumerate(sentence):
        if not isinstance(tag, str) or not tag:
            raise XadaptError(f"{what}: tag {index} is {tag!r}, not a name")
    return list(sentence)


def _span_counts(predictions: Tags, references: Tags) -> list[Any]:
    filled = [
        [*given, *[OUTSIDE] * (len(gold) - len(given))] for given, gold in zip(predictions, references, strict=True)
    ]
    starts, at = [], 0
    for gold in references:
        starts.append(at)
        # The O between sentences is counted, too.
        at += len(gold) + 1
    found, wanted = tag_spans(filled), tag_spans(references)
    return counted(range(len(starts)), found, wanted, lambda span: bisect_right(starts, span[2]) - 1)


def _token_counts(predictions: Tags, references: Tags) -> list[Any]:
    return [
        [sum(one == other for one, other in zip(given, gold, strict=False)), len(gold), len(gold)]
        for given, gold in zip(predictions, references, strict=True)
    ]
