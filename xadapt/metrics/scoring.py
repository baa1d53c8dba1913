"""Metrics by name. `evaluate` is imported only when something is scored."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xadapt.errors import XadaptError, unknown


@dataclass(frozen=True)
class _Entry:
    module: str
    metric: str
    main: str
    per_language: bool = False


_METRICS = {
    "accuracy": _Entry("accuracy", "Accuracy", main="accuracy"),
    "correlation": _Entry("correlation", "Correlation", main="spearman"),
    "squad": _Entry("squad", "Squad", main="f1"),
    "mlqa": _Entry("mlqa", "Mlqa", main="f1", per_language=True),
    "retrieval": _Entry("retrieval", "Retrieval", main="accuracy"),
}


def names() -> list[str]:
    """List the metrics there are."""
    return list(_METRICS)


def main_score(name: str) -> str:
    """Name the score that ranks setups under a metric, such as "f1" for "squad".

    Raises:
        XadaptError: If there is no such metric.
    """
    return _entry(name).main


def compute(
    name: str, predictions: Sequence[Any], references: Sequence[Any], *, language: str | None = None
) -> dict[str, float]:
    """Score predictions by an official definition. Needs no network and writes nothing.

    Args:
        name: "accuracy" and "retrieval" take integers, "correlation" numbers, "squad" and "mlqa" predictions
            `{"id", "text"}` with references `{"id", "answers": [text, ...]}`.
        predictions: One per reference; only "squad" and "mlqa" allow some to be missing, which then score 0.
        references: The gold side, at least one.
        language: Language of the answers; "mlqa" needs it, the others do not look at it.

    Returns:
        Every score of the metric, 0-100 (correlations times 100, so -100 to 100).

    Raises:
        XadaptError: If the metric is unknown, the input does not fit it, or the language is missing or unknown to it.

    Source: named by each metric's class.
    """
    entry = _entry(name)
    if len(references) == 0:
        raise XadaptError(f"{name}: there is nothing to score, the references are empty")
    if entry.per_language and language is None:
        raise XadaptError(f"{name} needs the language of the answers: compute({name!r}, ..., language='de')")
    metric = getattr(importlib.import_module(f"xadapt.metrics.{entry.module}"), entry.metric)()
    given, gold = metric.prepare(predictions, references)
    options = {"language": language} if entry.per_language else {}
    scores = metric.compute(predictions=given, references=gold, **options)
    return {key: float(value) for key, value in scores.items()}


def _entry(name: str) -> _Entry:
    if name not in _METRICS:
        raise unknown("metric", name, _METRICS)
    return _METRICS[name]
