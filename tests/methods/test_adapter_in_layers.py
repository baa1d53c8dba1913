"""Methods limited to some layers: stored, loaded by plain libraries, put together, and refused where they cannot be."""

from __future__ import annotations

from pathlib import Path

import peft
import pytest
import torch
from adapters import AutoAdapterModel
from adapters.composition import Fuse, Stack
from transformers import AutoModel

from tests.adapter_hosts import AdapterHost
from tests.error_checks import refused
from xadapt.composition.merging import merge_adapters
from xadapt.methods.adapter import (
    adapter_state,
    add_adapter,
    check_method,
    fixed_state,
    load_adapter,
    method_of,
    save_adapter,
)

LIBRARY = (
    "seq_bn", "double_seq_bn", "par_bn", "seq_bn_inv", "compacter[reduction_factor=4]", "prefix_tuning_flat",
    "lora[r=4]", "ia3", "vera", "dora", "noreft", "mam", "unipelt", "lora|seq_bn",
)  # fmt: skip
PEFT = (
    "peft:lora[r=4]", "peft:rslora", "peft:dora", "peft:loha", "peft:lokr", "peft:vera[r=16]", "peft:oft",
    "peft:lora[target_modules=['output.dense']]",
)  # fmt: skip


@pytest.mark.parametrize("text", [*LIBRARY, *PEFT])
def test_only_these_layers_have_parameters_also_when_it_is_loaded(
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path, text: str
) -> None:
    check_method(f"{text}@1")
    host.add(f"{text}@1", "z")
    host.add(text, "all")
    keys, everywhere = (
        # All layers take their prefixes from one pool, which is found in the first.
        {key for key in adapter_state(host.model, name) if ".prefix_tuning.pool." not in key}
        for name in ("z", "all")
    )
    assert keys == {key for key in everywhere if not key.startswith("encoder.layer.0.")}
    assert method_of(host.model, "z") != method_of(host.model, "all")
    save_adapter(host.model, "z", tmp_path / "stored")
    load_adapter(other_host.model, tmp_path / "stored", "y")
    assert torch.equal(other_host.under("y"), host.under("z"))
    assert not torch.equal(other_host.under("y"), host.bare)
    assert method_of(other_host.model, "y") == method_of(host.model, "z")


@pytest.mark.parametrize("text", ["seq_bn", "lora[r=4]", "unipelt", "peft:lora[r=4]"])
def test_all_layers_by_number_are_all_layers(host: AdapterHost, text: str) -> None:
    for name, layers in (("a", ""), ("b", "@0,1"), ("c", "@0-"), ("d", "@all")):
        host.add(f"{text}{layers}", name)
        assert method_of(host.model, name) == method_of(host.model, "a")


@pytest.mark.parametrize("text", LIBRARY)
def test_the_plain_adapters_library_computes_the_same(
    host: AdapterHost, tiny_base_folder: Path, tmp_path: Path, text: str
) -> None:
    host.add(f"{text}@1", "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    plain = AutoAdapterModel.from_pretrained(tiny_base_folder).eval()
    plain.load_adapter(str(tmp_path / "stored"), set_active=True, use_safetensors=True)
    assert torch.equal(host.hidden(plain.roberta), host.under("z"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", PEFT)
def test_plain_peft_computes_the_same(host: AdapterHost, tiny_base_folder: Path, tmp_path: Path, text: str) -> None:
    host.add(f"{text}@1", "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    plain = AutoModel.from_pretrained(tiny_base_folder).eval()
    loaded = peft.PeftModel.from_pretrained(plain, tmp_path / "stored").eval()
    assert torch.equal(host.hidden(loaded), host.under("z"))


@pytest.mark.parametrize("text", ["seq_bn", "lora[r=4]", "ia3", "prefix_tuning_flat", "peft:lora[r=4]", "peft:lokr"])
def test_adapters_in_the_same_layers_average_and_others_do_not(host: AdapterHost, text: str) -> None:
    host.add(f"{text}@1", "a", "b")
    host.add(text, "c")
    merge_adapters(host.model, "average", ["a", "b"], (), "mean")
    first, second, mean = (adapter_state(host.model, name) for name in ("a", "b", "mean"))
    assert first.keys() == mean.keys()
    assert all(torch.allclose(value, (first[key] + second[key]) / 2) for key, value in mean.items())
    assert method_of(host.model, "mean") == method_of(host.model, "a")
    with refused("a", "c", "layers_to_transform" if text.startswith("peft:") else "leave_out"):
        merge_adapters(host.model, "average", ["a", "c"], (), "never")


@pytest.mark.parametrize("kind", ["linear", "svd", "ties", "dare"])
@pytest.mark.parametrize("text", ["lora[r=4]", "peft:lora[r=4]"])
def test_loras_in_the_same_layers_merge_and_others_do_not(host: AdapterHost, kind: str, text: str) -> None:
    host.add(f"{text}@1", "a", "b")
    host.add(text, "c")
    merge_adapters(host.model, kind, ["a", "b"], (), "made")
    assert adapter_state(host.model, "made").keys() == adapter_state(host.model, "a").keys()
    assert not torch.equal(host.under("made"), host.bare)
    with refused("a", "c", "configuration"):
        merge_adapters(host.model, kind, ["a", "c"], (), "never")


@pytest.mark.parametrize(
    ("first", "second"), [("seq_bn", "seq_bn@1"), ("seq_bn@1", "seq_bn"), ("seq_bn@0", "seq_bn@1")]
)
def test_a_fusion_of_adapters_in_different_layers_is_one_line(host: AdapterHost, first: str, second: str) -> None:
    host.add(first, "a")
    host.add(second, "b")
    host.model.add_adapter_fusion(Fuse("a", "b"))
    with refused("a and b", "adapter_config", advice="adapter_layers"):
        host.under(Fuse("a", "b"))
    with refused("a and b", advice="adapter_layers"):
        host.under(Stack(Fuse("a", "b"), "a"))


def test_what_is_in_the_layers_of_a_fusion_or_fewer_is_stacked_on_it(
    host: AdapterHost, other_host: AdapterHost
) -> None:
    host.add("seq_bn@1", "a", "b", "z")
    host.add("seq_bn", "wide")
    host.model.add_adapter_fusion(Fuse("a", "b"))
    fused = host.under(Fuse("a", "b"))
    assert not torch.equal(fused, host.bare)
    assert not torch.equal(host.under(Stack(Fuse("a", "b"), "z")), fused)
    with refused("wide", advice="adapter_layers of b"):
        host.under(Stack(Fuse("a", "b"), "wide"))
    other_host.add("seq_bn", "a", "b")
    other_host.add("seq_bn@1", "z")
    other_host.model.add_adapter_fusion(Fuse("a", "b"))
    assert not torch.equal(other_host.under(Stack(Fuse("a", "b"), "z")), other_host.under(Fuse("a", "b")))


@pytest.mark.parametrize("text", ["seq_bn", "par_bn", "ia3", "peft:lora"])
def test_adapters_in_different_layers_stack_one_on_the_other(host: AdapterHost, text: str) -> None:
    host.add(f"{text}@0", "low")
    host.add(f"{text}@1", "high")
    host.add(text, "both")
    with torch.no_grad():
        # The halves of an adapter in all layers are adapters in some.
        parts = {**adapter_state(host.model, "low"), **adapter_state(host.model, "high")}
        for key, value in adapter_state(host.model, "both").items():
            value.copy_(parts[key])
    stacked = host.under(Stack("low", "high"))
    assert not any(torch.equal(stacked, host.under(name)) for name in ("low", "high"))
    assert torch.allclose(stacked, host.under("both"), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "subject", "advice"),
    [
        ("peft:ia3@1", "peft:ia3", "peft:lora"),
        ("seq_bn[leave_out=[0]]@1", "layers", "twice"),
        ("loreft[layers=[0]]@1", "layers", "twice"),
        ("peft:lora[layers_to_transform=[0]]@1", "layers", "twice"),
        ("seq_bn@top", "adapter_layers: 'top'", "6-11"),
        ("seq_bm@1", "'seq_bm'", "'seq_bn'"),
    ],
)
def test_what_cannot_be_limited_is_one_line_before_there_is_a_base(text: str, subject: str, advice: str) -> None:
    with refused(subject, advice=advice):
        check_method(text)


@pytest.mark.parametrize("text", ["seq_bn", "unipelt", "peft:lora"])
@pytest.mark.parametrize(("layers", "missing"), [("2", 2), ("2-", 2), ("0-5", 5)])
def test_a_layer_that_the_base_has_not_is_one_line(host: AdapterHost, text: str, layers: str, missing: int) -> None:
    check_method(f"{text}@{layers}")
    with refused(f"adapter_layers={layers}", f"layer {missing}", advice="0 to 1"):
        add_adapter(host.model, "z", f"{text}@{layers}")
    assert not [name for name in host.model.adapters_config if name == "z"]


def test_random_parts_are_there_without_the_layers_below(host: AdapterHost) -> None:
    host.add("vera@1", "z")
    assert len(fixed_state(host.model, "z")) == 2
