"""Multiple choice: every choice is scored by itself beside its context, and the highest score is the answer."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xadapt.errors import quoted
from xadapt.lazy import torch
from xadapt.problems.base import Batch, Defaults, Feature, Problem, shares
from xadapt.problems.teaching import padded, probabilities, soft_cross_entropy
from xadapt.tasks import MultipleChoice, Row
from xadapt.tasks.fields import INDEX, TEXT, Field
from xadapt.tasks.portable_heads import HeadForm, PlainHead
from xadapt.tasks.specs import Fault, FieldFault, KindSpec, RowFault, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, lines

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json


#: How seldom no first choice is right by chance where it is worth a word.
_CHANCE = 0.05


@dataclass(frozen=True)
class ChoiceOutputs:
    """Scores of a batch.

    Attributes:
        logits: One score a choice, −inf where a row has fewer choices than another, shape (batch, most choices).
    """

    logits: torch.Tensor


class ChoiceProblem(Problem):
    """The best of a row's choices; rows may have different numbers of them."""

    defaults: ClassVar[Defaults] = Defaults(max_length=128, batch_size=16, epochs=2.0, lr=1e-3)
    reads_first: ClassVar[bool] = True

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode ``<s> context </s> </s> question choice </s>`` for every choice, one feature a row.

        ``choices`` holds the ids of all, ``input_ids`` those of the longest. The end of the context is cut first; a
        question and choice that are too long by themselves lose their beginning, so that choices still differ.
        """
        contexts = self._pieces([row["context"] for row in rows])
        seconds = iter(self._pieces([beside(row, choice) for row in rows for choice in row["choices"]]))
        features = []
        self.encoded += len(rows)
        for number, (row, context) in enumerate(zip(rows, contexts, strict=True)):
            own = [next(seconds) for _ in row["choices"]]
            choices = [self._pair(context, second) for second in own]
            self.cut += len(context) + max(map(len, own)) > self._room()
            feature: Feature = {"input_ids": max(choices, key=len), "choices": choices, "row": number}
            if labelled:
                feature["labels"] = int(row["label"])
            features.append(feature)
        return features

    def _pieces(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer(texts, add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"]

    def _room(self) -> int:
        return self.max_length - self.tokenizer.num_special_tokens_to_add(pair=True)

    def _pair(self, context: list[int], second: list[int]) -> list[int]:
        room = self._room()
        second = second[-room:]
        return self.tokenizer.build_inputs_with_special_tokens(context[: room - len(second)], second)

    def tokens(self, feature: Feature) -> int:
        """Tokens of all choices, padded to the longest."""
        return len(feature["input_ids"]) * len(feature["choices"])

    def identity(self, feature: Feature) -> Hashable:
        """All choices, in their order."""
        return tuple(tuple(ids) for ids in feature["choices"])

    def collate(self, features: list[Feature]) -> Batch:
        """Pad the choices of all rows, one after the other, shape (sum of choices, tokens).

        ``counts`` says how many choices each row has, ``labels`` which is right; both int64, shape (batch,).
        """
        batch = super().collate([{"input_ids": ids} for feature in features for ids in feature["choices"]])
        batch["counts"] = torch.tensor([len(feature["choices"]) for feature in features])
        if "labels" in features[0]:
            batch["labels"] = torch.tensor([feature["labels"] for feature in features])
        if "taught" in features[0]:
            batch["taught"] = padded([feature["taught"] for feature in features])
        return batch

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Two layers on the first token with one output, the score of a choice."""
        model.add_classification_head(name, num_labels=1)

    def forward(self, model: XLMRobertaAdapterModel, batch: Batch, head: str | None) -> ChoiceOutputs:
        """Score all choices and give each row its own."""
        scores = super().forward(model, batch, head).logits.float().squeeze(-1)
        counts = batch["counts"]
        there = torch.arange(int(counts.max()), device=counts.device) < counts.unsqueeze(-1)
        return ChoiceOutputs(torch.full(there.shape, -torch.inf, device=scores.device).masked_scatter(there, scores))

    def loss(self, outputs: ChoiceOutputs, batch: Batch) -> torch.Tensor:
        """Cross-entropy over the choices of a row."""
        return torch.nn.functional.cross_entropy(outputs.logits, batch["labels"])

    def constant_loss(self, features: list[Feature]) -> float:
        """Cross-entropy of a guess among the choices."""
        return float(np.mean([np.log(max(2, len(feature["choices"]))) for feature in features]))

    def taught(self, raw: np.ndarray, feature: Feature) -> np.ndarray:
        """The teacher's probabilities of a row's choices, shape (choices,)."""
        # Behind a row's own choices are those of the longest row of its batch.
        return probabilities(raw[: len(feature["choices"])])

    def taught_loss(self, outputs: ChoiceOutputs, batch: Batch) -> torch.Tensor:
        """Cross-entropy to them."""
        return soft_cross_entropy(outputs.logits, batch["taught"]).mean()

    def read(self, outputs: ChoiceOutputs) -> np.ndarray:
        """Scores, shape (batch, most choices of the batch)."""
        return outputs.logits.cpu().numpy()

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[int]:
        """The index of the choice with the highest score."""
        return [int(scores.argmax()) for scores in raw]

    def references(self, rows: list[Row]) -> list[int]:
        """The right choice's index."""
        return [int(row["label"]) for row in rows]

    def readable(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """The text of the choice, and the probabilities of a row's choices in their order."""
        return [
            # Behind a row's own choices are those of the longest row of its batch.
            {"prediction": row["choices"][index], "probabilities": shares(scores[: len(row["choices"])])}
            for index, scores, row in zip(self.decode(raw, features, rows), raw, rows, strict=True)
        ]


def beside(row: Row, choice: str) -> str:
    """What is read beside the context: the question, where there is one, and the choice."""
    return f"{row['question']} {choice}" if row.get("question") else choice


def _choice_fault(row: Row, kind: MultipleChoice) -> Fault | None:
    choices = row["choices"]
    if not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(choice, str) for choice in choices):
        return FieldFault("choices", "not a list of two texts or more")
    label = row["label"]
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < len(choices):
        return None
    what = f"label {quoted(label)} is not one of 0 to {len(choices) - 1}, the indices of its choices"
    if label in choices:
        return RowFault(f"label {quoted(label)} is the text of a choice: write its index, counted from 0", "label")
    written = ["A", "B"] if isinstance(label, str) else [1, 2] if label == len(choices) else []
    example = ", ".join(f"{form}: {number}" for number, form in enumerate(written))
    advice = f": say by values what it means, such as values: {{label: {{{example}, …}}}}" if example else ""
    return RowFault(what + advice, "label")


def _notes(rows: Sequence[Row], kind: MultipleChoice) -> list[str]:
    chance = math.prod(1 - 1 / len(row["choices"]) for row in rows)
    first = any(row["label"] == 0 for row in rows)
    said = "no row's right choice is its first: labels count from 0; if these count from 1, say so by values"
    return [] if first or chance > _CHANCE else [said]


def _submitted(predicted: Predicted) -> str:
    return lines(json.dumps({"label": label}) for label in predicted.predictions)


register_kind(
    KindSpec(
        kind=MultipleChoice,
        problem=ChoiceProblem,
        fields={
            "context": TEXT,
            "question": TEXT,
            "choices": Field("texts", asked=True, fewest=2, item="choice"),
            "label": INDEX,
        },
        metrics=("accuracy",),
        row_fault=_choice_fault,
        notes=_notes,
        head=HeadForm(
            "classification",
            outputs=1,
            same=("multiple_choice",),
            example='["Ein Satz."] * 2, ["Dann dies.", "Dann das."], padding=True',
            # Its pooler, a dense layer and a tanh on the first token, is the first half of a classification head.
            plain=PlainHead(
                "XLMRobertaForMultipleChoice", {"1": "roberta.pooler.dense", "4": "classifier"}, choices=True
            ),
        ),
        submission=SubmissionFile("jsonl", _submitted),
    )
)
