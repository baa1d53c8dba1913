"""Adapters of peft in a model of the adapters library: the same as in plain peft, and in nobody's way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from adapters.composition import Stack
from safetensors.torch import load_file
from transformers import AutoModel

from tests.adapter_hosts import AdapterHost
from tests.error_checks import refused
from xadapt.backbone.base import Backbone
from xadapt.methods.adapter import activate, adapter_state, load_adapter, method_of, save_adapter
from xadapt.store.records import Json

TEXTS = (
    "peft:lora[r=4, lora_alpha=16]", "peft:rslora", "peft:dora", "peft:ia3", "peft:loha", "peft:lokr",
    "peft:vera[r=16]", "peft:oft[oft_block_size=8]",
    "peft:lora[target_modules=['output.dense'], layers_to_transform=[1]]",
)  # fmt: skip


@pytest.fixture
def plain(tiny_base_folder: Path) -> Any:
    """The base in transformers, as a user of plain peft has it."""
    return AutoModel.from_pretrained(tiny_base_folder).eval()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", TEXTS)
def test_plain_peft_loads_what_is_stored_and_computes_the_same(
    host: AdapterHost, plain: Any, tmp_path: Path, text: str
) -> None:
    host.add("peft:ia3", "under")
    host.add(text, "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    loaded = peft.PeftModel.from_pretrained(plain, tmp_path / "stored").eval()
    assert torch.equal(host.hidden(loaded), host.under("z"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", TEXTS)
def test_what_plain_peft_stores_is_loaded_and_has_the_same_keys(
    host: AdapterHost, other_host: AdapterHost, plain: Any, tmp_path: Path, text: str
) -> None:
    host.add(text, "z")
    save_adapter(host.model, "z", tmp_path / "ours")
    loaded = peft.PeftModel.from_pretrained(plain, tmp_path / "ours")
    loaded.save_pretrained(tmp_path / "plain")
    ours, theirs = (load_file(tmp_path / side / "adapter_model.safetensors") for side in ("ours", "plain"))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    load_adapter(other_host.model, tmp_path / "plain", "y")
    assert torch.equal(other_host.under("y"), host.under("z"))
    assert method_of(other_host.model, "y") == method_of(host.model, "z")


def test_adapters_can_be_called_like_linear_layers(host: AdapterHost, other_host: AdapterHost, tmp_path: Path) -> None:
    host.add("peft:lora", "key")
    save_adapter(host.model, "key", tmp_path / "stored")
    other_host.add("seq_bn", "value")
    other_host.add("lora", "query")
    load_adapter(other_host.model, tmp_path / "stored", "dense")
    assert adapter_state(other_host.model, "dense").keys() == adapter_state(host.model, "key").keys()
    assert torch.equal(other_host.under("dense"), host.under("key"))


def test_adapters_of_all_types_live_in_one_model(host: AdapterHost, tiny: Backbone, tmp_path: Path) -> None:
    texts = {f"n{number}": text for number, text in enumerate([*TEXTS, *TEXTS])}
    for name, text in texts.items():
        host.add(text, name)
    for name in texts:
        save_adapter(host.model, name, tmp_path / name)
        alone = type(host)(tiny)
        load_adapter(alone.model, tmp_path / name, "alone")
        assert torch.equal(alone.under("alone"), host.under(name))
    assert host.under(Stack(*texts)).isfinite().all()


@pytest.mark.parametrize("text", ["seq_bn", "lora", "ia3", "vera", "unipelt"])
def test_an_adapter_of_the_library_is_the_same_with_and_without_adapters_of_peft(
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path, text: str
) -> None:
    host.add("peft:lora[target_modules=['query', 'value', 'intermediate.dense']]", "p")
    host.add(text, "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    load_adapter(other_host.model, tmp_path / "stored", "z")
    assert torch.equal(other_host.under("z"), host.under("z"))


def test_the_sum_of_two_loras_is_what_plain_peft_computes(host: AdapterHost, plain: Any, tmp_path: Path) -> None:
    for name in ("p", "q"):
        host.add("peft:lora", name)
        save_adapter(host.model, name, tmp_path / name)
    loaded = peft.PeftModel.from_pretrained(plain, tmp_path / "p", adapter_name="p").eval()
    loaded.load_adapter(tmp_path / "q", adapter_name="q")
    loaded.base_model.set_adapter(["p", "q"])
    assert torch.equal(host.hidden(loaded), host.under(Stack("p", "q")))


@pytest.mark.parametrize("change", [{"bias": "all"}, {"rank_pattern": {"query": 2}}, {"modules_to_save": ["pooler"]},
                                    {"init_lora_weights": "pissa"}, {"peft_type": "BOFT"}])  # fmt: skip
def test_a_stored_configuration_that_does_more_than_these_methods_is_one_line(
    host: AdapterHost, tmp_path: Path, change: Json
) -> None:
    host.add("peft:lora", "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    path = tmp_path / "stored" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with refused(tmp_path / "stored", advice="train it again"):
        load_adapter(host.model, tmp_path / "stored", "y")


def test_a_stored_configuration_names_no_folder_and_is_the_same_every_time(host: AdapterHost, tmp_path: Path) -> None:
    host.add("peft:ia3", "z")
    for folder in ("one", "two"):
        save_adapter(host.model, "z", tmp_path / folder)
    one, two = (json.loads((tmp_path / folder / "adapter_config.json").read_text()) for folder in ("one", "two"))
    assert one == two
    assert one["base_model_name_or_path"] is None
    assert one["target_modules"] == ["key", "output.dense", "value"]
    assert one["inference_mode"] is True


def test_half_precision_computation_reaches_adapters_of_peft(host: AdapterHost) -> None:
    host.add("peft:lora", "p")
    single = host.under("p")
    activate(host.model, "p")
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(host.hidden().float(), single, atol=0.1, rtol=0.1)
