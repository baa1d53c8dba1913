"""What all metrics of the house share: `evaluate.Metric` without a network and without files."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import datasets
import evaluate

from xadapt.errors import XadaptError
from xadapt.libraries.evaluate import MetricInMemory
from xadapt.metrics.examples import Examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.store.records import Json


class OfflineMetric(MetricInMemory):
    """An `evaluate.Metric` that keeps its rows in memory and touches neither network nor disk.

    A subclass states `summary`, `source` and `row_features`, and computes in `_compute`. `prepare` is where a subclass
    refuses or aligns its input before `evaluate` sees it.
    """

    summary = ""
    source = ""

    def __init__(self, *args: Any, keep_in_memory: bool = True, **kwargs: Any) -> None:
        """Keep what is added in memory, unless ``keep_in_memory`` is False."""
        super().__init__(*args, keep_in_memory=keep_in_memory, **kwargs)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=self.summary,
            citation=self.source,
            inputs_description=f"\n{self.summary}\n\nSource: {self.source}\n",
            features=datasets.Features(self.row_features()),
        )

    @classmethod
    def row_features(cls) -> Json:
        """Name the type of one prediction and one reference, as `datasets` features."""
        raise NotImplementedError

    @classmethod
    def prepare(cls, predictions: Sequence[Any], references: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Check the input, and align it where predictions may be missing.

        Returns:
            Predictions and references, of one length and in one order.

        Raises:
            XadaptError: If the two differ in length.
        """
        if len(predictions) != len(references):
            raise XadaptError(
                f"{len(predictions)} predictions for {len(references)} references: give one prediction per reference"
            )
        return list(predictions), list(references)

    @classmethod
    def examples(cls, predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Examples:
        """Take the main score apart into its examples, in the order of the references.

        Args:
            predictions: As they are scored.
            references: As they are scored.
            **options: ``language`` and ``threshold``, for those that look at them.

        Raises:
            XadaptError: If the input does not fit.
        """
        return Examples("mean", [float(one == gold) for one, gold in zip(predictions, references, strict=True)])


def require_integers(values: Sequence[Any], what: str) -> None:
    """Refuse anything but whole numbers, which `evaluate` would round down without a word.

    Raises:
        XadaptError: If a value is no integer.
    """
    for index, value in enumerate(values):
        if not isinstance(value, Integral):
            raise XadaptError(f"{what} {index} is {value!r}, not an integer")


def id_text(value: Any, what: str) -> str:
    """Write an id as text, so that 7 and "7" are one.

    Args:
        value: An id, a whole number or text.
        what: What an error calls it.

    Raises:
        XadaptError: If it is neither.
    """
    if not isinstance(value, str | Integral):
        raise XadaptError(f"{what}: {value!r} is no id; ids are text or whole numbers")
    return str(value)
