"""A fusion is folded once, and again when its weights change."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from adapters import XLMRobertaAdapterModel

from tests.methods.folding import TWO, bottlenecks, fused, gradients, hidden, same
from xadapt.backbone.base import Backbone
from xadapt.methods import folded_fusion
from xadapt.methods.folded_fusion import fold
from xadapt.methods.fusion import fusion_layers


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry a time that a fusion layer is folded."""
    made: list[Any] = []
    plain = folded_fusion._fold

    def watched(fusion: Any, members: Any) -> Any:
        made.append(fusion)
        return plain(fusion, members)

    monkeypatch.setattr(folded_fusion, "_fold", watched)
    return made


def test_what_nobody_trains_is_folded_once(tiny: Backbone, folds: Any) -> None:
    model = fused(tiny)
    for _ in range(3):
        hidden(model)
    assert len(folds) == 2
    model.requires_grad_(True)
    with torch.no_grad():
        hidden(model)
    assert len(folds) == 4


@pytest.mark.parametrize("kind", [{"fused": True}, {"foreach": True}, {"foreach": False}])
def test_a_step_of_an_optimizer_counts_at_once(tiny: Backbone, kind: Any) -> None:
    model = fused(tiny)
    same(model)
    before = hidden(model)
    trained = [p for layer in fusion_layers(model, model.active_adapters).values() for p in layer.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=0.1, **kind)
    gradients(model)
    same(model)
    optimizer.step()
    same(model)
    model.requires_grad_(False)
    same(model)
    assert not torch.allclose(hidden(model), before, atol=1e-3)


def load_others(model: XLMRobertaAdapterModel) -> None:
    state = {k: torch.flip(v, (0,)) for k, v in model.state_dict().items() if "fusion_layer." in k or ".adapters." in k}
    model.load_state_dict(state, strict=False)


def assign_others(model: XLMRobertaAdapterModel) -> None:
    state = {k: torch.flip(v, (0,)) for k, v in model.state_dict().items() if "fusion_layer." in k}
    model.load_state_dict(state, strict=False, assign=True)


def scale_in_inference(model: XLMRobertaAdapterModel) -> None:
    with torch.inference_mode():
        bottlenecks(model)[1].adapters["m1"].adapter_up.bias.mul_(-3)


def turn_a_value(model: XLMRobertaAdapterModel) -> None:
    fusion_layers(model, model.active_adapters)[1].value.weight.mul_(-1)


def set_a_scaling(model: XLMRobertaAdapterModel) -> None:
    bottlenecks(model)[1].adapters["m0"].scaling.data = torch.tensor([4.0])


def round_and_back(model: XLMRobertaAdapterModel) -> None:
    model.bfloat16().float()


@pytest.mark.parametrize(
    "change", [load_others, assign_others, turn_a_value, scale_in_inference, set_a_scaling, round_and_back]
)
def test_other_weights_count_at_once(tiny: Backbone, change: Any) -> None:
    model = fused(tiny, ("seq_bn[reduction_factor=8,scaling='learned']", TWO[1]))
    same(model)
    before = hidden(model)
    change(model)
    same(model)
    assert not torch.allclose(hidden(model), before, atol=1e-4)


def test_weights_made_for_inference_alone_are_taken(tiny: Backbone) -> None:
    with torch.inference_mode():
        model = fused(tiny)
        before = hidden(model)
        bottlenecks(model)[1].adapters["m1"].adapter_up.bias.mul_(-3)
        assert not torch.allclose(hidden(model), before, atol=1e-3)
    same(model)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
def test_a_layer_is_folded_once_and_keeps_its_kind_and_its_name(tiny: Backbone, calls: Any, way: Any) -> None:
    model = fused(tiny)
    for part in bottlenecks(model):
        fold(part)
    kinds = [type(part) for part in bottlenecks(model)]
    for part in bottlenecks(model):
        fold(part)
    hidden(model)
    other = way(model)
    assert [type(part) for part in bottlenecks(model)] == [type(part) for part in bottlenecks(other)] == kinds
    assert {kind.__name__ for kind in kinds} == {type(part).__name__ for part in bottlenecks(tiny.model())}
    assert torch.equal(hidden(other), hidden(model))
    assert not calls
