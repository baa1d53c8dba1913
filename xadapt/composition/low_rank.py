"""A fusion of low rank: the nearest one to a trained full fusion, a twentieth of its size.

Training moves the value matrices away from the identity, and the product of query and key away from noise, in a few
directions. So a fusion is trained with full matrices and then factored; one that is narrow from the start learns
something else, and worse.

Source: the nearest matrix of a given rank, Eckart and Young 1936.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class LowRankValue(nn.Module):
    """The value projection of a fusion of low rank: the identity plus the product of two narrow matrices.

    Attributes:
        down: Linear map without bias, weight of shape (rank, width).
        up: Linear map without bias, weight of shape (width, rank).
    """

    def __init__(self, width: int, rank: int) -> None:
        """Leave the weights as they come; they are filled in."""
        super().__init__()
        self.down = nn.Linear(width, rank, bias=False)
        self.up = nn.Linear(rank, width, bias=False)

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors of shape (..., width) to the same shape."""
        return vectors + self.up(self.down(vectors))

    @property
    def weight(self) -> Tensor:
        """The equal full matrix, shape (width, width)."""
        product = self.up.weight @ self.down.weight
        return product + torch.eye(len(product), device=product.device, dtype=product.dtype)


def make_room(layer: Any, rank: int) -> None:
    """Give a fusion layer projections of low rank, to be filled from a file."""
    # The library's forward asks of the three projections only that they can be called, so all else stays its own.
    width = layer.dense_size
    layer.query, layer.key, layer.value = nn.Linear(width, rank), nn.Linear(width, rank), LowRankValue(width, rank)


@torch.no_grad()
def lower(layer: Any, rank: int) -> None:
    """Put projections of low rank in the place of a fusion layer's full ones, as near to them as can be.

    Scores depend on the product of query and key matrices alone, and the softmax does not see the key's bias.
    """
    query, key = layer.query, layer.key
    # In double precision, because what is left of it afterwards is small differences.
    asks = torch.cat([query.weight, query.bias[:, None]], dim=1).double()
    to_query, to_key = _factors(asks.T @ key.weight.double(), rank)
    moved = layer.value.weight.double() - torch.eye(layer.dense_size, dtype=torch.double, device=query.weight.device)
    up, down = _factors(moved, rank)
    kind = query.weight.dtype
    make_room(layer, rank)
    layer.query.weight.data, layer.query.bias.data = to_query[:-1].T.to(kind).contiguous(), to_query[-1].to(kind)
    layer.key.weight.data, layer.key.bias.data = to_key.to(kind).contiguous(), to_query.new_zeros(rank).to(kind)
    layer.value.up.weight.data, layer.value.down.weight.data = up.to(kind).contiguous(), down.to(kind).contiguous()


def _factors(matrix: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    roots = values[:rank].sqrt()
    return left[:, :rank] * roots, roots[:, None] * right[:rank]
