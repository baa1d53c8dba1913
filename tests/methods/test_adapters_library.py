"""Methods of the adapters library: its configurations, its files, and the compositions that it gets wrong silently."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from adapters import XLMRobertaAdapterModel
from adapters.composition import Fuse, Stack
from adapters.configuration import ADAPTER_CONFIG_MAP

from tests.adapter_hosts import AdapterHost
from tests.error_checks import refused
from xadapt.methods.adapter import adapter_state, add_adapter, copy_method, fixed_state, load_adapter, save_adapter


@pytest.mark.parametrize("text", ["seq_bn", "lora", "ia3", "prefix_tuning_flat", "vera", "unipelt"])
def test_the_plain_library_loads_what_is_stored_and_computes_the_same(
    host: AdapterHost, tmp_path: Path, text: str
) -> None:
    # Adapters of peft in the same layers must leave no trace in the file.
    host.add("peft:lora[target_modules=['query', 'value', 'intermediate.dense']]", "p")
    host.add(text, "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    plain = type(host.model)(copy.deepcopy(host.model.config)).eval()
    assert type(plain) is XLMRobertaAdapterModel
    base = {k.replace(".base_layer", ""): v for k, v in host.model.state_dict().items() if ".z." not in k}
    plain.load_state_dict(base, strict=False)
    plain.load_adapter(str(tmp_path / "stored"), load_as="y", use_safetensors=True)
    plain.set_active_adapters("y")
    assert torch.equal(host.hidden(plain.roberta), host.under("z"))


def test_an_adapter_that_the_plain_library_stored_is_loaded(
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path
) -> None:
    host.add("seq_bn", "z")
    host.model.save_adapter(str(tmp_path / "stored"), "z", with_head=False, use_safetensors=True)
    load_adapter(other_host.model, tmp_path / "stored", "y")
    assert torch.equal(other_host.under("y"), host.under("z"))


def test_no_configuration_of_the_library_is_shared_or_changed(host: AdapterHost, other_host: AdapterHost) -> None:
    before = {name: config.to_dict() for name, config in ADAPTER_CONFIG_MAP.items()}
    for text in ("lora", "unipelt", "prefix_tuning"):
        for one in (host, other_host):
            add_adapter(one.model, text, text)
        first, second = (one.model.adapters_config.get(text) for one in (host, other_host))
        assert first is not second
        assert first is not ADAPTER_CONFIG_MAP[text]
    attention = host.model.adapters_config.get("lora").attn_matrices
    assert attention is not other_host.model.adapters_config.get("lora").attn_matrices
    assert attention is not ADAPTER_CONFIG_MAP["lora"].attn_matrices
    copy_method(host.model, "lora", "narrow", rank=2)
    assert host.model.adapters_config.get("lora").r == 8
    assert {name: config.to_dict() for name, config in ADAPTER_CONFIG_MAP.items()} == before


@pytest.mark.parametrize("name", ["output", "query", "encoder", "0", "self", "adapters", "average[0~5*a;:b]"])
def test_any_name_that_the_library_takes_is_told_apart_from_modules_of_the_base(host: AdapterHost, name: str) -> None:
    host.add("unipelt", "z")
    add_adapter(host.model, name, "unipelt")
    assert adapter_state(host.model, name).keys() == adapter_state(host.model, "z").keys()
    own = {id(p) for p in adapter_state(host.model, name).values()}
    assert not own & {id(p) for p in adapter_state(host.model, "z").values()}


@pytest.mark.parametrize(("text", "parts"), [("seq_bn", 0), ("vera", 2), ("dvora", 2), ("loreft", 4)])
def test_random_parts_that_are_never_trained_are_no_parameters_of_an_adapter(
    host: AdapterHost, text: str, parts: int
) -> None:
    host.add(text, "z")
    assert len(fixed_state(host.model, "z")) == parts
    assert not fixed_state(host.model, "z").keys() & adapter_state(host.model, "z").keys()
    assert all(torch.equal(value, value.half().float()) for value in fixed_state(host.model, "z").values())


def test_the_library_erases_a_lora_under_a_fresh_one_and_here_this_is_one_line(host: AdapterHost) -> None:
    host.add("lora", "a")
    add_adapter(host.model, "fresh", "lora")
    host.model.set_active_adapters(Stack("a", "fresh"))
    assert torch.equal(host.hidden(), host.bare)
    with refused("a and fresh", advice="peft:lora"):
        host.under(Stack("a", "fresh"))


def test_a_fresh_lora_of_peft_on_another_changes_nothing(host: AdapterHost) -> None:
    host.add("peft:lora", "a")
    add_adapter(host.model, "fresh", "peft:lora")
    assert torch.equal(host.under(Stack("a", "fresh")), host.under("a"))


def test_scales_can_be_stacked(host: AdapterHost) -> None:
    host.add("ia3", "a", "b")
    both = host.under(Stack("a", "b"))
    assert not any(torch.allclose(both, host.under(name), atol=1e-4) for name in ("a", "b"))


@pytest.mark.parametrize("text", ["loreft", "noreft", "seq_bn_inv"])
def test_what_the_library_would_leave_out_of_a_stack_is_one_line(host: AdapterHost, text: str) -> None:
    host.add("seq_bn", "b")
    host.add(text, "z")
    with refused("z", advice="bottom of a stack"):
        host.under(Stack("b", "z"))
    assert not torch.allclose(host.under(Stack("z", "b")), host.under("b"), atol=1e-4)


@pytest.mark.parametrize("text", ["lora", "unipelt", "prefix_tuning_flat", "noreft", "peft:lora"])
def test_fusion_of_anything_but_bottlenecks_is_one_line(host: AdapterHost, text: str) -> None:
    host.add("seq_bn", "b")
    host.add(text, "z")
    with refused("AdapterFusion", "and z", advice="seq_bn"):
        host.under(Fuse("b", "z"))
    with refused("AdapterFusion", "and z", advice="seq_bn"):
        host.under(Stack(Fuse("z", "b"), "b"))


@pytest.mark.parametrize("text", ["seq_bn", "par_bn", "double_seq_bn", "compacter++[reduction_factor=4]"])
def test_bottlenecks_of_every_sort_are_fused(host: AdapterHost, text: str) -> None:
    host.add(text, "a", "b")
    host.model.add_adapter_fusion(Fuse("a", "b"))
    assert host.under(Fuse("a", "b")).isfinite().all()


def test_a_bottleneck_where_the_fusion_below_has_none_is_one_line(host: AdapterHost) -> None:
    host.add("seq_bn", "a", "b")
    host.add("double_seq_bn", "z")
    fused = Fuse("a", "b")
    host.model.add_adapter_fusion(fused)
    with refused("z", "adapter_config", advice="adapter_layers of b"):
        host.under(Stack(fused, "z"))
    host.model.set_active_adapters(Stack(fused, "z"))
    with pytest.raises(KeyError):
        host.hidden()
