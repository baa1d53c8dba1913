"""AdapterFusion layers: what one of low rank computes, and what draws them to the identity."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters.composition import Fuse

from tests.error_checks import refused
from tests.methods.fusions import BOTH, MEMBERS, draw_weights, logits, with_fusion, with_members
from xadapt.backbone.base import Backbone
from xadapt.backbone.encoder import run, split
from xadapt.methods.fusion import (
    add_fusion,
    as_full,
    expand_fusion,
    fusion_layers,
    load_fusion,
    lower_fusion,
    regularisation,
    save_fusion,
)


@pytest.mark.parametrize("config", ["seq_bn[reduction_factor=8]", "double_seq_bn"])
@pytest.mark.parametrize("rank", [1, 4, 32])
def test_a_fusion_of_low_rank_equals_the_full_one_it_expands_to(tiny: Backbone, rank: int, config: str) -> None:
    model = with_fusion(tiny, rank, config)
    before = logits(model)
    assert {layer.query.out_features for layer in fusion_layers(model, MEMBERS).values()} == {rank}
    expand_fusion(model, MEMBERS)
    assert {layer.query.out_features for layer in fusion_layers(model, MEMBERS).values()} == {32}
    torch.testing.assert_close(logits(model), before, atol=1e-5, rtol=0)


def test_the_equal_full_weights_are_padded_with_rows_of_zeros(tiny: Backbone) -> None:
    layer: Any = fusion_layers(with_fusion(tiny, 4), MEMBERS)[0]
    full, vectors = as_full(layer), torch.randn(5, 32)
    for name in ("query", "key"):
        rows = vectors @ full[f"{name}.weight"].T + full[f"{name}.bias"]
        torch.testing.assert_close(rows, torch.cat([getattr(layer, name)(vectors), torch.zeros(5, 28)], dim=1))
    product = full["value.weight"] - torch.eye(32)
    torch.testing.assert_close(product, layer.value.up.weight @ layer.value.down.weight)


def test_the_weights_of_a_full_fusion_are_its_own(tiny: Backbone) -> None:
    layer = fusion_layers(with_fusion(tiny, None), MEMBERS)[1]
    torch.testing.assert_close(as_full(layer), dict(layer.state_dict()), atol=0, rtol=0)


def test_an_expanded_fusion_is_read_by_the_plain_adapters_library(tiny: Backbone, tmp_path: Path) -> None:
    model = with_fusion(tiny, 4)
    before = logits(model)
    expand_fusion(model, MEMBERS)
    save_fusion(model, MEMBERS, tmp_path / "fusion")
    plain = with_members(tiny)
    plain.load_adapter_fusion(str(tmp_path / "fusion"), use_safetensors=True, set_active=True)
    torch.testing.assert_close(logits(plain), before, atol=1e-5, rtol=0)


def test_lowering_keeps_a_fusion_that_is_of_that_rank_already(tiny: Backbone) -> None:
    model = with_fusion(tiny, 4)
    expected = logits(model)
    expand_fusion(model, MEMBERS)
    lower_fusion(model, MEMBERS, 5)
    assert {layer.query.out_features for layer in fusion_layers(model, MEMBERS).values()} == {5}
    torch.testing.assert_close(logits(model), expected, atol=1e-4, rtol=1e-4)


def test_the_higher_the_rank_the_nearer_to_the_full_fusion(tiny: Backbone) -> None:
    expected, distances = logits(with_fusion(tiny, None)), []
    for rank in (1, 8, 24, 32):
        model = with_fusion(tiny, None)
        lower_fusion(model, MEMBERS, rank)
        distances.append((logits(model) - expected).norm().item())
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 1e-4 < distances[0]


def test_what_texts_show_counts_and_what_they_do_not_is_given_up_first(tiny: Backbone) -> None:
    ids = torch.randint(5, 300, (3, 11), generator=torch.Generator().manual_seed(2))
    full = with_fusion(tiny, None)
    split(full, "f" * 64)
    expected, distances = logits(full), []
    for reads in (False, True):
        model = copy.deepcopy(full)
        lower_fusion(model, MEMBERS, 8, partial(run, model, ids, torch.ones_like(ids), "task") if reads else None)
        with torch.no_grad():
            distances.append((model(ids, head="task").logits - full(ids, head="task").logits).norm().item())
        assert not any(layer._forward_pre_hooks for layer in fusion_layers(model, MEMBERS).values())
    assert distances[1] < distances[0] / 2
    assert torch.equal(logits(full), expected)


def test_padding_is_no_text(tiny: Backbone) -> None:
    ids = torch.randint(5, 300, (2, 9), generator=torch.Generator().manual_seed(2))
    kept = []
    for width in (5, 9):
        model = with_fusion(tiny, None)
        split(model, "f" * 64)
        mask = (torch.arange(width) < 5).long().expand(2, width)
        lower_fusion(model, MEMBERS, 8, partial(run, model, ids[:, :width], mask, "task"))
        kept.append(logits(model))
    torch.testing.assert_close(kept[0], kept[1], atol=1e-3, rtol=1e-3)


def test_what_training_adds_in_few_directions_survives_noise_in_all(tiny: Backbone) -> None:
    model = with_members(tiny)
    add_fusion(model, MEMBERS)
    for layer in fusion_layers(model, MEMBERS).values():
        with torch.no_grad():
            layer.value.weight += torch.outer(torch.randn(32), torch.randn(32))
            learnt = torch.randn(2, 32)
            layer.query.weight += learnt.T @ learnt
            layer.key.weight += learnt.T @ learnt
    model.set_active_adapters(MEMBERS)
    expected = logits(model)
    lower_fusion(model, MEMBERS, 3)
    assert (logits(model) - expected).norm() < 0.02 * expected.norm()


@BOTH
def test_the_penalty_is_the_squared_distance_of_the_values_to_the_identity(tiny: Backbone, rank: int | None) -> None:
    model = with_fusion(tiny, rank)
    model.train_adapter_fusion(MEMBERS)
    layers = fusion_layers(model, MEMBERS).values()
    explicit = sum(0.01 * (torch.eye(32) - layer.value.weight).pow(2).sum() for layer in layers)
    found = regularisation(model, MEMBERS)
    torch.testing.assert_close(found, explicit)
    torch.testing.assert_close(found, model.get_fusion_regularization_loss())
    moved = [parameter for layer in layers for parameter in layer.value.parameters()]
    torch.testing.assert_close(torch.autograd.grad(found, moved), torch.autograd.grad(explicit, moved))


def test_the_penalty_is_of_one_fusion_alone(tiny: Backbone) -> None:
    model, two = with_fusion(tiny, 4), Fuse("one", "two")
    add_fusion(model, two)
    assert regularisation(model, two) < 1e-6 < regularisation(model, MEMBERS)


def test_training_the_fusion_reaches_all_of_it_and_nothing_else(tiny: Backbone) -> None:
    model = with_fusion(tiny, 4)
    model.train_adapter_fusion(MEMBERS)
    model(torch.tensor([[5, 6, 7]]), head="task").logits.sum().backward()
    parts = {n for n, parameter in model.named_parameters() if parameter.grad is not None and not n.startswith("heads")}
    assert parts == {n for n, _ in model.named_parameters() if "adapter_fusion_layer." in n}
    assert all(dict(model.named_parameters())[name].grad.any() for name in parts if "key.bias" not in name)


def test_a_copied_or_moved_model_takes_its_fusion_along(tiny: Backbone) -> None:
    model = with_fusion(tiny, 4)
    copied = copy.deepcopy(model)
    assert torch.equal(logits(copied), logits(model))
    draw_weights(fusion_layers(copied, MEMBERS)[0].parameters())
    assert not torch.equal(logits(copied), logits(model))
    moved = fusion_layers(copied.to("meta"), MEMBERS).values()
    assert {parameter.device.type for layer in moved for parameter in layer.parameters()} == {"meta"}


@BOTH
def test_attention_over_the_members_can_be_had(tiny: Backbone, rank: int | None) -> None:
    found = logits(with_fusion(tiny, rank), output_adapter_fusion_attentions=True).adapter_fusion_attentions
    attention = found[MEMBERS.name]
    for index in (0, 1):
        assert attention[index]["output_adapter"].shape == (3, 11, 3)
        assert attention[index]["output_adapter"].sum(-1) == pytest.approx(1, abs=1e-6)


def test_layers_are_found_by_index_and_by_location_where_there_are_two(tiny: Backbone) -> None:
    assert list(fusion_layers(with_fusion(tiny, 4), MEMBERS)) == [0, 1]
    double = fusion_layers(with_fusion(tiny, 4, "double_seq_bn"), MEMBERS)
    assert list(double) == ["0.mh_adapter", "0.output_adapter", "1.mh_adapter", "1.output_adapter"]
    assert fusion_layers(with_members(tiny), MEMBERS) == {}


@pytest.mark.parametrize("rank", [0, 33])
def test_a_rank_that_the_base_has_no_room_for_is_refused(tiny: Backbone, rank: int) -> None:
    with refused(f"rank {rank}", advice="1 to 32"):
        lower_fusion(with_fusion(tiny, None), MEMBERS, rank)


def test_members_that_cannot_be_fused_are_one_line(tiny: Backbone) -> None:
    model = with_members(tiny)
    model.add_adapter("four", config="double_seq_bn")
    with refused("one, four", "mh_adapter", advice="train them"):
        add_fusion(model, Fuse("one", "four"))
    with refused("one, two, three", advice="seq_bn"):
        add_fusion(with_members(tiny, "lora"), MEMBERS)


@pytest.mark.parametrize(("config", "places"), [("seq_bn[reduction_factor=8]", 2), ("double_seq_bn", 4)])
def test_a_narrow_fusion_starts_with_values_as_they_are_in_every_place(
    tiny: Backbone, config: str, places: int, tmp_path: Path
) -> None:
    model = with_members(tiny, config)
    add_fusion(model, MEMBERS, narrow=4)
    layers = fusion_layers(model, MEMBERS)
    assert len(layers) == places
    for layer in layers.values():
        torch.testing.assert_close(layer.value.weight, torch.eye(32), atol=0, rtol=0)
        assert layer.query.weight.shape == layer.key.weight.shape == (4, 32)
    save_fusion(model, MEMBERS, tmp_path / "fusion")
    other = with_members(tiny, config)
    load_fusion(other, MEMBERS, tmp_path / "fusion")
    for one in (model, other):
        one.eval().set_active_adapters(MEMBERS)
    torch.testing.assert_close(logits(other), logits(model))


def test_the_scores_of_a_narrow_fusion_start_as_spread_as_those_of_a_full_one(tiny: Backbone) -> None:
    torch.manual_seed(0)
    spreads = []
    for narrow in (None, 2, 8):
        model = with_members(tiny)
        add_fusion(model, MEMBERS, narrow=narrow)
        layers = fusion_layers(model, MEMBERS).values()
        products = torch.stack([layer.query.weight.T @ layer.key.weight for layer in layers])
        spreads.append(products.std().item())
    assert spreads[1:] == pytest.approx([spreads[0]] * 2, rel=0.25)
