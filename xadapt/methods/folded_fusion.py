"""AdapterFusion without its wide matrices: what the library computes, to rounding, for hardly more than one adapter.

The library lets each of n members write a vector as wide as the base, then multiplies each by a square key and a square
value matrix, token by token. But a member writes a linear map of its narrow bottleneck h. So its key and value are
linear maps of h too, its score is h times a narrow map of the query, and the few rows of these maps are computed once
for all tokens. The key's bias adds the same to all scores of a token, and the softmax does not see it.

Source: AdapterFusion, arXiv 2005.00247; ``BottleneckLayer.compose_fuse`` and ``BertFusion`` of adapters 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from adapters.context import ForwardContext
from adapters.methods.bottleneck import BottleneckLayer, BottleneckState
from adapters.methods.modeling import Adapter, BertFusion
from torch import Tensor, nn
from torch.nn.functional import linear

from xadapt.libraries.adapters import override
from xadapt.libraries.torch import has_hooks, version
from xadapt.methods.low_rank_fusion import LowRankValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.composition import Fuse


def fold(part: BottleneckLayer) -> None:
    """Let a layer of bottlenecks compute its fusions folded, wherever that gives the same.

    The library's own way is taken when anything is not the default: members that are no plain sequential bottleneck
    adapters, fusions without one of the three projections, temperature, dropout, hooks, attentions asked for.

    Args:
        part: The layer; its modules, parameters and state dict stay as they are.
    """
    override(part, _Folding)


class _Folding(BottleneckLayer):
    def compose_fuse(self, adapter_setup: Fuse, state: BottleneckState, lvl: int = 0) -> BottleneckState:
        members = _members(self, adapter_setup)
        if members is None:
            return super().compose_fuse(adapter_setup, state, lvl)
        config, _ = self.adapters_config.get_fusion(adapter_setup.name)
        last = adapter_setup.last()
        hidden, query, residual = self.adapters[last].pre_forward(
            state.hidden_states, state.input_tensor, state.layer_norm, fusion_config=config
        )
        fused = self._folded(adapter_setup.name, members)(hidden, query, [member.non_linearity for member in members])
        # In place, so that under autocast the sum has the type that the library's has.
        fused += residual
        return state._replace(hidden_states=fused, adapter_residual=residual, last=last)

    def _folded(self, name: str, members: Sequence[Adapter]) -> _Folded:
        fusion = self.adapter_fusion_layer[name]
        weights = _weights(fusion, members)
        kept: dict[str, _Kept] = self.__dict__.setdefault("_kept", {})
        # Fused optimizers change weights without a trace, so that only what nothing trains can be kept.
        if any(weight.requires_grad or weight.is_inference() for weight in weights):
            kept.pop(name, None)
            return _fold(fusion, members)
        found = kept.get(name)
        if found is None or not found.is_of(weights):
            with torch.inference_mode(False):
                found = _Kept(_fold(fusion, members), tuple((weight.detach(), version(weight)) for weight in weights))
            kept[name] = found
        return found.folded


@dataclass(frozen=True)
class _Folded:
    """The maps of a fusion of n members with bottlenecks of B units together, on a base of width d.

    Attributes:
        down: Weight (B, d) and bias (B,) of all members' down projections.
        scores: Weights and biases that are applied to the query one after the other and give B + n numbers.
        value: From weighted bottlenecks and the n weights to what the fusion adds, shape (d, B + n).
        units: 1 where a unit (column) belongs to a member (row), shape (n, B).
        sizes: Units of each member.
    """

    down: tuple[Tensor, Tensor]
    scores: tuple[tuple[Tensor, Tensor | None], ...]
    value: Tensor
    units: Tensor
    sizes: list[int]

    def __call__(self, hidden: Tensor, query: Tensor, activations: Sequence[Any]) -> Tensor:
        parts = linear(hidden, *self.down).split(self.sizes, dim=-1)
        bottlenecks = torch.cat([act(part) for act, part in zip(activations, parts, strict=True)], dim=-1)
        for weight, bias in self.scores:
            query = linear(query, weight, bias)
        by_unit, by_member = query.split([sum(self.sizes), len(self.sizes)], dim=-1)
        attention = (linear(bottlenecks * by_unit, self.units) + by_member).softmax(dim=-1)
        weighted = torch.cat([bottlenecks * (attention @ self.units), attention], dim=-1)
        return linear(weighted, self.value)


@dataclass(frozen=True)
class _Kept:
    folded: _Folded
    # The tensors are held, for else another could come to lie at the same address.
    of: tuple[tuple[Tensor, int], ...]

    def is_of(self, weights: Sequence[Tensor]) -> bool:
        return len(weights) == len(self.of) and all(
            weight.data_ptr() == old.data_ptr() and version(weight) == number
            for weight, (old, number) in zip(weights, self.of, strict=True)
        )


def _fold(fusion: BertFusion, members: Sequence[Adapter]) -> _Folded:
    query, key = fusion.query, fusion.key
    ups, downs = [member.adapter_up for member in members], [member.adapter_down[0] for member in members]
    with torch.autocast(query.weight.device.type, enabled=False):
        # What each unit writes, then what each member writes at any rate.
        rows = torch.cat(
            [up.weight.T * member.scaling for up, member in zip(ups, members, strict=True)]
            + [up.bias[None] * member.scaling for up, member in zip(ups, members, strict=True)]
        )
        # Training on several devices waits for a gradient of every weight, of the key's bias too: it is zero.
        keys = linear(rows, key.weight) + 0 * key.bias.sum()
        scores: tuple[tuple[Tensor, Tensor | None], ...] = ((query.weight, query.bias), (keys, None))
        rank, width = query.weight.shape
        if len(keys) * width <= rank * (width + len(keys)):
            scores = ((keys @ query.weight, keys @ query.bias),)
        sizes = [down.out_features for down in downs]
        return _Folded(
            down=(torch.cat([down.weight for down in downs]), torch.cat([down.bias for down in downs])),
            scores=scores,
            value=fusion.value(rows).T,
            units=torch.block_diag(*(rows.new_ones(1, size) for size in sizes)),
            sizes=sizes,
        )


def _weights(fusion: BertFusion, members: Sequence[Adapter]) -> list[Tensor]:
    linears = [fusion.query, fusion.key]
    for member in members:
        linears += [member.adapter_down[0], member.adapter_up]
    scalings = [member.scaling for member in members if isinstance(member.scaling, Tensor)]
    return [*(w for layer in linears for w in (layer.weight, layer.bias)), *fusion.value.parameters(), *scalings]


def _members(part: BottleneckLayer, fused: Fuse) -> list[Adapter] | None:
    # None where folding would not give what the library gives.
    context = ForwardContext.get_context()
    if context is not None and context.output_adapter_fusion_attentions:
        return None
    if fused.name not in part.adapter_fusion_layer or not _is_plain_fusion(part.adapter_fusion_layer[fused.name]):
        return None
    if not all(isinstance(child, str) and child in part.adapters for child in fused):
        return None
    members = [part.adapters[child] for child in fused]
    return members if all(map(_is_plain_member, members)) else None


def _is_plain_fusion(fusion: BertFusion) -> bool:
    config = fusion.config
    return (
        type(fusion) is BertFusion
        and all(config[name] for name in ("query", "key", "value"))
        and not (config["residual_before"] or config["temperature"])
        and not (fusion.training and fusion.dropout.p)
        and type(fusion.query) is type(fusion.key) is nn.Linear
        and type(fusion.value) in (nn.Linear, LowRankValue)
        and not any(map(has_hooks, (fusion, fusion.query, fusion.key, fusion.value)))
    )


def _is_plain_member(member: Adapter) -> bool:
    if type(member) is not Adapter or member.use_gating or hasattr(member, "DropPath"):
        return False
    down, up = member.adapter_down, member.adapter_up
    # A layer norm before comes first in the down projection; one after is no part of what a fusion reads.
    return type(down[0]) is type(up) is nn.Linear and not any(map(has_hooks, (member, down, down[0], up)))
