"""Attention weights of a fusion, as they are watched and as they are averaged."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from adapters import AdapterConfig, AdapterFusionConfig
from adapters.composition import Fuse

from tests.error_checks import refused
from xadapt.explain.attention import (
    AttentionMeter,
    RowMeans,
    Tokens,
    adapter_layers,
    attention_layers,
    fusion_hooks,
    layer_labels,
)
from xadapt.methods.fusion import add_fusion, lower_fusion


def fused(
    tiny: Any, config: str = "seq_bn", rank: int | None = None, members: tuple[str, ...] = ("a", "b", "c")
) -> Any:
    """A model with fresh random members and a fresh random fusion."""
    torch.manual_seed(3)
    model = tiny.model()
    for name in members:
        model.add_adapter(name, config=AdapterConfig.load(config))
    add_fusion(model, Fuse(*members))
    if rank is not None:
        lower_fusion(model, Fuse(*members), rank)
    model.set_active_adapters(Fuse(*members))
    return model.eval()


@torch.no_grad()
def prefer(model: Any, member: int, strength: float) -> None:
    """Set queries and keys so that each token's score is ``strength`` for one member and 0 for the others."""
    for layer in adapter_layers(model).values():
        for number, adapter in enumerate(layer.adapters.values()):
            adapter.adapter_up.weight.zero_()
            adapter.adapter_up.bias.zero_()
            adapter.adapter_up.bias[0] = float(number == member)
    for layer in attention_layers(model).values():
        rank, width = layer.key.weight.shape
        bias = torch.zeros(rank)
        layer.key.load_state_dict({"weight": torch.eye(rank, width), "bias": bias})
        # What a state dict holds is what a projection computes, also where it keeps its weights otherwise.
        layer.query.load_state_dict(
            {"weight": torch.zeros(rank, width), "bias": bias.index_fill(0, torch.tensor(0), strength)}
        )


def batch(rows: int = 4, length: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    """Random ids with more and more padding from row to row."""
    ids = torch.randint(5, 300, (rows, length), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(length)[None] < length - torch.arange(rows)[:, None]
    return ids.masked_fill(~mask, 1), mask


def measured(model: Any, ids: torch.Tensor, mask: torch.Tensor, precision: str = "fp32") -> Any:
    layers = attention_layers(model)
    meter = AttentionMeter(len(ids), len(layers), 3)
    tokens = Tokens(mask, torch.arange(len(ids)))
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")
    see = lambda layer, outputs, weights: meter.add(layer, weights, tokens)  # noqa: E731
    with torch.inference_mode(), autocast, fusion_hooks(list(layers.values()), see):
        model.roberta(input_ids=ids, attention_mask=mask.long())
    return meter.result()


@pytest.mark.parametrize("rank", [None, 4])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_fusion_that_prefers_one_member_is_reported_so(tiny: Any, rank: int | None, precision: str) -> None:
    model = fused(tiny, rank=rank)
    prefer(model, 1, 2.0)
    found = measured(model, *batch(), precision)
    high, low = math.exp(2) / (math.exp(2) + 2), 1 / (math.exp(2) + 2)
    assert found.weights.shape == (3, 3)
    np.testing.assert_allclose(found.weights, [[low, high, low]] * 3, atol=1e-5)
    np.testing.assert_allclose(found.spread, 0, atol=1e-5)
    entropy = -(high * math.log(high) + 2 * low * math.log(low)) / math.log(3)
    np.testing.assert_allclose(found.entropy, entropy, atol=1e-5)


def test_zero_queries_attend_uniformly(tiny: Any) -> None:
    model = fused(tiny)
    with torch.no_grad():
        for layer in attention_layers(model).values():
            layer.query.weight.zero_()
            layer.query.bias.zero_()
    found = measured(model, *batch())
    np.testing.assert_allclose(found.weights, 1 / 3, atol=1e-6)
    np.testing.assert_allclose(found.entropy, 1, atol=1e-6)


@torch.no_grad()
def sharpen(model: Any) -> None:
    """Make the random weights of a fusion far from uniform."""
    for layer in attention_layers(model).values():
        layer.query.weight.mul_(60)
        layer.key.weight.mul_(60)


def test_what_is_watched_are_the_librarys_own_weights_over_real_tokens(tiny: Any) -> None:
    model = fused(tiny)
    sharpen(model)
    ids, mask = batch()
    found = measured(model, ids, mask)
    with torch.inference_mode():
        outputs = model.roberta(input_ids=ids, attention_mask=mask.long(), output_adapter_fusion_attentions=True)
    own = outputs.adapter_fusion_attentions["a,b,c"]
    for layer in range(2):
        weights = own[layer]["output_adapter"]
        rows = np.array([weights[row, mask[row].numpy()].mean(axis=0) for row in range(len(ids))])
        np.testing.assert_allclose(found.weights[layer], rows.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(found.spread[layer], rows.std(axis=0), atol=1e-6)
        assert np.abs(found.weights[layer] - 1 / 3).max() > 0.01
    np.testing.assert_allclose(found.weights[-1], found.weights[:-1].mean(axis=0), atol=1e-9)


def test_watching_changes_nothing_that_the_model_computes(tiny: Any) -> None:
    model = fused(tiny)
    ids, mask = batch()
    with torch.inference_mode():
        before = model.roberta(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        with fusion_hooks(list(attention_layers(model).values()), lambda *seen: None):
            watched = model.roberta(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    # What is watched goes the library's way, which multiplies in another order.
    torch.testing.assert_close(watched, before, atol=1e-5, rtol=1e-5)
    assert not any(layer._forward_pre_hooks for layer in attention_layers(model).values())


def test_a_fusion_that_adds_the_residual_to_its_values_is_watched_without_a_change(tiny: Any) -> None:
    torch.manual_seed(3)
    model = tiny.model()
    for name in ("a", "b"):
        model.add_adapter(name, config="seq_bn")
    model.add_adapter_fusion(Fuse("a", "b"), config=AdapterFusionConfig.load("dynamic", residual_before=True))
    model.set_active_adapters(Fuse("a", "b"))
    model.eval()
    ids, mask = batch()
    seen: list[torch.Tensor] = []
    with torch.inference_mode():
        before = model.roberta(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        with fusion_hooks(list(attention_layers(model).values()), lambda _, outputs, __: seen.append(outputs.clone())):
            watched = model.roberta(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    # What is watched goes the library's way, which multiplies in another order.
    torch.testing.assert_close(watched, before, atol=1e-5, rtol=1e-5)
    # What members add is small; with the residual it would be of the size of hidden states.
    assert seen[0].abs().mean() < 0.1


def test_padding_does_not_change_the_numbers(tiny: Any) -> None:
    model = fused(tiny)
    sharpen(model)
    ids, mask = batch()
    wider = torch.nn.functional.pad(ids, (0, 7), value=1), torch.nn.functional.pad(mask, (0, 7), value=False)
    one, other = measured(model, ids, mask), measured(model, *wider)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)
    np.testing.assert_allclose(one.entropy, other.entropy, atol=1e-6)


def test_every_row_weighs_the_same_however_long_it_is_and_in_however_many_sequences_it_comes() -> None:
    means = RowMeans(3, 1)
    values = torch.tensor([[1.0, 1.0, 1.0, 1.0], [5.0, 9.0, 9.0, 9.0]])
    mask = torch.tensor([[True, True, True, True], [True, False, False, False]])
    means.add(0, values, Tokens(mask, torch.tensor([0, 2])))
    means.add(0, torch.tensor([[8.0, 8.0]]), Tokens(torch.tensor([[True, False]]), torch.tensor([2])))
    # The row without a token has no mean and is left out.
    assert means.means().tolist() == [[1.0], [6.5]]


def test_what_stands_at_padding_is_never_read() -> None:
    means = RowMeans(1, 1)
    means.add(0, torch.tensor([[2.0, torch.nan]]), Tokens(torch.tensor([[True, False]]), torch.tensor([0])))
    assert means.means().tolist() == [[2.0]]


def test_layers_are_named_from_1_and_by_location_where_there_are_two(tiny: Any) -> None:
    assert layer_labels(list(attention_layers(fused(tiny)))) == ["1", "2"]
    twice = fused(tiny, "double_seq_bn")
    assert layer_labels(list(attention_layers(twice))) == ["1 attention", "1 output", "2 attention", "2 output"]


def test_a_model_without_a_fusion_cannot_be_watched(tiny: Any) -> None:
    with refused("0 fusions", advice="explain"):
        attention_layers(tiny.model())
