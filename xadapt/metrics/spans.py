"""Spans in sequences of tags and their scores, as XTREME publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.metrics.tag_sets import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set


def tag_spans(sentences: Sequence[Sequence[str]]) -> set[tuple[str, int, int]]:
    """Read the typed spans out of tagged sentences.

    These are the rules of `conlleval` as release 1.2 of the seqeval library has them. They are written out here because
    that library is no longer maintained and its releases disagree, while XTREME names none: for 0.0.12 the type of a
    tag without a hyphen is the whole tag, for 1.2 it is the tag without its first letter. By the latter, CCONJ and
    SCONJ have one type, and X has the type of O.

    Any tag is read as a one-letter prefix and a type, also one that was never meant to be:

    * B and S begin a span, E and S end one; neighbours of one type are else one span, neighbours of two types two.
    * An I or E without a beginning begins a span itself.
    * Sentences are chained with an O between them, which separates spans. A tag that has the type of O, such as X, is
      not parted from an O beside it: after one, its span starts where the last one did, in the sentence before if need
      be; before one, it makes no span.

    Args:
        sentences: Sentences of tags, none of them empty strings.

    Returns:
        (type, first index, last index) of every span; they count tags over all sentences, and the O between them.

    Source: XTREME (arXiv 2003.11080), which scores PAN-X and UD-POS with seqeval.
    """
    spans = set()
    begin, last_prefix, last_type = 0, OUTSIDE, ""
    for index, tag in enumerate(_chained(sentences)):
        prefix, kind = tag[0], _type(tag)
        other_type = kind != last_type
        ended_before = last_prefix in "ES"
        if ended_before or (last_prefix in "BI" and prefix in "BSO") or (last_prefix not in "O." and other_type):
            spans.add((last_type, begin, index - 1))
        if (
            prefix in "BS"
            or (prefix in "EI" and (ended_before or last_prefix == OUTSIDE))
            or (prefix not in "O." and other_type)
        ):
            begin = index
        last_prefix, last_type = prefix, kind
    return spans


def span_scores(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """Micro-averaged precision, recall and F1 of spans; a span is right if its type and both ends are.

    Args:
        predictions: Tags of each sentence. Where there are fewer than in the reference, the rest counts as O: seqeval
            1 refuses such a sentence, and seqeval 0 compares everything behind it with the wrong tags.
        references: Gold tags of the same sentences.

    Returns:
        "f1", "precision" and "recall", 0-100; 0 where nothing is predicted or nothing is to be found.
    """
    return set_scores(tag_spans(filled_up(predictions, references)), tag_spans(references))


def filled_up(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> list[list[str]]:
    """Predictions that are as long as their references; what they stop short of counts as O."""
    return [
        [*given, *[OUTSIDE] * (len(gold) - len(given))] for given, gold in zip(predictions, references, strict=True)
    ]


def set_scores(found: Set[Any], gold: Set[Any]) -> dict[str, float]:
    """Compare what was found with what was to be found.

    Returns:
        "f1", "precision" and "recall", 0-100; all 0 where the two sets share nothing.
    """
    right = len(found & gold)
    if right == 0:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = right / len(found), right / len(gold)
    f1 = 2 * precision * recall / (precision + recall)
    return {"f1": 100.0 * f1, "precision": 100.0 * precision, "recall": 100.0 * recall}


def token_accuracy(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """Share of gold tags that are predicted, 0-100; a token without a prediction is wrong."""
    right = sum(
        predicted == wanted
        for given, gold in zip(predictions, references, strict=True)
        for predicted, wanted in zip(given, gold, strict=False)
    )
    return 100.0 * right / sum(len(gold) for gold in references)


def _chained(sentences: Sequence[Sequence[str]]) -> Iterator[str]:
    for sentence in sentences:
        yield from sentence
        yield OUTSIDE


def _type(tag: str) -> str:
    head, hyphen, tail = tag[1:].partition("-")
    return (tail if hyphen else head) or "_"
