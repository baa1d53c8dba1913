"""Folded fusions: what the library computes, forward and backward, wherever folding is allowed and nowhere else."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters import AdapterFusionConfig
from adapters.composition import Fuse, Stack
from adapters.methods.bottleneck import BottleneckLayer
from adapters.methods.modeling import BertFusion

from xadapt.composition import folded_fusion
from xadapt.composition.folded_fusion import fold
from xadapt.composition.fusion import add_fusion, fusion_layers, load_fusion, lower_fusion, save_fusion

TWO = ("seq_bn[reduction_factor=8]", "seq_bn[reduction_factor=4]")
FIVE = (
    "seq_bn[reduction_factor=2,non_linearity='gelu']",
    "seq_bn[reduction_factor=16,non_linearity='leakyrelu',scaling=2.5]",
    "seq_bn[reduction_factor=8,non_linearity='prelu',scaling='learned']",
    "seq_bn[reduction_factor=32,non_linearity='swish',scaling='channel']",
    "seq_bn[reduction_factor=4,ln_after=True]",
)
IDS = torch.randint(5, 300, (3, 11), generator=torch.Generator().manual_seed(2))
#: Rank 1 takes queries first through their own matrix, rank 32 folds it in, as a full fusion does.
RANKS = pytest.mark.parametrize("rank", [None, 1, 32])


def fused(tiny: Any, configs: Any = TWO, rank: int | None = None) -> Any:
    """The tiny base with members and a fusion that say something, active and frozen, the same at every call."""
    torch.manual_seed(1)
    model = tiny.model()
    members = Fuse(*(f"m{number}" for number in range(len(configs))))
    for name, config in zip(members, configs, strict=True):
        model.add_adapter(name, config=config)
    model.add_adapter("top", config="seq_bn[reduction_factor=8]")
    add_fusion(model, members)
    if rank is not None:
        lower_fusion(model, members, rank)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "adapter" in name:
                parameter.normal_(std=0.3)
    model.set_active_adapters(members)
    return model.requires_grad_(False).eval()


def places(model: Any) -> list[Any]:
    return [part for part in model.modules() if isinstance(part, BottleneckLayer)]


def library(model: Any) -> Any:
    """A copy that the library computes."""
    copied = copy.deepcopy(model)
    for part in places(copied):
        part.__class__ = next(kind for kind in type(part).__mro__ if kind.compose_fuse is BottleneckLayer.compose_fuse)
    return copied


def hidden(model: Any, **options: Any) -> torch.Tensor:
    return model.roberta(IDS, **options).last_hidden_state


def close(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5) -> bool:
    """Whether the difference is small, relative to what is expected."""
    return bool((found - expected).norm() <= tolerance * expected.norm())


def same(model: Any, tolerance: float = 1e-5) -> None:
    """Check a model against the library."""
    with torch.inference_mode():
        assert close(hidden(model), hidden(library(model)), tolerance)


def gradients(model: Any, parts: tuple[str, ...] = ("adapter_fusion_layer.",)) -> dict[str, torch.Tensor]:
    """Gradients of a loss by name, of parameters whose names hold one of the parts."""
    found = {name: p for name, p in model.named_parameters() if any(part in name for part in parts)}
    for parameter in found.values():
        parameter.requires_grad_(True)
    found_hidden = hidden(model)
    # Squares alone would hardly change after a layer norm.
    weights = torch.randn(found_hidden.shape, generator=torch.Generator().manual_seed(4))
    (found_hidden * weights).sum().backward()
    return {name: p.grad for name, p in found.items() if p.grad is not None}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry a time that the library computes a fusion layer."""
    made: list[Any] = []
    plain = BertFusion.forward

    def forward(self: Any, *inputs: Any, **options: Any) -> Any:
        made.append(self)
        return plain(self, *inputs, **options)

    monkeypatch.setattr(BertFusion, "forward", forward)
    return made


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


@RANKS
@pytest.mark.parametrize("configs", [TWO, FIVE, ("double_seq_bn",) * 2])
def test_a_folded_fusion_computes_what_the_library_computes(tiny: Any, calls: Any, configs: Any, rank: Any) -> None:
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
def test_gradients_are_those_of_the_library(tiny: Any, calls: Any, configs: Any, rank: Any) -> None:
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


def test_an_adapter_on_top_sees_what_it_would_see(tiny: Any, calls: Any) -> None:
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


def test_bf16_gives_the_same_type_and_stays_close(tiny: Any) -> None:
    model = fused(tiny)
    exact = hidden(model)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.inference_mode():
        found, expected = hidden(model), hidden(library(model))
    assert found.dtype == expected.dtype
    assert close(found, exact, 1.2 * float((expected - exact).norm() / exact.norm()))


def set_dropout(model: Any) -> None:
    model.train()
    for layer in fusion_layers(model, model.active_adapters).values():
        layer.dropout.p = 0.5


def watch_a_member(model: Any) -> None:
    places(model)[1].adapters["m0"].register_forward_hook(lambda *seen: None)
    places(model)[3].adapters["m1"].adapter_up.register_forward_pre_hook(lambda *seen: None)


def watch_the_fusion(model: Any) -> None:
    for layer in fusion_layers(model, model.active_adapters).values():
        layer.value.register_forward_hook(lambda *seen: None)


@pytest.mark.parametrize("change", [set_dropout, watch_a_member, watch_the_fusion])
def test_dropout_and_hooks_leave_a_fusion_to_the_library(tiny: Any, calls: Any, change: Any) -> None:
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
def test_other_members_leave_a_fusion_to_the_library(tiny: Any, calls: Any, config: str) -> None:
    model = fused(tiny, (TWO[0], config))
    found = hidden(model)
    assert len(calls) == 2
    assert torch.equal(found, hidden(library(model)))


@pytest.mark.parametrize("option", ["query", "key", "value", "residual_before", "temperature"])
def test_other_kinds_of_fusion_are_left_to_the_library(tiny: Any, calls: Any, option: str) -> None:
    model = fused(tiny)
    model.delete_adapter_fusion(Fuse("m0", "m1"))
    dynamic = AdapterFusionConfig.load("dynamic")
    model.add_adapter_fusion(Fuse("m0", "m1"), config=dynamic.replace(**{option: not dynamic[option]}))
    model.set_active_adapters(Fuse("m0", "m1"))
    found = hidden(model.eval())
    assert len(calls) == 2
    torch.testing.assert_close(found, hidden(library(model)))


def test_attentions_are_the_library_s_when_they_are_asked_for(tiny: Any, calls: Any) -> None:
    model = fused(tiny)
    model.add_classification_head("task", num_labels=2)
    with torch.inference_mode():
        out = model(IDS, head="task", output_adapter_fusion_attentions=True)
        assert len(calls) == 2
        torch.testing.assert_close(out.logits, model(IDS, head="task").logits)
    assert len(calls) == 2
    assert out.adapter_fusion_attentions["m0,m1"][1]["output_adapter"].shape == (3, 11, 2)


def test_what_nobody_trains_is_folded_once(tiny: Any, folds: Any) -> None:
    model = fused(tiny)
    for _ in range(3):
        hidden(model)
    assert len(folds) == 2
    model.requires_grad_(True)
    with torch.no_grad():
        hidden(model)
    assert len(folds) == 4


@pytest.mark.parametrize("kind", [{"fused": True}, {"foreach": True}, {"foreach": False}])
def test_a_step_of_an_optimizer_counts_at_once(tiny: Any, kind: Any) -> None:
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


def load_others(model: Any) -> None:
    state = {k: torch.flip(v, (0,)) for k, v in model.state_dict().items() if "fusion_layer." in k or ".adapters." in k}
    model.load_state_dict(state, strict=False)


def assign_others(model: Any) -> None:
    state = {k: torch.flip(v, (0,)) for k, v in model.state_dict().items() if "fusion_layer." in k}
    model.load_state_dict(state, strict=False, assign=True)


def scale_in_inference(model: Any) -> None:
    with torch.inference_mode():
        places(model)[1].adapters["m1"].adapter_up.bias.mul_(-3)


def turn_a_value(model: Any) -> None:
    fusion_layers(model, model.active_adapters)[1].value.weight.mul_(-1)


def set_a_scaling(model: Any) -> None:
    places(model)[1].adapters["m0"].scaling.data = torch.tensor([4.0])


def round_and_back(model: Any) -> None:
    model.bfloat16().float()


@pytest.mark.parametrize(
    "change", [load_others, assign_others, turn_a_value, scale_in_inference, set_a_scaling, round_and_back]
)
def test_other_weights_count_at_once(tiny: Any, change: Any) -> None:
    model = fused(tiny, ("seq_bn[reduction_factor=8,scaling='learned']", TWO[1]))
    same(model)
    before = hidden(model)
    change(model)
    same(model)
    assert not torch.allclose(hidden(model), before, atol=1e-4)


def test_weights_made_for_inference_alone_are_taken(tiny: Any) -> None:
    with torch.inference_mode():
        model = fused(tiny)
        before = hidden(model)
        places(model)[1].adapters["m1"].adapter_up.bias.mul_(-3)
        assert not torch.allclose(hidden(model), before, atol=1e-3)
    same(model)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
def test_a_place_is_folded_once_and_keeps_its_kind_and_its_name(tiny: Any, calls: Any, way: Any) -> None:
    model = fused(tiny)
    for part in places(model):
        fold(part)
    kinds = [type(part) for part in places(model)]
    for part in places(model):
        fold(part)
    hidden(model)
    other = way(model)
    assert [type(part) for part in places(model)] == [type(part) for part in places(other)] == kinds
    assert {kind.__name__ for kind in kinds} == {type(part).__name__ for part in places(tiny.model())}
    assert torch.equal(hidden(other), hidden(model))
    assert not calls


def test_files_are_those_of_the_library(tiny: Any, tmp_path: Path, calls: Any) -> None:
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
