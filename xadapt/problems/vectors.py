"""Texts as unit vectors: mean-pooled token vectors of a stated layer, compared by cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xadapt.lazy import torch
from xadapt.problems.base import Batch, Feature, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters import XLMRobertaAdapterModel
    from transformers import PreTrainedTokenizerBase

    from xadapt.store.records import Json
    from xadapt.tasks import Task

#: Texts that are tokenized together: what the tokenizer keeps beside the ids is far larger than the ids.
_BLOCK = 8192


class VectorProblem(Problem):
    """What problems share that have no head and compare the vectors of a layer."""

    needs_head: ClassVar[bool] = False

    def __init__(
        self,
        task: Task,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int | None = None,
        layer: int | None = None,
    ) -> None:
        """Bind a task to a tokenizer.

        Args:
            task: The task.
            tokenizer: The base's own.
            max_length: Tokens a text with the special ones, None for the problem's default.
            layer: The layer that is pooled, from 0 (embeddings) to the number of layers; None for the last.
        """
        super().__init__(task, tokenizer, max_length)
        self.layer = layer

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """There is no head."""
        raise NotImplementedError(f"{self.kind.name} has no head")

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Nothing is trained, unless a subclass says how."""
        raise NotImplementedError(f"{self.kind.name} is not trained")

    def constant_loss(self, features: list[Feature]) -> float:
        """Nothing is trained, unless a subclass says how."""
        raise NotImplementedError(f"{self.kind.name} is not trained")

    def combine(self, raw: list[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
        """Unit vectors side by side, so that a cosine is the mean of the models' cosines."""
        if weights is None:
            return np.concatenate(raw, axis=-1) / np.sqrt(len(raw), dtype=np.float32)
        roots = np.sqrt(np.asarray(weights, dtype=np.float32) / np.float32(sum(weights)))
        return np.concatenate([root * value for root, value in zip(roots, raw, strict=True)], axis=-1)

    def forward(self, model: XLMRobertaAdapterModel, batch: Batch, head: str | None) -> Any:
        """Text vectors at the layer, float32, shape (batch, width)."""
        return self.pooled_layer(model, batch["input_ids"], batch["attention_mask"])

    def pooled_layer(self, model: XLMRobertaAdapterModel, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Run the encoder and pool its layer.

        Args:
            model: A model whose adapters are set.
            ids: Token ids, int64, shape (batch, tokens).
            mask: 1 for a token, 0 for padding, shape (batch, tokens).

        Returns:
            Text vectors, float32, shape (batch, width).
        """
        hidden = model.roberta(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        return mean_pool(hidden[-1 if self.layer is None else self.layer].float(), mask)

    def read(self, outputs: torch.Tensor) -> np.ndarray:
        """Unit vectors, float32, shape (batch, width)."""
        return torch.nn.functional.normalize(outputs, dim=-1).cpu().numpy()

    def encode_texts(self, first: Sequence[str], second: Sequence[str] | None = None, length: int = 0) -> list[Feature]:
        """Encode texts, or pairs ``<s> first </s> </s> second </s>`` in which the longer text is cut first.

        Args:
            first: Texts.
            second: As many texts, None for no pairs.
            length: Tokens at most with the special ones, 0 for the problem's own maximum.

        Returns:
            One feature a text, its ids as int32 array: a list of ints would take nine times the memory.
        """
        features = []
        for start in range(0, len(first), _BLOCK):
            block = slice(start, start + _BLOCK)
            encoded = self.tokenizer(
                list(first[block]),
                None if second is None else list(second[block]),
                truncation="longest_first",
                max_length=length or self.max_length,
                return_attention_mask=False,
            )
            features += [{"input_ids": np.array(ids, dtype=np.int32)} for ids in encoded["input_ids"]]
        return features

    def details(self) -> Json:
        """The layer and the pooling, which the scores depend on."""
        return {**super().details(), "layer": self.layer, "pooling": "mean"}


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Average the token vectors of each sentence.

    Args:
        hidden: Token vectors, float, shape (batch, tokens, width).
        mask: 1 for a token, 0 for padding, shape (batch, tokens).

    Returns:
        Sentence vectors, shape (batch, width).

    Raises:
        ValueError: If a sentence has no token.

    Source: XTREME's retrieval baseline, arXiv 2003.11080, appendix.
    """
    counts = mask.sum(dim=1, keepdim=True)
    if bool((counts == 0).any()):
        raise ValueError("a sentence has no token")
    return (hidden * mask.unsqueeze(-1)).sum(dim=1) / counts
