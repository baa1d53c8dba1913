"""Translation retrieval: mean-pooled sentence vectors at a stated layer, nearest by cosine. Nothing is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from xadapt.problems.base import Batch, Defaults, Feature, Problem, Row

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel
    from transformers import PreTrainedTokenizerBase

    from xadapt.tasks import Task


class RetrievalProblem(Problem):
    """Find the English translation of each sentence among all English sentences."""

    defaults: ClassVar[Defaults] = Defaults(max_length=128)
    needs_head: ClassVar[bool] = False

    def __init__(
        self,
        task: Task,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int | None = None,
        layer: int | None = None,
    ) -> None:
        """Bind a task to a tokenizer; ``layer`` counts from 0 (embeddings) to the number of layers (the last)."""
        super().__init__(task, tokenizer, max_length)
        self.layer = layer

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode all first sentences, then all second ones."""
        texts = [row["first"] for row in rows] + [row["second"] for row in rows]
        encoded = self.tokenizer(texts, truncation=True, max_length=self.max_length, return_attention_mask=False)
        return [{"input_ids": ids, "row": i % len(rows)} for i, ids in enumerate(encoded["input_ids"])]

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """Retrieval has no head."""
        raise NotImplementedError("retrieval has no head")

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Retrieval is not trained."""
        raise NotImplementedError("retrieval is not trained")

    def forward(self, model: XLMRobertaAdapterModel, batch: Batch, head: str | None) -> torch.Tensor:
        """Sentence vectors at the layer, shape (batch, width)."""
        hidden = model.roberta(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True
        ).hidden_states
        return mean_pool(hidden[-1 if self.layer is None else self.layer].float(), batch["attention_mask"])

    def read(self, outputs: torch.Tensor) -> np.ndarray:
        """Unit vectors, shape (batch, width)."""
        return torch.nn.functional.normalize(outputs, dim=-1).cpu().numpy()

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[int]:
        """Index of the nearest second sentence for each first one."""
        vectors = np.stack(raw)
        return [int(i) for i in (vectors[: len(rows)] @ vectors[len(rows) :].T).argmax(axis=1)]

    def references(self, rows: list[Row]) -> list[int]:
        """Each row's own translation."""
        return list(range(len(rows)))

    def details(self) -> dict[str, Any]:
        """The layer and the pooling, which retrieval scores depend on."""
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
