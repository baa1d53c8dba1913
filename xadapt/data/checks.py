"""Rows are checked as they come in, so that a bad one is named before hours of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xadapt.errors import XadaptError
from xadapt.tasks.kinds import Kind, PairClassification, PairRegression, SpanQA


def checked_rows(rows: list[dict[str, Any]], kind: Kind, where: str) -> list[dict[str, Any]]:
    """Return the rows that can be used.

    Rows without a gold label (``-1`` on the hub) are left out, as the benchmarks do.

    Args:
        rows: Rows in the kind's fields.
        kind: The kind that they must fit.
        where: What the error names.

    Raises:
        XadaptError: If there is no usable row, or a row does not fit; names the row, counted from 0.
    """
    usable = []
    fault = _FAULTS.get(type(kind), lambda row, kind: None)
    for number, row in enumerate(rows):
        if isinstance(kind, PairClassification) and row.get("label") == -1:
            continue
        problem = _text_fault(row, kind) or fault(row, kind)
        if problem:
            raise XadaptError(f"{where}, row {number}: {problem}")
        usable.append(row)
    if not usable:
        raise XadaptError(f"{where} is empty: there is nothing to learn or measure; check it or take another split")
    return usable


def _text_fault(row: dict[str, Any], kind: Kind) -> str | None:
    for field in kind.fields:
        value = row.get(field)
        if value is None:
            return f"{field} is missing"
        if field in ("first", "second", "question", "context") and not isinstance(value, str):
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


def _span_fault(row: dict[str, Any], kind: Any) -> str | None:
    answers = row["answers"]
    if not isinstance(answers, dict):
        return f"answers is {type(answers).__name__}, not a pair of lists text and answer_start"
    if not answers.get("text") or len(answers["text"]) != len(answers.get("answer_start") or ()):
        return f"question {row['id']} has no answer span"
    return None


_FAULTS: dict[type, Callable[[dict[str, Any], Any], str | None]] = {
    PairClassification: _label_fault,
    PairRegression: _score_fault,
    SpanQA: _span_fault,
}
