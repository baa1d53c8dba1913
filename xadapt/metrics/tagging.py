"""Scores of tagged sentences: entities, parts of speech, single tokens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import datasets

from xadapt.errors import XadaptError, quoted
from xadapt.metrics.base import OfflineMetric
from xadapt.metrics.examples import Examples, counted
from xadapt.metrics.schemes import scheme_chunks, strange_tag
from xadapt.metrics.spans import filled_up, set_scores, span_scores, tag_spans, token_accuracy
from xadapt.metrics.tag_sets import read_tag_set

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

    They are read as `conlleval` and the default mode of seqeval read them, which takes IOB1, IOB2, IOE and IOBES, and
    what breaks their rules, for what is most likely meant; that is what XTREME and most papers report. Neither knows
    BILOU, which is read strictly. Other spellings, such as `B_PER`, are read as the usual one.

    Source: CoNLL-2003 (arXiv cs/0306050) and WikiANN (PAN-X), as XTREME (arXiv 2003.11080) scores it.
    """

    summary = "Micro-averaged F1, precision and recall of entities, in per cent."
    source = "https://arxiv.org/abs/2003.11080"
    #: The scheme by whose letter chunks are read, "" for what the tags look like.
    scheme: ClassVar[str] = ""

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check predictions and references, and that they are of the scheme."""
        given, gold = super().prepare(predictions, references)
        scheme, *usual = cls._usual(given, gold)
        for what, sentences in zip(("prediction", "reference"), usual, strict=True):
            for index, tags in enumerate(sentences if scheme else ()):
                if (tag := strange_tag(tags, scheme)) is not None:
                    raise XadaptError(f"{what} {index}: {quoted(tag)} is no tag of {scheme}: correct it")
        return given, gold

    @classmethod
    def examples(cls, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Examples:
        """What each row contributes to the main score."""
        scheme, given, gold = cls._usual(predictions, references)
        return Examples("micro_f1", _chunk_counts(given, gold, scheme) if scheme else _span_counts(given, gold))

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        scheme, given, gold = self._usual(predictions, references)
        if not scheme:
            return span_scores(given, gold)
        return set_scores(scheme_chunks(filled_up(given, gold), scheme), scheme_chunks(gold, scheme))

    @classmethod
    def _usual(cls, predictions: Tags, references: Tags) -> tuple[str, Tags, Tags]:
        """The scheme that is held to, "" for none, and both sides as tags are usually written."""
        gold = read_tag_set(tag for tags in references for tag in tags)
        both = read_tag_set(tag for side in (references, predictions) for tags in side for tag in tags)
        scheme = cls.scheme or ("BILOU" if "BILOU" in (gold.scheme or both.scheme) else "")
        if both.plain:
            return scheme, predictions, references
        usual = both.spelled
        given, wanted = ([[usual.get(tag, tag) for tag in tags] for tags in side] for side in (predictions, references))
        return scheme, given, wanted


class EntitiesIob1(Entities):
    """The same by the letter of IOB1: B only between neighbours of one type."""

    scheme = "IOB1"


class EntitiesIob2(Entities):
    """The same by the letter of IOB2: every entity begins with B."""

    scheme = "IOB2"


class EntitiesIoe1(Entities):
    """The same by the letter of IOE1: E only between neighbours of one type."""

    scheme = "IOE1"


class EntitiesIoe2(Entities):
    """The same by the letter of IOE2: every entity ends with E."""

    scheme = "IOE2"


class EntitiesIobes(Entities):
    """The same by the letter of IOBES: an entity is S, or goes from B to E."""

    scheme = "IOBES"


class EntitiesBilou(Entities):
    """The same by the letter of BILOU: an entity is U, or goes from B to L."""

    scheme = "BILOU"


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
        raise XadaptError(f"{what} is {quoted(sentence)}, not a list of tags")
    for index, tag in enumerate(sentence):
        if not isinstance(tag, str) or not tag:
            raise XadaptError(f"{what}: tag {index} is {quoted(tag)}, not a name")
    return list(sentence)


def _chunk_counts(predictions: Tags, references: Tags, scheme: str) -> list[Any]:
    found, wanted = (scheme_chunks(side, scheme) for side in (filled_up(predictions, references), references))
    return counted(range(len(references)), found, wanted, lambda chunk: chunk[1])


def _span_counts(predictions: Tags, references: Tags) -> list[Any]:
    filled = filled_up(predictions, references)
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
