"""Comparing two answer strings the way the SQuAD and MLQA evaluations do. Pure text, no dependencies."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ASCII_PUNCTUATION = frozenset(string.punctuation)
ENGLISH_ARTICLES = re.compile(r"\b(?:a|an|the)\b")

# Hindi and Chinese have no articles. For Arabic the published pattern has two branches, of which the first can never
# match, so what it does is to cut every "ال", inside words too; scores are comparable only if that is kept.
MLQA_ARTICLES: dict[str, re.Pattern[str] | None] = {
    "en": ENGLISH_ARTICLES,
    "es": re.compile(r"\b(?:un|una|unos|unas|el|la|los|las)\b"),
    "hi": None,
    "vi": re.compile(r"\b(?:của|là|cái|chiếc|những)\b"),
    "de": re.compile(r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "ar": re.compile("ال"),
    "zh": None,
}
# The evaluation's own range; rarer ideographs outside it stay part of a longer token.
HAN = re.compile(r"([\u4e00-\u9fa5])")


def squad_normalize(text: str) -> str:
    """Lower, drop ASCII punctuation and English articles, squeeze white space.

    Source: SQuAD v1.1 evaluation (arXiv 1606.05250), which XTREME applies to XQuAD and TyDiQA in every language.
    """
    kept = "".join(character for character in text.lower() if character not in ASCII_PUNCTUATION)
    return " ".join(ENGLISH_ARTICLES.sub(" ", kept).split())


def mlqa_normalize(text: str, language: str) -> str:
    """Lower, drop Unicode punctuation and the language's articles, then tokenize; Chinese by character.

    Args:
        text: An answer.
        language: One of MLQA's seven languages: ar, de, en, es, hi, vi, zh.

    Returns:
        The tokens, joined by single spaces.

    Raises:
        XadaptError: If the evaluation defines nothing for the language.

    Source: MLQA evaluation v1 (arXiv 1910.07475).
    """
    if language not in MLQA_ARTICLES:
        raise XadaptError(f"mlqa is defined for {', '.join(sorted(MLQA_ARTICLES))}, not for {language!r}")
    kept = "".join(character for character in text.lower() if not _is_punctuation(character))
    articles = MLQA_ARTICLES[language]
    if articles is not None:
        kept = articles.sub(" ", kept)
    if language == "zh":
        kept = HAN.sub(r" \1 ", kept)
    return " ".join(kept.split())


def token_f1(predicted: str, gold: str) -> float:
    """F1 over the multisets of white-space tokens of two normalized answers, 0-1.

    Two empty answers share no token and score 0, as in the SQuAD v1.1 evaluation.
    """
    predicted_tokens, gold_tokens = predicted.split(), gold.split()
    shared = sum((Counter(predicted_tokens) & Counter(gold_tokens)).values())
    return 2.0 * shared / (len(predicted_tokens) + len(gold_tokens)) if shared else 0.0


def answer_scores(
    predicted: Sequence[str | None], gold: Sequence[Sequence[str]], normalize: Callable[[str], str]
) -> dict[str, float]:
    """Average exact match and token F1 over questions, each the best over the question's gold answers.

    Args:
        predicted: One answer per question; None where there is none, which scores 0 in both.
        gold: The gold answers of each question, at least one.
        normalize: What is done to every answer before it is compared.

    Returns:
        "f1" and "exact_match", 0-100.
    """
    f1 = exact = 0.0
    for answer, candidates in zip(predicted, gold, strict=True):
        if answer is None:
            continue
        given = normalize(answer)
        wanted = [normalize(candidate) for candidate in candidates]
        f1 += max(token_f1(given, candidate) for candidate in wanted)
        exact += given in wanted
    return {"f1": 100.0 * f1 / len(gold), "exact_match": 100.0 * exact / len(gold)}


@cache
def _is_punctuation(character: str) -> bool:
    return character in ASCII_PUNCTUATION or unicodedata.category(character).startswith("P")
