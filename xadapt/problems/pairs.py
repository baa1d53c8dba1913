"""Single texts and pairs: classification and regression on the first token's vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch.nn import functional

from xadapt.problems.base import Batch, Defaults, Feature, Problem, Row, entropy

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel


class FirstTokenProblem(Problem):
    """Encoding that all these kinds share."""

    reads_first: ClassVar[bool] = True
    #: The fields that are read, in their order.
    texts: ClassVar[tuple[str, ...]] = ("first", "second")

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode ``<s> first </s>`` or ``<s> first </s> </s> second </s>``, cutting the longer text first."""
        encoded = self.tokenizer(
            *([row[field] for row in rows] for field in self.texts),
            truncation="longest_first",
            max_length=self.max_length,
            return_attention_mask=False,
        )
        features = [{"input_ids": ids, "row": number} for number, ids in enumerate(encoded["input_ids"])]
        if labelled:
            for feature, row in zip(features, rows, strict=True):
                feature["labels"] = self.label(row)
        return features

    def label(self, row: Row) -> int | float:
        """The training target of a row."""
        raise NotImplementedError

    def read(self, outputs: Any) -> np.ndarray:
        """Logits, shape (batch, labels)."""
        return outputs.logits.float().cpu().numpy()


class PairClassificationProblem(FirstTokenProblem):
    """One of a few labels for a pair."""

    targets: ClassVar[dict[str, torch.dtype]] = {"labels": torch.int64}

    def label(self, row: Row) -> int:
        """Index of the gold label."""
        return int(row["label"])

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Two layers on the first token, as XLM-R's own sequence classification head."""
        names = dict(enumerate(self.task.kind.labels))  # type: ignore[attr-defined]
        model.add_classification_head(name, num_labels=len(names), id2label=names)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Cross-entropy."""
        return functional.cross_entropy(outputs.logits.float(), batch["labels"])

    def constant_loss(self, features: list[Feature]) -> float:
        """Entropy of the labels."""
        return entropy([feature["labels"] for feature in features])

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[int]:
        """The label of the highest logit."""
        return [int(logits.argmax()) for logits in raw]

    def references(self, rows: list[Row]) -> list[int]:
        """Gold labels."""
        return [int(row["label"]) for row in rows]


class TextClassificationProblem(PairClassificationProblem):
    """One of a few labels for a single text."""

    texts: ClassVar[tuple[str, ...]] = ("first",)


class PairRegressionProblem(FirstTokenProblem):
    """A number for a pair, learnt on a scale of 0 to 1."""

    targets: ClassVar[dict[str, torch.dtype]] = {"labels": torch.float32}
    defaults: ClassVar[Defaults] = Defaults(epochs=3.0)

    def label(self, row: Row) -> float:
        """The gold score on a scale of 0 to 1."""
        kind: Any = self.task.kind
        return (float(row["score"]) - kind.low) / (kind.high - kind.low)

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Two layers on the first token with one output."""
        model.add_classification_head(name, num_labels=1)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean squared error."""
        return functional.mse_loss(outputs.logits.float().squeeze(-1), batch["labels"])

    def constant_loss(self, features: list[Feature]) -> float:
        """Variance of the scores."""
        return float(np.var([feature["labels"] for feature in features])) or 1.0

    def combine(self, raw: list[np.ndarray]) -> np.ndarray:
        """The mean of the outputs."""
        return np.mean(raw, axis=0)

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[float]:
        """The output on the task's own scale."""
        kind: Any = self.task.kind
        return [kind.low + float(value[0]) * (kind.high - kind.low) for value in raw]

    def references(self, rows: list[Row]) -> list[float]:
        """Gold scores."""
        return [float(row["score"]) for row in rows]
