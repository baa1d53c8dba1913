"""A made-up kind of problem, all in this file: how many things a text counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from adapters import XLMRobertaAdapterModel

from xadapt.problems.base import Batch, Feature, rounded
from xadapt.problems.first_token import FirstTokenProblem
from xadapt.store.records import Json
from xadapt.tasks import Kind, Row
from xadapt.tasks.fields import NUMBER, TEXT
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import KeyFault, KindSpec, Remark, RowFault, register_kind


@dataclass(frozen=True)
class Counting(Kind):
    """How many things a text counts; rows hold ``first`` and ``count``, a whole number up to ``most``."""

    most: int = 10
    name: ClassVar[str] = "counting"
    fields: ClassVar[tuple[str, ...]] = ("first", "count")


class CountingProblem(FirstTokenProblem):
    """A number learnt on a scale of 0 to 1."""

    kind: Counting
    text_fields: ClassVar[tuple[str, ...]] = ("first",)
    targets: ClassVar[dict[str, str]] = {"labels": "float32"}

    def label(self, row: Row) -> float:
        """The share of the largest count."""
        return row["count"] / self.kind.most

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """One output on the first token."""
        model.add_classification_head(name, num_labels=1)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean squared error."""
        return torch.nn.functional.mse_loss(outputs.logits.float().squeeze(-1), batch["labels"])

    def constant_loss(self, features: list[Feature]) -> float:
        """Variance of the counts."""
        return float(np.var([feature["labels"] for feature in features])) or 1.0

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[float]:
        """The output on the scale of the counts."""
        return [float(value[0]) * self.kind.most for value in raw]

    def references(self, rows: list[Row]) -> list[float]:
        """Gold counts."""
        return [float(row["count"]) for row in rows]

    def readable(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """The whole number that is nearest, and the number itself."""
        return [{"prediction": round(count), "exactly": rounded(count)} for count in self.decode(raw, features, rows)]


def _count_fault(row: Row, kind: Counting) -> RowFault | None:
    count = row["count"]
    whole = isinstance(count, int | float) and float(count).is_integer()
    if whole and 0 <= count <= kind.most:
        return None
    return RowFault(f"count {count!r} is no whole number from 0 to {kind.most}", "count")


def _remarks(row: Row) -> list[Remark]:
    return [Remark("it counts nothing", if_many="are these rows without a label?")] if row["count"] == 0 else []


def _declared(most: int) -> Counting:
    if most < 1:
        raise KeyFault("most", f"nothing can be counted up to {most}: give 1 or more")
    return Counting(most)


register_kind(
    KindSpec(
        kind=Counting,
        problem=CountingProblem,
        fields={"first": TEXT, "count": NUMBER},
        metrics=("correlation",),
        keys={"most": (int, 10)},
        declared=_declared,
        row_fault=_count_fault,
        remarks=_remarks,
        head=HeadForm(
            "classification",
            outputs=1,
            example='"Sieben Hunde."',
            note=lambda kind: f"the count is {kind.most} × the output",
        ),
    )
)
