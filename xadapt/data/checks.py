"""Rows are checked as they come in, so that a bad one is named before hours of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xadapt.errors import XadaptError
from xadapt.tasks.kinds import (
    AnswerRetrieval,
    EntityRetrieval,
    Kind,
    MultipleChoice,
    PairClassification,
    PairRegression,
    SpanQA,
    Tagging,
    TextClassification,
)


def checked_rows(
    rows: list[dict[str, Any]], kind: Kind, where: str, fields: tuple[str, ...] | None = None
) -> list[dict[str, Any]]:
    """Return the rows that can be used.

    Rows without a gold label (``-1`` on the hub) are left out, as the benchmarks do.

    Args:
        rows: Rows in the kind's fields.
        kind: The kind that they must fit.
        where: What the error names.
        fields: The fields that they must have, where they are not the kind's own rows but its pool or its gold pairs.

    Raises:
        XadaptError: If there is no usable row, or a row does not fit; names the row, counted from 0.
    """
    usable = []
    for number, row in enumerate(rows):
        if row.get("label") == -1:
            continue
        problem = row_fault(row, kind, fields)
        if problem:
            raise XadaptError(f"{where}, row {number}: {problem}")
        usable.append(row)
    if not usable:
        raise XadaptError(f"{where} is empty: there is nothing to learn or measure; check it or take another split")
    return usable


def row_fault(row: dict[str, Any], kind: Kind, fields: tuple[str, ...] | None = None) -> str | None:
    """What is wrong with a row, None when nothing is."""
    fault = _text_fault(row, fields or kind.fields)
    if fault is None and fields is None and type(kind) in _FAULTS:
        fault = _FAULTS[type(kind)](row, kind)
    return fault


TEXTS = ("first", "second", "question", "context", "text", "description")


def _text_fault(row: dict[str, Any], fields: tuple[str, ...]) -> str | None:
    for field in fields:
        value = row.get(field)
        if value is None:
            return f"{field} is missing"
        if field in TEXTS and not isinstance(value, str):
            return f"{field} is {type(value).__name__}, not text"
    return None


def _label_fault(row: dict[str, Any], kind: Any) -> str | None:
    if not isinstance(row["label"], int) or not 0 <= row["label"] < len(kind.labels):
        return f"label {row['label']!r} is not one of 0 to {len(kind.labels) - 1} ({', '.join(kind.labels)})"
    return None


def _score_fault(row: dict[str, Any], kind: Any) -> str | None:
    if not isinstance(row["score"], int | float):
        return f"score {row['score']!r} is not a number"
    if not kind.low <= row["score"] <= kind.high:
        return f"score {row['score']} is outside {kind.low}–{kind.high}"
    return None


def _choice_fault(row: dict[str, Any], kind: Any) -> str | None:
    choices = row["choices"]
    if not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(choice, str) for choice in choices):
        return "choices is not a list of two texts or more"
    if not isinstance(row["label"], int) or not 0 <= row["label"] < len(choices):
        return f"label {row['label']!r} is not one of 0 to {len(choices) - 1}, the choices' places"
    return None


def _tag_fault(row: dict[str, Any], kind: Any) -> str | None:
    tokens, tags = row["tokens"], row["tags"]
    if not isinstance(tokens, list) or not isinstance(tags, list) or len(tokens) != len(tags) or not tokens:
        return "tokens and tags are not two lists of the same length, one word or more"
    if not all(isinstance(token, str) for token in tokens):
        return "a token is not text"
    wrong = [tag for tag in tags if not isinstance(tag, str) or (kind.labels and tag not in kind.labels)]
    return f"tag {wrong[0]!r} is not one of {', '.join(kind.labels) or 'any tag set'}" if wrong else None


def _span_fault(row: dict[str, Any], kind: Any) -> str | None:
    answers = row["answers"]
    if not isinstance(answers, dict):
        return f"answers is {type(answers).__name__}, not a pair of lists text and answer_start"
    texts, starts = answers.get("text") or [], answers.get("answer_start") or []
    if not isinstance(texts, list) or not isinstance(starts, list):
        return "answers is not a pair of lists text and answer_start"
    if len(texts) != len(starts):
        return f"question {row['id']} has not as many answer starts as answers"
    if not all(isinstance(text, str) and isinstance(start, int) for text, start in zip(texts, starts, strict=True)):
        return f"question {row['id']} has an answer that is not text, or a start that is not a whole number"
    return None if texts or getattr(kind, "unanswerable", False) else f"question {row['id']} has no answer span"


def _entity_fault(row: dict[str, Any], kind: Any) -> str | None:
    return None if row.get("entity") or row.get("description") else "it has neither entity nor description"


_FAULTS: dict[type, Callable[[dict[str, Any], Any], str | None]] = {
    AnswerRetrieval: _span_fault,
    EntityRetrieval: _entity_fault,
    MultipleChoice: _choice_fault,
    PairClassification: _label_fault,
    PairRegression: _score_fault,
    SpanQA: _span_fault,
    Tagging: _tag_fault,
    TextClassification: _label_fault,
}
