"""Folded fusions: what the library computes, forward and backward, wherever folding is allowed and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from adapters import AdapterFusionConfig, XLMRobertaAdapterModel
from adapters.composition import Fuse, Stack

from tests.methods.folding import IDS, TWO, bottlenecks, close, fused, gradients, hidden, library, same
from xadapt.backbone.base import Backbone
from xadapt.methods.fusion import fusion_layers, load_fusion, save_fusion

FIVE = (
    "seq_bn[reduction_factor=2,non_linearity='gelu']",
    "seq_bn[reduction_factor=16,non_linearity='leakyrelu',scaling=2.5]",
    "seq_bn[reduction_factor=8,non_linearity='prelu',scaling='learned']",
    "seq_bn[reduction_factor=32,non_linearity='swish',scaling='channel']",
    "seq_bn[reduction_factor=4,ln_after=True]",
)

#: Rank 1 takes queries first through their own matrix, rank 32 folds it in, as a full fusion does.
RANKS = pytest.mark.parametrize("rank", [None, 1, 32])


@RANKS
@pytest.mark.parametrize("configs", [TWO, FIVE, ("double_seq_bn",) * 2])
def test_a_folded_fusion_computes_what_the_library_computes(
    tiny: Backbone, calls: Any, configs: Any, rank: Any
) -> None:
    model = fused(tiny, configs, rank)
    with torch.inference_mode():
        found = hidden(model)
        assert not calls
        expected = hidden(library(model))
        assert len(calls) == (4 if "double_seq_bn" in configs else 2)
    assert close(found, expected)
    same(model.double(), 1e-13)


@RANKS
@pytest.mark.parametrize("configs", [TWO, FIVE])
def test_gradients_are_those_of_the_library(tiny: Backbone, calls: Any, configs: Any, rank: Any) -> None:
    # In single precision the library's own rounding is up to 2e-4 of a gradient at rank 1.
    model = fused(tiny, configs, rank).double()
    plain, every = library(model), ("adapter_fusion_layer.", "adapters.m", "query.weight")
    found = gradients(model, every)
    assert not calls
    expected = gradients(plain, every)
    # A member's layer norm after is of no use in a fusion, and neither way reaches it.
    assert found.keys() == expected.keys() >= {n for n, _ in model.named_parameters() if "fusion_layer." in n}
    for name, gradient in found.items():
        if ".key.bias" in name:
            assert not gradient.any()
        else:
            assert gradient.any()
            assert close(gradient, expected[name], 1e-12)


def test_an_adapter_on_top_sees_what_it_would_see(tiny: Backbone, calls: Any) -> None:
    model = fused(tiny)
    model.set_active_adapters(Stack(model.active_adapters, "top"))
    plain = library(model)
    with torch.inference_mode():
        # Maps that are kept from here must also serve where gradients pass through them.
        found = hidden(model)
    moved = gradients(model, ("adapters.top",))
    assert not calls
    assert close(found, hidden(plain))
    expected = gradients(plain, ("adapters.top",))
    assert moved.keys() == expected.keys() != set()
    assert all(close(gradient, expected[name]) for name, gradient in moved.items())


def test_bf16_gives_the_same_type_and_stays_close(tiny: Backbone) -> None:
    model = fused(tiny)
    exact = hidden(model)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.inference_mode():
        found, expected = hidden(model), hidden(library(model))
    assert found.dtype == expected.dtype
    assert close(found, exact, 1.2 * float((expected - exact).norm() / exact.norm()))


def set_dropout(model: XLMRobertaAdapterModel) -> None:
    model.train()
    for layer in fusion_layers(model, model.active_adapters).values():
        layer.dropout.p = 0.5


def watch_a_member(model: XLMRobertaAdapterModel) -> None:
    bottlenecks(model)[1].adapters["m0"].register_forward_hook(lambda *seen: None)
    bottlenecks(model)[3].adapters["m1"].adapter_up.register_forward_pre_hook(lambda *seen: None)


def watch_the_fusion(model: XLMRobertaAdapterModel) -> None:
    for layer in fusion_layers(model, model.active_adapters).values():
        layer.value.register_forward_hook(lambda *seen: None)


@pytest.mark.parametrize("change", [set_dropout, watch_a_member, watch_the_fusion])
def test_dropout_and_hooks_leave_a_fusion_to_the_library(tiny: Backbone, calls: Any, change: Any) -> None:
    model = fused(tiny)
    change(model)
    torch.manual_seed(3)
    found = hidden(model)
    assert len(calls) == 2
    torch.manual_seed(3)
    assert torch.equal(found, hidden(library(model)))


@pytest.mark.parametrize(
    "config", ["seq_bn[ln_before=True]", "seq_bn[use_gating=True]", "par_bn", "seq_bn[phm_layer=True,phm_dim=2]"]
)
def test_other_members_leave_a_fusion_to_the_library(tiny: Backbone, calls: Any, config: str) -> None:
    model = fused(tiny, (TWO[0], config))
    found = hidden(model)
    assert len(calls) == 2
    assert torch.equal(found, hidden(library(model)))


@pytest.mark.parametrize("option", ["query", "key", "value", "residual_before", "temperature"])
def test_other_kinds_of_fusion_are_left_to_the_library(tiny: Backbone, calls: Any, option: str) -> None:
    model = fused(tiny)
    model.delete_adapter_fusion(Fuse("m0", "m1"))
    dynamic = AdapterFusionConfig.load("dynamic")
    model.add_adapter_fusion(Fuse("m0", "m1"), config=dynamic.replace(**{option: not dynamic[option]}))
    model.set_active_adapters(Fuse("m0", "m1"))
    found = hidden(model.eval())
    assert len(calls) == 2
    torch.testing.assert_close(found, hidden(library(model)))


def test_attentions_are_the_library_s_when_they_are_asked_for(tiny: Backbone, calls: Any) -> None:
    model = fused(tiny)
    model.add_classification_head("task", num_labels=2)
    with torch.inference_mode():
        out = model(IDS, head="task", output_adapter_fusion_attentions=True)
        assert len(calls) == 2
        torch.testing.assert_close(out.logits, model(IDS, head="task").logits)
    assert len(calls) == 2
    assert out.adapter_fusion_attentions["m0,m1"][1]["output_adapter"].shape == (3, 11, 2)


def test_files_are_those_of_the_library(tiny: Backbone, tmp_path: Path, calls: Any) -> None:
    model = fused(tiny)
    hidden(model)
    assert model.state_dict().keys() == library(model).state_dict().keys()
    save_fusion(model, model.active_adapters, tmp_path / "ours")
    library(model).save_adapter_fusion(str(tmp_path / "plain"), "m0,m1", use_safetensors=True)
    for file in (tmp_path / "plain").iterdir():
        assert (tmp_path / "ours" / file.name).read_bytes() == file.read_bytes()
    other = fused(tiny)
    other.delete_adapter_fusion(Fuse("m0", "m1"))
    load_fusion(other, Fuse("m0", "m1"), tmp_path / "plain")
    other.set_active_adapters(Fuse("m0", "m1"))
    assert torch.equal(hidden(other.eval()), hidden(model))
    assert not calls
