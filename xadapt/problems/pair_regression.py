"""A number for a pair of texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xadapt.errors import quoted
from xadapt.lazy import torch
from xadapt.problems.base import Batch, Defaults, Feature, rounded
from xadapt.problems.first_token import FirstTokenProblem
from xadapt.problems.weighted import weighted_mean
from xadapt.tasks import PairRegression, Row
from xadapt.tasks.fields import NUMBER, TEXT
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import KeyFault, KindSpec, RowFault, register_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json


#: Scores of 0 to 1 fill no more of a range of 0 to 5.
_PART = 0.25
#: A number with a decimal comma.
_COMMA = re.compile(r"[-+]?\d+,\d+")


class PairRegressionProblem(FirstTokenProblem):
    """A number for a pair, learnt on a scale of 0 to 1."""

    kind: PairRegression
    targets: ClassVar[dict[str, str]] = {"labels": "float32"}
    defaults: ClassVar[Defaults] = Defaults(epochs=3.0)

    def label(self, row: Row) -> float:
        """The gold score on a scale of 0 to 1."""
        return (float(row["score"]) - self.kind.low) / (self.kind.high - self.kind.low)

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Two layers on the first token with one output."""
        model.add_classification_head(name, num_labels=1)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean squared error."""
        return torch.nn.functional.mse_loss(outputs.logits.float().squeeze(-1), batch["labels"])

    def constant_loss(self, features: list[Feature]) -> float:
        """Variance of the scores."""
        return float(np.var([feature["labels"] for feature in features])) or 1.0

    def combine(self, raw: list[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
        """The mean of the outputs."""
        return weighted_mean(raw, weights)

    def taught(self, raw: np.ndarray, feature: Feature) -> np.ndarray:
        """The teacher's output, shape (1,)."""
        return raw.astype(np.float32)

    def taught_loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean squared error to it."""
        return torch.nn.functional.mse_loss(outputs.logits.float(), batch["taught"])

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[float]:
        """The output on the task's own scale."""
        low, high = self.kind.low, self.kind.high
        return [low + float(value[0]) * (high - low) for value in raw]

    def references(self, rows: list[Row]) -> list[float]:
        """Gold scores."""
        return [float(row["score"]) for row in rows]

    def readable(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """The number on the task's scale, which it may overstep a little."""
        return [{"prediction": rounded(score)} for score in self.decode(raw, features, rows)]


def _score_fault(row: Row, kind: PairRegression) -> RowFault | None:
    score = row["score"]
    if not isinstance(score, int | float) or isinstance(score, bool):
        point = f": write {str(score).strip().replace(',', '.')}" if _COMMA.fullmatch(str(score).strip()) else ""
        return RowFault(f"score {quoted(score)} is not a number{point}", "number")
    if not kind.low <= score <= kind.high:
        return RowFault(f"score {quoted(score)} is outside {kind.low}–{kind.high}", "range")
    return None


def _notes(rows: Sequence[Row], kind: PairRegression) -> list[str]:
    least, most = (choose(float(row["score"]) for row in rows) for choose in (min, max))
    if least == most:
        return [f"all rows have the score {least:g}, which correlates with nothing"] if len(rows) > 1 else []
    if least >= kind.low and most <= kind.low + _PART * (kind.high - kind.low):
        return [f"scores go from {least:g} to {most:g}, a small part of range: [{kind.low:g}, {kind.high:g}]"]
    return []


def _declared(range: tuple[float, float] | None) -> PairRegression:
    if range is None:
        raise KeyFault("range", "it is missing: give the lowest and the highest score, such as range: [1, 5]")
    low, high = range
    if not -1e9 < low < high < 1e9:
        raise KeyFault("range", f"{low:g} to {high:g} is no range: give the lowest score, then the highest")
    return PairRegression(low, high)


register_kind(
    KindSpec(
        kind=PairRegression,
        problem=PairRegressionProblem,
        fields={"first": TEXT, "second": TEXT, "score": NUMBER},
        metrics=("correlation",),
        keys={"range": (tuple[float, float] | None, None)},
        declared=_declared,
        row_fault=_score_fault,
        notes=_notes,
        head=HeadForm(
            "classification",
            outputs=1,
            note=lambda kind: f"the score is {kind.low:g} + {kind.high - kind.low:g} × the output",
        ),
    )
)
