"""What every problem answers: how rows are encoded, which head and loss, how outputs are decoded and scored."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from xadapt import metrics
from xadapt.errors import XadaptError, option
from xadapt.lazy import torch
from xadapt.metrics.examples import Examples, make_examples
from xadapt.problems.teaching import padded, probabilities
from xadapt.problems.weighted import weighted_mean
from xadapt.tasks.specs import all_specs, spec_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from adapters import XLMRobertaAdapterModel
    from transformers import PreTrainedTokenizerBase

    from xadapt.backbone.base import Backbone
    from xadapt.store.records import Json
    from xadapt.tasks import Kind, Row, Task

#: What a model reads of a row: ``input_ids`` and whatever else a problem needs.
Feature = dict[str, Any]
Batch: TypeAlias = "dict[str, torch.Tensor]"
_TINY = 1e-30
#: The share of rows that are too long from which on it is said.
_MANY_CUT = 0.01
#: Digits of probabilities and scores: what lies beyond depends on which rows share a batch.
_DIGITS = 6


@dataclass(frozen=True)
class Defaults:
    """Training settings that suit a kind of problem; the user's options take their place."""

    max_length: int = 128
    batch_size: int = 32
    epochs: float = 2.0
    lr: float = 1e-3


class Problem(ABC):
    """A task made concrete for one tokenizer.

    A *feature* is a dictionary with ``input_ids`` and whatever else the problem needs; one row may give several.
    """

    #: Raised by hand whenever the same model and rows come to give other features, predictions or scores; a part of the
    #: hash of an evaluation, of the key under which what a model read is kept and, above 1, of the hash of a training.
    revision: ClassVar[int] = 1
    defaults: ClassVar[Defaults] = Defaults()
    #: Keys of a feature that become tensors of a batch beside the input ids, with the names of their types in torch.
    targets: ClassVar[dict[str, str]] = {}
    needs_head: ClassVar[bool] = True
    #: Whether heads read the first token's vector alone.
    reads_first: ClassVar[bool] = False
    #: Whether predictions are items of a pool, which must be filled before anything is decoded.
    pooled: ClassVar[bool] = False
    #: Whether the loss of a batch is the mean of what its features lose by themselves.
    divisible: ClassVar[bool] = True
    #: The task's kind; subclasses say of which class it is.
    kind: Kind

    def __init__(self, task: Task, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None) -> None:
        """Bind a task to a tokenizer; ``max_length`` counts tokens with the special ones.

        Raises:
            XadaptError: If ``max_length`` is more than the base has positions for.
        """
        self.task = task
        self.kind = task.kind
        self.tokenizer = tokenizer
        longest = tokenizer.model_max_length
        if max_length and max_length > longest:
            raise XadaptError(f"{option('max_length', max_length)}: this base reads {longest} tokens at most")
        self.max_length = max_length or min(self.defaults.max_length, longest)
        #: What :meth:`calibrate` found on English dev; travels with the checkpoint whose head answers.
        self.calibration: dict[str, float] = {}
        #: What losses are divided by where batches of several tasks are mixed.
        self.scale = 1.0
        #: The gold pairs that some problems are scored against.
        self.gold: list[tuple[str, str]] = []
        #: Rows that were encoded, and those of them of which something is not read, where a kind counts them.
        self.encoded, self.cut = 0, 0

    def cut_note(self) -> str:
        """A note on rows that are too long, "" where they are none or too few to matter."""
        if self.cut < max(1, _MANY_CUT * self.encoded):
            return ""
        return (
            f"{self.task.name}: {self.cut:,} of {self.encoded:,} rows are longer than the {self.max_length} tokens of "
            f"{option('max_length')}, and their ends are not read"
        )

    @abstractmethod
    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Turn rows into features, with labels when ``labelled``."""

    @abstractmethod
    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Add a fresh head of this problem to the model."""

    @abstractmethod
    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean loss of a batch, a scalar."""

    @abstractmethod
    def constant_loss(self, features: list[Feature]) -> float:
        """The loss of the best answer that is the same for all inputs, above 0: the scale of :meth:`loss`."""

    @abstractmethod
    def read(self, outputs: Any) -> np.ndarray:
        """Raw outputs as float32, shape (batch, …), one entry a feature."""

    @abstractmethod
    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Any]:
        """Turn the raw outputs of all features into one prediction a row, or what the metric takes for all of them."""

    @abstractmethod
    def references(self, rows: list[Row]) -> list[Any]:
        """The gold answers in the form that the metric takes."""

    def readable(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """Decode raw outputs into JSON for people.

        Args:
            raw: Raw outputs, one a feature.
            features: What the rows were encoded to.
            rows: Rows in the problem's fields.

        Returns:
            An object a row, in order: the ``prediction`` and, where the kind has it, how sure the model is.
        """
        return [{"prediction": prediction} for prediction in self.decode(raw, features, rows)]

    def collate(self, features: list[Feature]) -> Batch:
        """Pad features to a batch of int64 ids and mask, shape (batch, tokens), with the problem's targets."""
        batch: Batch = dict(
            self.tokenizer.pad({"input_ids": [feature["input_ids"] for feature in features]}, return_tensors="pt")
        )
        for key, dtype in self.targets.items():
            if key in features[0]:
                batch[key] = torch.tensor([feature[key] for feature in features], dtype=getattr(torch, dtype))
        if "taught" in features[0]:
            batch["taught"] = padded([feature["taught"] for feature in features])
        return batch

    def terms(self, features: list[Feature]) -> int:
        """How many terms the loss of a batch of these features is the mean of."""
        return len(features)

    def forward(self, model: XLMRobertaAdapterModel, batch: Batch, head: str | None) -> Any:
        """Run the model and the head on a batch."""
        from xadapt.backbone.encoder import run

        return run(model, batch["input_ids"], batch["attention_mask"], head, self.reads_first)

    def identity(self, feature: Feature) -> Hashable:
        """Equal for features that a model cannot tell apart."""
        return tuple(feature["input_ids"])

    def tokens(self, feature: Feature) -> int:
        """How many tokens a feature brings into a batch, padding of its own included."""
        return len(feature["input_ids"])

    def score(self, predictions: list[Any], rows: list[Row], language: str = "en") -> dict[str, float]:
        """Score predictions with the task's official metric, 0–100."""
        # A pair of languages is answered in the language of its context, which comes first.
        return metrics.compute(
            self.task.metric,
            predictions,
            self.references(rows),
            language=language.partition("-")[0],
            # Only the metric of unanswerable questions reads it.
            threshold=self.calibration.get("null_threshold", 0.0),
        )

    def examples(self, predictions: list[Any], rows: list[Row], language: str = "en") -> Examples:
        """What each row contributes to the score that ranks setups."""
        return make_examples(
            self.task.metric,
            predictions,
            self.references(rows),
            language=language.partition("-")[0],
            threshold=self.calibration.get("null_threshold", 0.0),
        )

    def groups(self, rows: list[Row]) -> list[int]:
        """The paragraph of each row, numbered in the order of the rows; empty where no two rows share one.

        What is easy for a system in a paragraph is so for all questions on it, so that these are one draw for a test.
        """
        numbers: dict[Any, int] = {}
        found = [numbers.setdefault(row.get("context", number), len(numbers)) for number, row in enumerate(rows)]
        return found if len(numbers) < len(rows) else []

    def read_pool(self, pool: list[Row]) -> None:  # noqa: B027 - most problems need nothing of a pool
        """Take what :meth:`references` needs of a pool that is not encoded; nothing by default."""

    def calibrate(self, predictions: list[Any], rows: list[Row]) -> dict[str, float]:
        """Tune on English dev what decoding needs beside the weights; nothing by default."""
        return {}

    def combine(self, raw: list[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
        """What several models read for one feature, put together: the logarithm of their mean probabilities."""
        return np.log(weighted_mean([probabilities(logits) for logits in raw], weights) + _TINY)

    def taught(self, raw: np.ndarray, feature: Feature) -> np.ndarray:
        """What a student is to answer for a feature, from a teacher's raw output; float32, 0 wherever a batch pads."""
        raise NotImplementedError(f"{self.kind.name} is not learnt from a teacher")

    def taught_loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean loss of a batch against ``taught``, a scalar on the scale of :meth:`loss`."""
        raise NotImplementedError(f"{self.kind.name} is not learnt from a teacher")

    def own_pool(self, rows: list[Row]) -> list[Row]:
        """The pool of a pooled problem when there is no other: what the rows themselves hold."""
        raise NotImplementedError(f"{self.task.name} has no pool")

    def encode_pool(self, pool: list[Row]) -> list[Feature]:
        """Turn a pool into features, each one item that can be retrieved."""
        raise NotImplementedError(f"{self.task.name} has no pool")

    def fill(self, pool: list[Row], raw: list[np.ndarray]) -> None:
        """Take the pool's raw outputs, one a feature of :meth:`encode_pool`, to retrieve from."""
        raise NotImplementedError(f"{self.task.name} has no pool")

    def details(self) -> Json:
        """What a reader must know beside the score, recorded with it."""
        return {"max_length": self.max_length}


def entropy(labels: list[Any]) -> float:
    """Cross-entropy of the best constant answer to these labels, in nats; that of two even labels where all are one."""
    counts = np.array(list(Counter(labels).values()), dtype=float)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum()) if len(counts) > 1 else math.log(2)


def shares(logits: np.ndarray) -> list[float]:
    """Probabilities of logits, for people."""
    return [rounded(share) for share in probabilities(logits)]


def rounded(value: Any) -> float:
    """A probability or a score, for people."""
    return round(float(value), _DIGITS)


def make_problem(
    task: Task, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None, **options: Any
) -> Problem:
    """Bind a task to a tokenizer; ``options`` are those of its kind (``layer`` for retrieval)."""
    return problem_class(task)(task, tokenizer, max_length, **options)


def problem_class(task: Task) -> type[Problem]:
    """The implementation of a task's kind."""
    return spec_of(task.kind).problem


def problem_revisions() -> dict[str, int]:
    """The revision of how each kind of problem is evaluated, by the kind's name."""
    return {spec.name: spec.problem.revision for spec in all_specs()}


def bind(task: Task, backbone: Backbone, max_length: int | None = None, layer: int | None = None) -> Problem:
    """Bind a task to a base.

    Args:
        task: The task.
        backbone: The frozen base.
        max_length: Tokens a row, None for the problem's default.
        layer: For retrieval, the layer whose vectors are pooled; None for the base's own, for what is trained the last.

    Raises:
        XadaptError: If the base is too short for ``max_length``, or has no such layer, or the problem needs none.
    """
    if problem_class(task).needs_head:
        if layer is not None:
            raise XadaptError(f"{option('layer')} is for retrieval tasks; {task.name} is {task.kind.name}")
        return make_problem(task, backbone.tokenizer, max_length)
    if layer is None:
        # A dual encoder learns in all its layers; above a layer that is read earlier, adapters would get no gradient.
        layer = backbone.layers if task.kind.trainable else backbone.sentence_layer
    if not 0 <= layer <= backbone.layers:
        raise XadaptError(
            f"{option('layer', layer)}: base {backbone.name} has layers 0 (embeddings) to {backbone.layers}"
        )
    return make_problem(task, backbone.tokenizer, max_length, layer=layer)
