"""Methods limited to some layers: stored, loaded by plain libraries, put together, and refused where they cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from adapters import AutoAdapterModel
from adapters.composition import Fuse, Stack
from transformers import AutoModel

from xadapt.composition.merging import merge_adapters
from xadapt.errors import XadaptError
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
    bed: Any, other_bed: Any, tmp_path: Path, text: str
) -> None:
    check_method(f"{text}@1")
    bed.add(f"{text}@1", "z")
    bed.add(text, "all")
    keys, everywhere = (
        # All layers take their prefixes from one pool, which is found in the first.
        {key for key in adapter_state(bed.model, name) if ".prefix_tuning.pool." not in key}
        for name in ("z", "all")
    )
    assert keys == {key for key in everywhere if not key.startswith("encoder.layer.0.")}
    assert method_of(bed.model, "z") != method_of(bed.model, "all")
    save_adapter(bed.model, "z", tmp_path / "stored")
    load_adapter(other_bed.model, tmp_path / "stored", "y")
    assert torch.equal(other_bed.under("y"), bed.under("z"))
    assert not torch.equal(other_bed.under("y"), bed.bare)
    assert method_of(other_bed.model, "y") == method_of(bed.model, "z")


@pytest.mark.parametrize("text", ["seq_bn", "lora[r=4]", "unipelt", "peft:lora[r=4]"])
def test_all_layers_by_number_are_all_layers(bed: Any, text: str) -> None:
    for name, layers in (("a", ""), ("b", "@0,1"), ("c", "@0-"), ("d", "@all")):
        bed.add(f"{text}{layers}", name)
        assert method_of(bed.model, name) == method_of(bed.model, "a")


@pytest.mark.parametrize("text", LIBRARY)
def test_the_plain_adapters_library_computes_the_same(
    bed: Any, tiny_base_folder: Path, tmp_path: Path, text: str
) -> None:
    bed.add(f"{text}@1", "z")
    save_adapter(bed.model, "z", tmp_path / "stored")
    plain = AutoAdapterModel.from_pretrained(tiny_base_folder).eval()
    plain.load_adapter(str(tmp_path / "stored"), set_active=True, use_safetensors=True)
    assert torch.equal(bed.hidden(plain.roberta), bed.under("z"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", PEFT)
def test_plain_peft_computes_the_same(bed: Any, tiny_base_folder: Path, tmp_path: Path, text: str) -> None:
    bed.add(f"{text}@1", "z")
    save_adapter(bed.model, "z", tmp_path / "stored")
    plain = AutoModel.from_pretrained(tiny_base_folder).eval()
    loaded = peft.PeftModel.from_pretrained(plain, tmp_path / "stored").eval()
    assert torch.equal(bed.hidden(loaded), bed.under("z"))


@pytest.mark.parametrize("text", ["seq_bn", "lora[r=4]", "ia3", "prefix_tuning_flat", "peft:lora[r=4]", "peft:lokr"])
def test_adapters_in_the_same_layers_average_and_others_do_not(bed: Any, text: str) -> None:
    bed.add(f"{text}@1", "a", "b")
    bed.add(text, "c")
    merge_adapters(bed.model, "average", ["a", "b"], (), "mean")
    first, second, mean = (adapter_state(bed.model, name) for name in ("a", "b", "mean"))
    assert first.keys() == mean.keys()
    assert all(torch.allclose(value, (first[key] + second[key]) / 2) for key, value in mean.items())
    assert method_of(bed.model, "mean") == method_of(bed.model, "a")
    with pytest.raises(XadaptError, match=r"have different adapter configurations \((leave_out|layers_to_transform)\)"):
        merge_adapters(bed.model, "average", ["a", "c"], (), "never")


@pytest.mark.parametrize("kind", ["linear", "svd", "ties", "dare"])
@pytest.mark.parametrize("text", ["lora[r=4]", "peft:lora[r=4]"])
def test_loras_in_the_same_layers_merge_and_others_do_not(bed: Any, kind: str, text: str) -> None:
    bed.add(f"{text}@1", "a", "b")
    bed.add(text, "c")
    merge_adapters(bed.model, kind, ["a", "b"], (), "made")
    assert adapter_state(bed.model, "made").keys() == adapter_state(bed.model, "a").keys()
    assert not torch.equal(bed.under("made"), bed.bare)
    with pytest.raises(XadaptError, match="different adapter configurations"):
        merge_adapters(bed.model, kind, ["a", "c"], (), "never")


@pytest.mark.parametrize(
    ("first", "second"), [("seq_bn", "seq_bn@1"), ("seq_bn@1", "seq_bn"), ("seq_bn@0", "seq_bn@1")]
)
def test_a_fusion_of_adapters_in_different_layers_is_one_line(bed: Any, first: str, second: str) -> None:
    bed.add(first, "a")
    bed.add(second, "b")
    bed.model.add_adapter_fusion(Fuse("a", "b"))
    with pytest.raises(XadaptError, match=r"a and b cannot be fused: .* the same adapter_config and adapter_layers"):
        bed.under(Fuse("a", "b"))
    with pytest.raises(XadaptError, match="a and b cannot be fused"):
        bed.under(Stack(Fuse("a", "b"), "a"))


def test_on_a_fusion_stands_what_is_in_its_layers_or_fewer(bed: Any, other_bed: Any) -> None:
    bed.add("seq_bn@1", "a", "b", "z")
    bed.add("seq_bn", "wide")
    bed.model.add_adapter_fusion(Fuse("a", "b"))
    fused = bed.under(Fuse("a", "b"))
    assert not torch.equal(fused, bed.bare)
    assert not torch.equal(bed.under(Stack(Fuse("a", "b"), "z")), fused)
    with pytest.raises(XadaptError, match=r"wide has bottlenecks where .* adapter_layers of b"):
        bed.under(Stack(Fuse("a", "b"), "wide"))
    other_bed.add("seq_bn", "a", "b")
    other_bed.add("seq_bn@1", "z")
    other_bed.model.add_adapter_fusion(Fuse("a", "b"))
    assert not torch.equal(other_bed.under(Stack(Fuse("a", "b"), "z")), other_bed.under(Fuse("a", "b")))


@pytest.mark.parametrize("text", ["seq_bn", "par_bn", "ia3", "peft:lora"])
def test_adapters_in_different_layers_stack_one_on_the_other(bed: Any, text: str) -> None:
    bed.add(f"{text}@0", "low")
    bed.add(f"{text}@1", "high")
    bed.add(text, "both")
    with torch.no_grad():
        # The halves of an adapter in all layers are adapters in some.
        parts = {**adapter_state(bed.model, "low"), **adapter_state(bed.model, "high")}
        for key, value in adapter_state(bed.model, "both").items():
            value.copy_(parts[key])
    stacked = bed.under(Stack("low", "high"))
    assert not any(torch.equal(stacked, bed.under(name)) for name in ("low", "high"))
    assert torch.allclose(stacked, bed.under("both"), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("peft:ia3@1", "peft:ia3 is in all layers always; peft:lora, .* can be in some, and so can ia3"),
        ("seq_bn[leave_out=[0]]@1", "it says its layers twice"),
        ("loreft[layers=[0]]@1", "it says its layers twice"),
        ("peft:lora[layers_to_transform=[0]]@1", "it says its layers twice"),
        ("seq_bn@top", "adapter_layers: 'top' says no layers"),
        ("seq_bm@1", "did you mean"),
    ],
)
def test_what_cannot_be_limited_is_one_line_before_there_is_a_base(text: str, reason: str) -> None:
    with pytest.raises(XadaptError, match=reason) as caught:
        check_method(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["seq_bn", "unipelt", "peft:lora"])
@pytest.mark.parametrize(("layers", "missing"), [("2", 2), ("2-", 2), ("0-5", 5)])
def test_a_layer_that_the_base_has_not_is_one_line(bed: Any, text: str, layers: str, missing: int) -> None:
    check_method(f"{text}@{layers}")
    with pytest.raises(XadaptError) as caught:
        add_adapter(bed.model, "z", f"{text}@{layers}")
    assert str(caught.value) == f"adapter_layers={layers}: there is no layer {missing}, this base has 0 to 1"
    assert not [name for name in bed.model.adapters_config if name == "z"]


def test_random_parts_are_there_without_the_layers_below(bed: Any) -> None:
    bed.add("vera@1", "z")
    assert len(fixed_state(bed.model, "z")) == 2
