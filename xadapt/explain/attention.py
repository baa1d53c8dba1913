"""Which member a fusion attends to: its attention weights over real tokens, streamed from hooks, one mean a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel
    from adapters.methods.bottleneck import BottleneckLayer

#: Called with a point in the network and the tensors that pass there.
See = Callable[[int, torch.Tensor, torch.Tensor], None]


@dataclass(frozen=True)
class Tokens:
    """The tokens of a batch.

    Attributes:
        mask: True for a token, False for padding, shape (sequences, tokens).
        rows: The row that each sequence belongs to, on the CPU, int64, shape (sequences,).
    """

    mask: torch.Tensor
    rows: torch.Tensor


class RowMeans:
    """Means over the tokens of each row, kept as sums; a row may come in several sequences and batches."""

    def __init__(self, rows: int, *shape: int) -> None:
        """Begin without tokens; ``shape`` is that of a row's means, layers first."""
        self._sums = torch.zeros(rows, *shape, dtype=torch.float64)
        self._counts = torch.zeros(rows, shape[0], dtype=torch.float64)

    def add(self, layer: int, values: torch.Tensor, tokens: Tokens) -> None:
        """Add one value a token, shape (sequences, tokens, …), at a layer."""
        mask = tokens.mask.view(*tokens.mask.shape, *(1,) * (values.dim() - 2))
        sums = torch.where(mask, values, 0.0).sum(dim=1)
        self._sums[:, layer].index_add_(0, tokens.rows, sums.cpu().double())
        self._counts[:, layer].index_add_(0, tokens.rows, tokens.mask.sum(dim=1).cpu().double())

    def means(self) -> np.ndarray:
        """Means of the rows that have tokens at all, float64, shape (rows, *shape)."""
        there = self._counts[:, 0] > 0
        counts = self._counts[there]
        return (self._sums[there] / counts.view(*counts.shape, *(1,) * (self._sums.dim() - 2))).numpy()


@dataclass(frozen=True)
class Attention:
    """What a fusion attends to. The last entry of the first axis is the mean over all layers.

    Attributes:
        weights: Mean attention weight of each member, adding up to 1, shape (layers + 1, members).
        spread: Standard deviation of a row's mean weight over rows, shape (layers + 1, members).
        entropy: Mean entropy of a token's weights, relative to that of uniform weights: 1 where every token attends to
            all members alike, 0 where to one only; shape (layers + 1,).
    """

    weights: np.ndarray
    spread: np.ndarray
    entropy: np.ndarray


class AttentionMeter:
    """Means of attention weights over the real tokens of each row; then each row weighs the same."""

    def __init__(self, rows: int, layers: int, members: int) -> None:
        """Begin without tokens."""
        self._weights = RowMeans(rows, layers, members)
        self._entropy = RowMeans(rows, layers)
        self._most = math.log(members)

    def add(self, layer: int, weights: torch.Tensor, tokens: Tokens) -> None:
        """Add the weights of a batch at a layer, float, shape (sequences, tokens, members)."""
        self._weights.add(layer, weights, tokens)
        self._entropy.add(layer, -torch.xlogy(weights, weights).sum(dim=-1) / self._most, tokens)

    def result(self) -> Attention:
        """The means over rows, and their spread."""
        weights = with_mean(self._weights.means(), axis=1)
        entropy = with_mean(self._entropy.means(), axis=1)
        return Attention(weights.mean(axis=0), weights.std(axis=0), entropy.mean(axis=0))


def with_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Append the mean along an axis as its last entry."""
    return np.concatenate((values, values.mean(axis=axis, keepdims=True)), axis=axis)


def adapter_layers(model: XLMRobertaAdapterModel) -> dict[tuple[int, str], BottleneckLayer]:
    """The points where bottleneck adapters act, from the bottom: layer (from 0) and location in the layer."""
    from adapters.methods.bottleneck import BottleneckLayer

    found = [module for module in model.modules() if isinstance(module, BottleneckLayer) and len(module.adapters)]
    # Within a layer, what follows self-attention ("mh_adapter") comes before what follows the feed-forward part.
    found.sort(key=lambda module: (module.layer_idx, module.location_key != "mh_adapter"))
    return {(module.layer_idx, module.location_key): module for module in found}


def layer_labels(points: list[tuple[int, str]]) -> list[str]:
    """Name points for people: layers from 1, as everywhere, with the location where a layer has two."""
    if len({location for _, location in points}) == 1:
        return [str(layer + 1) for layer, _ in points]
    return [f"{layer + 1} {'attention' if location == 'mh_adapter' else 'output'}" for layer, location in points]


def attention_layers(model: XLMRobertaAdapterModel) -> dict[tuple[int, str], torch.nn.Module]:
    """The layers of the one fusion that a model holds, by point.

    Raises:
        XadaptError: If the model holds no fusion, or several.
    """
    layers = {point: layer.adapter_fusion_layer for point, layer in adapter_layers(model).items()}
    names = {name for fusions in layers.values() for name in fusions}
    if len(names) != 1:
        raise XadaptError(f"the setup holds {len(names)} fusions: explain a setup with one")
    (name,) = names
    return {point: fusions[name] for point, fusions in layers.items() if name in fusions}


@contextmanager
def fusion_hooks(layers: list[torch.nn.Module], see: See) -> Iterator[None]:
    """Watch fusion layers while a model runs, without changing what it computes.

    Args:
        layers: Modules that are called as ``(query, key, value, residual, output_attentions)``, as the adapters
            library's ``BertFusion`` is, with key and value the members' outputs, shape (sequences, tokens, members,
            width), and return their weights with ``output_attentions``.
        see: Called with each layer's number, the members' outputs, and the weights, shape (sequences, tokens, members);
            both float32.
    """

    def hook(number: int) -> Callable[..., None]:
        def watch(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            query, outputs, _, residual = inputs[:4]
            # Weights are computed anew in float32: under bf16 the library cannot hand over its own.
            with torch.autocast(query.device.type, enabled=False):
                # A copy, because a fusion with residual_before adds to its values in place.
                members = outputs.float().clone()
                weights = module.forward(query.float(), members, members, residual.float(), output_attentions=True)[1]
                see(number, outputs.float(), torch.as_tensor(weights).to(query.device, torch.float32))

        return watch

    handles = [layer.register_forward_pre_hook(hook(number)) for number, layer in enumerate(layers)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
