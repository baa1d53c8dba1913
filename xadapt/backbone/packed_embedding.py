"""A word embedding that stays packed: 4-bit blocks, of which a batch unpacks the rows of its own words."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from xadapt.backbone.packed import BLOCK_BYTES, BLOCK_WEIGHTS

#: So many rows are unpacked at a time, so that a whole vocabulary needs little more memory than its result.
_ROWS = 8192


def unpack_rows(rows: Tensor) -> Tensor:
    """Expand 4-bit blocks on the device that they are on, to the bits of :func:`xadapt.backbone.packed.unpack_blocks`.

    Args:
        rows: uint8, shape (rows, blocks × 18).

    Returns:
        float32 weights, shape (rows, blocks × 32).
    """
    blocks = rows.unflatten(1, (-1, BLOCK_BYTES))
    weights = torch.empty(*blocks.shape[:2], BLOCK_WEIGHTS, device=rows.device)
    for part, out in zip(blocks.split(_ROWS), weights.split(_ROWS), strict=True):
        packed = part[..., 2:]
        out[..., : BLOCK_WEIGHTS // 2] = packed & 15
        out[..., BLOCK_WEIGHTS // 2 :] = packed >> 4
        out.sub_(8)
        out.mul_(part[..., :2].contiguous().view(torch.float16).float())
    return weights.flatten(1)


class PackedEmbedding(nn.Module):
    """Replaces a frozen ``nn.Embedding`` of the same values, with a seventh of its memory.

    The blocks are a buffer: they move with the model, keep their type when it changes its own, and are not saved.

    Attributes:
        rows: The packed weights, uint8, shape (words, blocks × 18).
        num_embeddings: Number of words.
        embedding_dim: Width of a word's vector.
        padding_idx: The id of padding, which gets its row as every word does.
    """

    rows: Tensor

    def __init__(self, rows: Tensor, padding_idx: int) -> None:
        """Hold packed rows; ``padding_idx`` is the id of padding."""
        super().__init__()
        self.register_buffer("rows", rows, persistent=False)
        self.num_embeddings = rows.shape[0]
        self.embedding_dim = rows.shape[1] // BLOCK_BYTES * BLOCK_WEIGHTS
        self.padding_idx = padding_idx

    @property
    def weight(self) -> nn.Parameter:
        """All weights, float32, shape (words, width): unpacked anew at every call, so changing them changes nothing."""
        return nn.Parameter(unpack_rows(self.rows), requires_grad=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Look words up.

        Args:
            ids: Whole numbers of any shape.

        Returns:
            float32 vectors, shape (*ids.shape, width).

        Raises:
            IndexError: If an id is negative or beyond the vocabulary.
        """
        words, rows = torch.unique(ids, return_inverse=True)
        # The library's lookup minds the bounds, where indexing would count negative ids from the end.
        return embedding(rows, unpack_rows(embedding(words, self.rows)))

    def extra_repr(self) -> str:
        """Its sizes, as ``nn.Embedding`` shows them."""
        return f"{self.num_embeddings}, {self.embedding_dim}, padding_idx={self.padding_idx}"
