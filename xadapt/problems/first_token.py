"""What is read off the first token's vector: encoding that several kinds share, and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from xadapt.errors import quoted
from xadapt.lazy import torch
from xadapt.problems.base import Batch, Feature, Problem, entropy, shares
from xadapt.problems.teaching import probabilities, soft_cross_entropy
from xadapt.tasks.specs import RowFault
from xadapt.tasks.submission_files import Predicted, lines

if TYPE_CHECKING:
    import numpy as np
    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json
    from xadapt.tasks import PairClassification, Row, TextClassification

#: The kinds whose answer is one of a few labels.
LabelKind: TypeAlias = "TextClassification | PairClassification"


class FirstTokenProblem(Problem):
    """Encoding that all these kinds share."""

    reads_first: ClassVar[bool] = True
    #: The fields of a row that are read, in their order.
    text_fields: ClassVar[tuple[str, ...]] = ("first", "second")

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode ``<s> first </s>`` or ``<s> first </s> </s> second </s>``, cutting the longer text first."""
        encoded = self.tokenizer(
            *([row[field] for row in rows] for field in self.text_fields),
            truncation="longest_first",
            max_length=self.max_length,
            return_attention_mask=False,
        )
        features = [{"input_ids": ids, "row": number} for number, ids in enumerate(encoded["input_ids"])]
        self.encoded += len(features)
        # What was cut off stands in the encoding.
        full = (at for at, ids in enumerate(encoded["input_ids"]) if len(ids) >= self.max_length)
        self.cut += sum(bool(encoded.encodings[at].overflowing) for at in full)
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


class LabelProblem(FirstTokenProblem):
    """One of a few labels."""

    kind: LabelKind
    targets: ClassVar[dict[str, str]] = {"labels": "int64"}

    def label(self, row: Row) -> int:
        """Index of the gold label."""
        return int(row["label"])

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Two layers on the first token, as XLM-R's own sequence classification head."""
        names = dict(enumerate(self.kind.labels))
        model.add_classification_head(name, num_labels=len(names), id2label=names)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Cross-entropy."""
        return torch.nn.functional.cross_entropy(outputs.logits.float(), batch["labels"])

    def constant_loss(self, features: list[Feature]) -> float:
        """Entropy of the labels."""
        return entropy([feature["labels"] for feature in features])

    def taught(self, raw: np.ndarray, feature: Feature) -> np.ndarray:
        """The teacher's probabilities, shape (labels,)."""
        return probabilities(raw)

    def taught_loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Cross-entropy to them."""
        return soft_cross_entropy(outputs.logits, batch["taught"]).mean()

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[int]:
        """The label of the highest logit."""
        return [int(logits.argmax()) for logits in raw]

    def references(self, rows: list[Row]) -> list[int]:
        """Gold labels."""
        return [int(row["label"]) for row in rows]

    def readable(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """The label in words, and the probability of every label."""
        labels = self.kind.labels
        return [
            {"prediction": labels[index], "probabilities": dict(zip(labels, shares(logits), strict=True))}
            for index, logits in zip(self.decode(raw, features, rows), raw, strict=True)
        ]


def label_fault(row: Row, kind: LabelKind) -> RowFault | None:
    """What is wrong with the label of a row, None if nothing is."""
    label = row["label"]
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < len(kind.labels):
        what = f"label {quoted(label)} is not one of 0 to {len(kind.labels) - 1} ({', '.join(kind.labels)})"
        return RowFault(what, "label")
    return None


def metric_fault(kind: LabelKind, metric: str) -> str | None:
    """Why a metric does not fit labels, None if it does; labels that are still open may fit."""
    if metric == "accuracy_f1" and kind.labels and len(kind.labels) != 2:
        return f"accuracy_f1 is for two labels, the second is found or missed; got {len(kind.labels)}"
    return None


def hub_labels(predicted: Predicted) -> str:
    """The file of a submission: a label a line, as the hub spells it."""
    labels = predicted.task.hub_labels or cast("LabelKind", predicted.task.kind).labels
    return lines(labels[label] for label in predicted.predictions)
