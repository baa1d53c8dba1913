"""Metrics by name. `evaluate` is imported only when something is scored."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xadapt.errors import XadaptError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.metrics.base import OfflineMetric

#: Numbers beside scores, on a scale of their own: they have no mean and are in no table of scores.
OWN_SCALES = ("threshold",)


@dataclass(frozen=True)
class _Entry:
    module: str
    metric: str
    main: str
    options: tuple[str, ...] = ()


#: Schemes of tags that entities are scored by strictly.
_SCHEMES = ("iob1", "iob2", "ioe1", "ioe2", "iobes", "bilou")

_METRICS = {
    "accuracy": _Entry("accuracy", "Accuracy", main="accuracy"),
    "correlation": _Entry("correlation", "Correlation", main="spearman"),
    "accuracy_f1": _Entry("accuracy", "AccuracyF1", main="accuracy"),
    "squad": _Entry("squad", "Squad", main="f1"),
    "squad_v2": _Entry("squad_v2", "SquadV2", main="f1", options=("threshold",)),
    "mlqa": _Entry("squad", "Mlqa", main="f1", options=("language",)),
    "entities": _Entry("tagging", "Entities", main="f1"),
    **{f"entities_{name}": _Entry("tagging", f"Entities{name.title()}", main="f1") for name in _SCHEMES},
    "pos": _Entry("tagging", "PartsOfSpeech", main="f1"),
    "tokens": _Entry("tagging", "Tokens", main="token_accuracy"),
    "retrieval": _Entry("accuracy", "Retrieval", main="accuracy"),
    "mining": _Entry("mining", "Mining", main="f1"),
    "map@20": _Entry("ranking", "MeanAveragePrecision", main="map@20"),
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
    name: str,
    predictions: Sequence[Any],
    references: Sequence[Any],
    *,
    language: str | None = None,
    threshold: float = 0.0,
) -> dict[str, float]:
    """Score predictions by an official definition. Needs no network and writes nothing.

    Args:
        name: What is scored decides what a prediction and a reference are:

            * "accuracy" and "retrieval": integers; "accuracy_f1": 0 or 1; "correlation": numbers.
            * "squad" and "mlqa": `{"id", "text"}` and `{"id", "answers": [text, ...]}`; "squad_v2" the same, where the
              prediction may have a "null_gap" and the answers may be empty.
            * "entities", "pos" and "tokens": the tags of a sentence; "entities_iob2" and its like (iob1, ioe1, ioe2,
              iobes, bilou) are strict about the rules of a scheme, as "entities" is of BILOU alone.
            * "mining": all candidates `(score, source id, target id)` and all gold pairs `(source id, target id)`.
            * "map@20": ranked ids, best first, and the ids that are relevant.
        predictions: One per reference; the question answering metrics allow some to be missing, which then score 0,
            and "mining" takes any number.
        references: The gold side, at least one.
        language: Language of the answers; "mlqa" needs it, the others do not look at it.
        threshold: Null gap above which "squad_v2" reads a prediction as "no answer", best tuned with
            :func:`~xadapt.metrics.best_null_threshold`; the others do not look at it.

    Returns:
        Every score of the metric, 0-100 (correlations times 100, so -100 to 100; the "threshold" of "mining" is on the
        scale of its candidates).

    Raises:
        XadaptError: If the metric is unknown, the input does not fit it, or the language is missing or unknown to it.

    Source: named by each metric's class.
    """
    entry = _entry(name)
    if len(references) == 0:
        raise XadaptError(f"{name}: there is nothing to score, the references are empty")
    if "language" in entry.options and language is None:
        raise XadaptError(f"{name} needs the language of the answers: compute({name!r}, ..., language='de')")
    metric = metric_class(name)()
    given, gold = metric.prepare(predictions, references)
    offered = {"language": language, "threshold": threshold}
    options = {option: offered[option] for option in entry.options}
    scores = metric.compute(predictions=given, references=gold, **options)
    return {key: float(value) for key, value in scores.items()}


def metric_class(name: str) -> type[OfflineMetric]:
    """The class of a metric.

    Raises:
        XadaptError: If there is no such metric.
    """
    entry = _entry(name)
    found: type[OfflineMetric] = getattr(importlib.import_module(f"xadapt.metrics.{entry.module}"), entry.metric)
    return found


def _entry(name: str) -> _Entry:
    if name not in _METRICS:
        raise unknown("metric", name, _METRICS)
    return _METRICS[name]
