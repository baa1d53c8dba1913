"""What every problem answers: how rows are encoded, which head and loss, how outputs are decoded and scored."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from scipy.special import softmax

from xadapt import metrics
from xadapt.backbone.encoder import run
from xadapt.errors import XadaptError, option
from xadapt.metrics.examples import Examples, make_examples
from xadapt.tasks import Task

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel
    from transformers import PreTrainedTokenizerBase

Row = dict[str, Any]
Feature = dict[str, Any]
Batch = dict[str, torch.Tensor]
_TINY = 1e-30


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

    #: Raised by hand whenever the same model and rows come to give other predictions or scores; a part of the hash of
    #: an evaluation, and of the key under which what a model read is kept.
    revision: ClassVar[int] = 1
    defaults: ClassVar[Defaults] = Defaults()
    #: Keys of a feature that become tensors of a batch beside the input ids.
    targets: ClassVar[dict[str, torch.dtype]] = {}
    needs_head: ClassVar[bool] = True
    #: Whether heads read the first token's vector alone.
    reads_first: ClassVar[bool] = False
    #: Whether predictions are items of a pool, which must be filled before anything is decoded.
    pooled: ClassVar[bool] = False
    #: Whether the loss of a batch is the mean of what its features lose by themselves.
    divisible: ClassVar[bool] = True

    def __init__(self, task: Task, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None) -> None:
        """Bind a task to a tokenizer; ``max_length`` counts tokens with the special ones.

        Raises:
            XadaptError: If ``max_length`` is more than the base has positions for.
        """
        self.task = task
        self.tokenizer = tokenizer
        longest = tokenizer.model_max_length
        if max_length and max_length > longest:
            raise XadaptError(f"{option('max_length', max_length)}: this base reads {longest} tokens at most")
        self.max_length = max_length or min(self.defaults.max_length, longest)
        #: What :meth:`calibrate` found on English dev; travels with the checkpoint whose head answers.
        self.calibration: dict[str, float] = {}
        #: What losses are divided by where batches of several tasks are mixed.
        self.scale = 1.0
        #: The pairs that a mining problem is scored against.
        self.gold: list[tuple[str, str]] = []

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
        """The loss of the best answer that knows no input, above 0: the scale of :meth:`loss` on these features."""

    @abstractmethod
    def read(self, outputs: Any) -> np.ndarray:
        """Raw outputs as float32, shape (batch, …), one entry a feature."""

    @abstractmethod
    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Any]:
        """Turn the raw outputs of all features into one prediction a row, or what the metric takes for all of them."""

    @abstractmethod
    def references(self, rows: list[Row]) -> list[Any]:
        """The gold answers in the form that the metric takes."""

    def collate(self, features: list[Feature]) -> Batch:
        """Pad features to a batch of int64 ids and mask, shape (batch, tokens), with the problem's targets."""
        batch: Batch = dict(
            self.tokenizer.pad({"input_ids": [feature["input_ids"] for feature in features]}, return_tensors="pt")
        )
        for key, dtype in self.targets.items():
            if key in features[0]:
                batch[key] = torch.tensor([feature[key] for feature in features], dtype=dtype)
        return batch

    def terms(self, features: list[Feature]) -> int:
        """How many terms the loss of a batch of these features is the mean of."""
        return len(features)

    def forward(self, model: XLMRobertaAdapterModel, batch: Batch, head: str | None) -> Any:
        """Run the model and the head on a batch."""
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
            # Of no account to any metric but that of unanswerable questions.
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

    def know(self, pool: list[Row]) -> None:  # noqa: B027 - most problems need nothing of a pool
        """Take what :meth:`references` needs of a pool that is not encoded; nothing by default."""

    def calibrate(self, predictions: list[Any], rows: list[Row]) -> dict[str, float]:
        """Tune on English dev what decoding needs beside the weights; nothing by default."""
        return {}

    def combine(self, raw: list[np.ndarray]) -> np.ndarray:
        """What several models read for one feature, put together: the logarithm of their mean probabilities."""
        return np.log(np.mean([softmax(logits, axis=-1) for logits in raw], axis=0) + _TINY)

    def own_pool(self, rows: list[Row]) -> list[Row]:
        """The pool of a pooled problem when there is no other: what the rows themselves hold."""
        raise NotImplementedError(f"{self.task.name} has no pool")

    def encode_pool(self, pool: list[Row]) -> list[Feature]:
        """Turn a pool into features, each one item that can be retrieved."""
        raise NotImplementedError(f"{self.task.name} has no pool")

    def fill(self, pool: list[Row], raw: list[np.ndarray]) -> None:
        """Take the pool's raw outputs, one a feature of :meth:`encode_pool`, to retrieve from."""
        raise NotImplementedError(f"{self.task.name} has no pool")

    def details(self) -> dict[str, Any]:
        """What a reader must know beside the score, recorded with it."""
        return {"max_length": self.max_length}


def entropy(labels: list[Any]) -> float:
    """Cross-entropy of the best constant answer to these labels, in nats; that of two even labels where all are one."""
    counts = np.array(list(Counter(labels).values()), dtype=float)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum()) if len(counts) > 1 else math.log(2)
