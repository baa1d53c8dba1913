"""Predictions for people: label names, probabilities, answers, tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import softmax

from xadapt.problems import Problem
from xadapt.problems.base import Feature, Row
from xadapt.problems.span_qa import best_span
from xadapt.tasks import MultipleChoice, PairClassification, PairRegression, SpanQA, Tagging, TextClassification

Result = dict[str, Any]
#: Digits of probabilities and scores: what lies beyond depends on which rows share a batch.
_DIGITS = 6


def readable(problem: Problem, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Result]:
    """Decode raw outputs into results for people.

    Args:
        problem: A problem that has a head.
        raw: Raw outputs, one a feature.
        features: What the rows were encoded to.
        rows: Rows in the problem's fields.

    Returns:
        A result a row, in order; :func:`xadapt.api.load` says what it holds.
    """
    predictions = problem.decode(raw, features, rows)
    return _FORMS[type(problem.task.kind)](problem, predictions, raw, features, rows)


def _labels(problem: Problem, predictions: list[int], raw: list[np.ndarray], *_: Any) -> list[Result]:
    kind: Any = problem.task.kind
    return [
        {
            "prediction": kind.labels[place],
            "probabilities": dict(zip(kind.labels, map(_rounded, softmax(logits)), strict=True)),
        }
        for place, logits in zip(predictions, raw, strict=True)
    ]


def _choices(
    problem: Problem, predictions: list[int], raw: list[np.ndarray], features: list[Feature], rows: list[Row]
) -> list[Result]:
    return [
        {
            "prediction": row["choices"][place],
            # Behind a row's own choices are those of the longest row of its batch.
            "probabilities": [_rounded(share) for share in softmax(scores[: len(row["choices"])])],
        }
        for place, scores, row in zip(predictions, raw, rows, strict=True)
    ]


def _scores(problem: Problem, predictions: list[float], *_: Any) -> list[Result]:
    return [{"prediction": _rounded(score)} for score in predictions]


def _tags(problem: Problem, predictions: list[list[str]], *_: Any) -> list[Result]:
    return [{"prediction": tags} for tags in predictions]


def _answers(
    problem: Problem, predictions: list[Any], raw: list[np.ndarray], features: list[Feature], rows: list[Row]
) -> list[Result]:
    best = [(-np.inf, 0.0)] * len(rows)
    none = [1.0] * len(rows)
    for logits, feature in zip(raw, features, strict=True):
        logits, row = logits[: len(feature["input_ids"])], feature["row"]
        shares = softmax(logits, axis=0)
        score, first, last = best_span(logits, feature["inside"])
        if score > best[row][0]:
            best[row] = (score, shares[first, 0] * shares[last, 1])
        none[row] = min(none[row], shares[0].prod())
    threshold = problem.calibration.get("null_threshold", 0.0)
    results = []
    for prediction, (_, share), nothing in zip(predictions, best, none, strict=True):
        gap = prediction.get("null_gap")
        answered = gap is None or gap <= threshold
        text, score = (prediction["text"], share) if answered else ("", nothing)
        results.append({"prediction": text, "score": _rounded(score)})
    return results


def _rounded(value: Any) -> float:
    return round(float(value), _DIGITS)


_FORMS: dict[type, Callable[..., list[Result]]] = {
    TextClassification: _labels,
    PairClassification: _labels,
    MultipleChoice: _choices,
    PairRegression: _scores,
    SpanQA: _answers,
    Tagging: _tags,
}
