"""How alike adapters are: linear CKA and cosine of what each adds to the residual stream, on the same inputs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from xadapt.errors import XadaptError
from xadapt.explain.attention import RowMeans, Tokens, adapter_layers, with_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapters import XLMRobertaAdapterModel
    from adapters.composition import AdapterCompositionBlock
    from adapters.methods.bottleneck import BottleneckLayer

#: Tokens of a minibatch of CKA: its Gram matrices have this side, whatever the model's width.
MINIBATCH = 256
#: The unbiased estimator divides by the number of tokens minus 3.
_LEAST = 4


@dataclass(frozen=True)
class Similarity:
    """How alike members are. The last entry of the first axis is the mean over all layers.

    Attributes:
        cka: Linear CKA of the members' outputs, shape (layers + 1, members, members); not a number where a member adds
            the same to every token.
        cosine: Mean cosine of the members' outputs for a token, the same shape.
    """

    cka: np.ndarray
    cosine: np.ndarray


class SimilarityMeter:
    """Linear CKA and cosine of members' outputs, streamed.

    CKA is unbiased: HSIC is estimated without bias on minibatches of :data:`MINIBATCH` tokens, drawn at random from the
    rows that are run together, and averaged over them, so that nothing of a batch is kept and few tokens do not look
    alike for being few. Every token weighs the same. Estimates can lie a little outside 0 to 1. Cosines are means over
    the tokens of each row, then over rows.

    Source: Kornblith et al., arXiv 1905.00414; in minibatches, Nguyen et al., arXiv 2010.15327.
    """

    def __init__(self, rows: int, layers: int, members: int) -> None:
        """Begin without tokens."""
        self._cosine = RowMeans(rows, layers, members, members)
        self._hsic = torch.zeros(layers, members, members, dtype=torch.float64)

    def add(self, layer: int, outputs: torch.Tensor, tokens: Tokens) -> None:
        """Add what the members add to a batch at a layer, float32, shape (sequences, tokens, members, width)."""
        unit = functional.normalize(outputs, dim=-1)
        self._cosine.add(layer, unit @ unit.transpose(-2, -1), tokens)
        real = outputs[tokens.mask].transpose(0, 1)
        count = real.shape[1]
        # Neighbours are of one sentence; among them alone, CKA would compare within sentences only.
        order = torch.randperm(count, generator=torch.Generator().manual_seed(0)).to(real.device)
        for chosen in order.tensor_split(max(1, count // MINIBATCH)):
            if len(chosen) >= _LEAST:
                self._hsic[layer] += len(chosen) * unbiased_hsic(real[:, chosen]).cpu().double()

    def result(self) -> Similarity:
        """Both measures."""
        hsic = self._hsic.numpy()
        hsic = (hsic + hsic.transpose(0, 2, 1)) / 2
        own = np.sqrt(np.maximum(np.diagonal(hsic, axis1=1, axis2=2), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            cka = hsic / (own[:, :, None] * own[:, None, :])
        cka[~np.isfinite(cka)] = np.nan
        return Similarity(with_mean(cka, axis=0), with_mean(self._cosine.means().mean(axis=0), axis=0))


def unbiased_hsic(vectors: torch.Tensor) -> torch.Tensor:
    """Estimate the Hilbert-Schmidt independence criterion of all pairs of members, with linear kernels.

    Args:
        vectors: One vector a member and example, float, shape (members, examples, width); at least 4 examples.

    Returns:
        The estimates, shape (members, members).

    Source: Song et al., Feature Selection via Dependence Maximization, JMLR 13 (2012), equation 5.
    """
    # The estimator does not change with a member's mean, but sums of large numbers would lose digits.
    vectors = vectors - vectors.mean(dim=1, keepdim=True)
    n = vectors.shape[1]
    grams = vectors @ vectors.transpose(1, 2)
    grams.diagonal(dim1=1, dim2=2).zero_()
    rows = grams.sum(dim=2)
    sums = rows.sum(dim=1)
    flat = grams.flatten(1)
    both = flat @ flat.T + torch.outer(sums, sums) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (rows @ rows.T)
    return both / (n * (n - 3))


def common_points(models: Sequence[XLMRobertaAdapterModel]) -> list[tuple[int, str]]:
    """The points in the network where every model has an adapter.

    Raises:
        XadaptError: If there is none, as between adapters that are not bottlenecks.
    """
    every = [set(adapter_layers(model)) for model in models]
    points = [point for point in adapter_layers(models[0]) if all(point in there for there in every)]
    if not points:
        raise XadaptError("the members have no bottleneck adapters at the same layers: explain compares only such")
    return points


@contextmanager
def member_hooks(
    models: Sequence[XLMRobertaAdapterModel],
    setups: Sequence[AdapterCompositionBlock],
    points: list[tuple[int, str]],
    see: Callable[[int, torch.Tensor], None],
) -> Iterator[XLMRobertaAdapterModel]:
    """Watch what members would add to the bare base: all read the base's own hidden states at every layer.

    Args:
        models: One model a member; the first lends the base and has no active adapters.
        setups: Each member as the library's composition.
        points: Where to look.
        see: Called with the point's number and what the members add to the residual stream there, float32, shape
            (sequences, tokens, members, width).

    Yields:
        The model to run, which is the first.
    """
    from xadapt.libraries.adapters import bottleneck_forward

    everywhere = [adapter_layers(model) for model in models]
    host = everywhere[0]

    def watched(number: int, point: tuple[int, str]) -> Callable[..., torch.Tensor]:
        plain = host[point].bottleneck_layer_forward

        def forward(hidden: torch.Tensor, residual: torch.Tensor, norm: torch.nn.Module) -> torch.Tensor:
            with torch.autocast(hidden.device.type, enabled=False):
                added = [
                    added_by(layers[point], setup, hidden.float(), residual.float(), norm)
                    for layers, setup in zip(everywhere, setups, strict=True)
                ]
                see(number, torch.stack(added, dim=2))
            return plain(hidden, residual, norm)

        return forward

    with bottleneck_forward({host[point]: watched(number, point) for number, point in enumerate(points)}):
        yield models[0]


def added_by(
    layer: BottleneckLayer,
    setup: AdapterCompositionBlock | str,
    hidden: torch.Tensor,
    residual: torch.Tensor,
    norm: torch.nn.Module,
) -> torch.Tensor:
    """What a setup adds to the residual stream at a point.

    Args:
        layer: The library's bottleneck layer.
        setup: The library's composition.
        hidden: What the point reads, shape (sequences, tokens, width).
        residual: The residual stream beside it, the same shape.
        norm: The layer norm that follows.

    Returns:
        The difference that the setup makes before that layer norm, the same shape.
    """
    from adapters.methods.bottleneck import BottleneckState
    from adapters.methods.modeling import ParallelAdapter

    after = layer.compose(setup, BottleneckState(hidden, residual, residual, norm))
    # A parallel adapter is handed on without what it was added to.
    return after.hidden_states - (0.0 if isinstance(layer.adapters[after.last], ParallelAdapter) else hidden)
