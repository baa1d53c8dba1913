"""A fusion of low rank, a twentieth of the full size: the nearest to a trained full one, or narrow from the start.

Training moves the value matrices away from the identity, and the product of query and key away from noise, in a few
directions, so that factoring a trained fusion loses little. One that is narrow from the start learns something else:
that it is worse was seen at the rate of a full one, and it needs a higher one (see :mod:`xadapt.training.narrow`).

Source: the nearest matrix of a given rank, Eckart and Young 1936; nearest on the data, as in SVD-LLM, arXiv 2403.07378.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from adapters.methods.modeling import BertFusion

#: The deviation of a full layer's queries and keys before training, that of the library.
_DRAWN = 0.02
#: What a direction counts that no token has, of the mean of all.
_LEAST = 1e-4


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


def set_low_rank(layer: BertFusion, rank: int) -> None:
    """Give a fusion layer projections of low rank, to be filled from a file."""
    # The library's forward only calls the three projections, so all else stays its own.
    width = layer.dense_size
    layer.query, layer.key, layer.value = nn.Linear(width, rank), nn.Linear(width, rank), LowRankValue(width, rank)


@torch.no_grad()
def start_narrow(layer: BertFusion) -> None:
    """Set a layer of low rank to where training starts: values as they are, scores as spread as those of a full layer.

    A full layer's matrices are drawn with a deviation of 0.02, and scores sum over as many products as the rank. The
    value's way down is drawn as it comes, its way up is zero: so their product is, and only one of them moves at first.
    """
    rank, width = layer.query.weight.shape
    for part in (layer.query, layer.key):
        nn.init.normal_(part.weight, std=_DRAWN * (width / rank) ** 0.25)
        nn.init.zeros_(part.bias)
    nn.init.zeros_(layer.value.up.weight)


@dataclass
class Moments:
    """Second moments of what a fusion layer is given, summed over tokens; under zeros all directions count alike.

    Attributes:
        queries: Of the query with a 1 behind it, shape (width + 1, width + 1).
        keys: Of the members' vectors less their mean: the softmax sees no more. Shape (width, width).
        values: Of the members' vectors, shape (width, width).
    """

    queries: Tensor
    keys: Tensor
    values: Tensor

    @classmethod
    def of_width(cls, width: int) -> Moments:
        """Sums of nothing."""
        return cls(*(torch.zeros(size, size, dtype=torch.double) for size in (width + 1, width, width)))

    def add(self, query: Tensor, members: Tensor) -> None:
        """Count tokens in: queries, shape (tokens, width), and members' vectors, (tokens, members, width)."""
        query, members = query.float().cpu(), members.float().cpu()
        queries = torch.cat([query, query.new_ones(len(query), 1)], dim=1)
        keys = (members - members.mean(1, keepdim=True)).flatten(0, 1)
        values = members.flatten(0, 1)
        # A batch in single precision, the sum of all in double.
        for moment, vectors in ((self.queries, queries), (self.keys, keys), (self.values, values)):
            moment.add_(vectors.T @ vectors)


@torch.no_grad()
def lower(layer: BertFusion, rank: int, moments: Moments) -> None:
    """Replace a fusion layer's full projections by some of low rank, as near to them as can be.

    Scores depend on the product of query and key matrices alone, and the softmax does not see the key's bias. Near is
    what scores and values differ little by on the tokens of the moments.

    Args:
        layer: A layer of a full fusion.
        rank: Of the product of queries and keys, and of the value's distance to the identity.
        moments: Of what the layer is given.
    """
    query, key = layer.query, layer.key
    dtype, device = query.weight.dtype, query.weight.device
    # In double precision, because small differences are what is left of it afterwards.
    query_map = torch.cat([query.weight, query.bias[:, None]], dim=1).double().cpu()
    to_query, to_key = _factors(query_map.T @ key.weight.double().cpu(), rank, moments.queries, moments.keys)
    moved = layer.value.weight.double().cpu() - torch.eye(layer.dense_size, dtype=torch.double)
    up, down = _factors(moved, rank, torch.zeros_like(moved), moments.values)
    set_low_rank(layer, rank)
    filled = {
        "query.weight": to_query[:-1].T,
        "query.bias": to_query[-1],
        "key.weight": to_key,
        "key.bias": torch.zeros(rank),
        "value.up.weight": up,
        "value.down.weight": down,
    }
    layer.load_state_dict({name: value.to(dtype).contiguous() for name, value in filled.items()})
    layer.to(device, dtype)


def _factors(matrix: Tensor, rank: int, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """The two factors of the product of a rank that is nearest to a matrix as vectors with these moments see it."""
    left_root, left_inverse = _roots(left)
    right_root, right_inverse = _roots(right)
    columns, values, rows = torch.linalg.svd(left_root @ matrix @ right_root, full_matrices=False)
    roots = values[:rank].sqrt()
    return left_inverse @ columns[:, :rank] * roots, roots[:, None] * rows[:rank] @ right_inverse


def _roots(moment: Tensor) -> tuple[Tensor, Tensor]:
    """The square root of a moment and its inverse; a direction that was never seen counts a little."""
    values, vectors = torch.linalg.eigh(moment)
    values = values.clamp(min=0) + _LEAST * values.mean() + (0.0 if moment.any() else 1.0)
    return vectors * values.sqrt() @ vectors.T, vectors / values.sqrt() @ vectors.T
