"""AdapterFusion layers in files: read and written without loss, what is broken refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters.composition import Fuse
from safetensors.torch import load_file, save_file

from tests.error_checks import refused
from tests.methods.fusions import BOTH, MEMBERS, logits, with_fusion, with_members
from xadapt.backbone.base import Backbone
from xadapt.methods.fusion import add_fusion, fusion_layers, load_fusion, lower_fusion, save_fusion

CONFIG, WEIGHTS = "adapter_fusion_config.json", "model_adapter_fusion.safetensors"


@BOTH
def test_a_loaded_fusion_gives_the_same_logits_to_the_bit(tiny: Backbone, tmp_path: Path, rank: int | None) -> None:
    model = with_fusion(tiny, rank)
    save_fusion(model, MEMBERS, tmp_path / "fusion")
    loaded = with_members(tiny)
    load_fusion(loaded, MEMBERS, tmp_path / "fusion")
    loaded.set_active_adapters(MEMBERS)
    assert torch.equal(logits(loaded), logits(model))
    assert json.loads((tmp_path / "fusion" / CONFIG).read_text()).get("rank") == rank
    assert {file.suffix for file in (tmp_path / "fusion").iterdir()} == {".json", ".safetensors"}


@BOTH
def test_the_order_of_members_does_not_matter(tiny: Backbone, tmp_path: Path, rank: int | None) -> None:
    model, turned = with_fusion(tiny, rank), Fuse("three", "one", "two")
    save_fusion(model, MEMBERS, tmp_path / "fusion")
    loaded = with_members(tiny)
    load_fusion(loaded, turned, tmp_path / "fusion")
    loaded.set_active_adapters(turned)
    torch.testing.assert_close(logits(loaded), logits(model), atol=1e-5, rtol=0)


def test_a_stored_fusion_holds_no_other_whose_name_begins_alike(tiny: Backbone, tmp_path: Path) -> None:
    model, two = with_fusion(tiny, 4), Fuse("one", "two")
    add_fusion(model, two)
    save_fusion(model, two, tmp_path / "fusion")
    keys = load_file(tmp_path / "fusion" / WEIGHTS)
    assert len(keys) == 2 * 5
    assert not any("three" in key for key in keys)


def test_half_precision_is_read_and_written_without_loss(tiny: Backbone) -> None:
    layer = fusion_layers(with_fusion(tiny, 4), MEMBERS)[0]
    small = {key: value * torch.logspace(-6, 0, value.shape[-1]) for key, value in layer.state_dict().items()}
    layer.load_state_dict({key: value.half() for key, value in small.items()})
    assert all(torch.equal(value, small[key].half().float()) for key, value in layer.state_dict().items())
    layer.load_state_dict(small)
    for parameter in layer.parameters():
        parameter.data = parameter.data.half().float()
    assert all(torch.equal(value, value.half().float()) for value in layer.state_dict().values())


def test_a_fusion_of_rank_16_on_a_base_384_wide_with_12_layers_takes_less_than_a_megabyte() -> None:
    from adapters import XLMRobertaAdapterModel
    from transformers import XLMRobertaConfig

    sizes = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 12}
    model = XLMRobertaAdapterModel(XLMRobertaConfig(vocab_size=8, intermediate_size=8, **sizes))
    for name in MEMBERS:
        model.add_adapter(name, config="seq_bn")
    add_fusion(model, MEMBERS)
    lower_fusion(model, MEMBERS, 16)
    layers = fusion_layers(model, MEMBERS).values()
    numbers = [parameter.shape.numel() for layer in layers for parameter in layer.parameters()]
    assert len(numbers) == 12 * 6
    assert 2 * sum(numbers) <= 1_000_000


def pickle_weights(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model_adapter_fusion.bin")
    (folder / WEIGHTS).unlink()


def cut_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-50])


def drop_a_layer(folder: Path) -> None:
    save_file({key: value for key, value in load_file(folder / WEIGHTS).items() if ".1." not in key}, folder / WEIGHTS)


def add_a_layer(folder: Path) -> None:
    state = load_file(folder / WEIGHTS)
    save_file({**state, **{key.replace(".1.", ".2."): state[key].clone() for key in state}}, folder / WEIGHTS)


def change(folder: Path, **changes: Any) -> None:
    (folder / CONFIG).write_text(json.dumps({**json.loads((folder / CONFIG).read_text()), **changes}))


@pytest.mark.parametrize(
    ("spoil", "subjects"),
    [
        (lambda folder: (folder / CONFIG).unlink(), [CONFIG]),
        (lambda folder: (folder / CONFIG).write_text("[]"), []),
        (pickle_weights, [WEIGHTS, "missing"]),
        (cut_weights, ["weights"]),
        (drop_a_layer, ["missing keys: 6", "roberta.encoder.layer.1"]),
        (add_a_layer, ["unexpected keys: 6", "roberta.encoder.layer.2"]),
        (partial(change, rank=5), ["size mismatch"]),
        (partial(change, rank="much"), []),
        (partial(change, config={"key": True}), ["missing"]),
    ],
)
def test_a_broken_folder_is_one_line_that_names_it(
    tiny: Backbone, tmp_path: Path, spoil: Any, subjects: list[str]
) -> None:
    save_fusion(with_fusion(tiny, 4), MEMBERS, tmp_path / "fusion")
    spoil(tmp_path / "fusion")
    with refused(tmp_path / "fusion", *subjects):
        load_fusion(with_members(tiny), MEMBERS, tmp_path / "fusion")
