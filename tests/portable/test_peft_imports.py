"""What peft can do with a LoRA and its heads comes in, and computes here what plain peft computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import XLMRobertaForSequenceClassification, XLMRobertaModel

from tests.error_checks import refused
from tests.portable.imports import import_folder, outputs
from xadapt.portable.export_check import probe
from xadapt.store.store import Store

LABELS = ["entailment", "neutral", "contradiction"]
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def trained_peft(lab: Any, folder: Path, config: Any, unsettle: tuple[str, ...] = ()) -> np.ndarray:
    """Save an adapter with its head as a user of peft does, and say what it computes.

    Args:
        lab: A session, for its base.
        folder: Where to.
        config: peft's configuration.
        unsettle: Parts of the names of further weights that training changed.
    """
    torch.manual_seed(7)
    plain = XLMRobertaForSequenceClassification.from_pretrained(lab.backbone.name, num_labels=3)
    config.task_type = "SEQ_CLS"
    model = get_peft_model(plain, config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad or any(part in name for part in unsettle):
                parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return logits(lab, model)


def logits(lab: Any, model: Any) -> np.ndarray:
    batch = probe(lab.backbone, lab.backbone.model(), [])
    with torch.no_grad():
        found: np.ndarray = model.eval()(input_ids=batch.ids, attention_mask=batch.mask).logits.numpy()
    return found


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def comes_in_as(lab: Any, store: Store, folder: Path, wanted: np.ndarray) -> Any:
    (made,) = import_folder(lab, folder, store, "mnli", labels=LABELS)
    found = outputs(lab, "mnli", store)["mnli"]
    assert abs(found - wanted).max() < 2e-5 * max(1.0, abs(wanted).max())
    return made


QUERY = {"target_modules": ["query", "value"]}
SPECIAL = {
    "gaussian": LoraConfig(r=4, init_lora_weights="gaussian", **QUERY),
    "random": LoraConfig(r=4, init_lora_weights=False, **QUERY),
    "orthogonal": LoraConfig(r=4, init_lora_weights="orthogonal", **QUERY),
    "mica": LoraConfig(r=4, init_lora_weights="mica", **QUERY),
    "pissa": LoraConfig(r=4, init_lora_weights="pissa", **QUERY),
    "pissa of another scale": LoraConfig(r=4, lora_alpha=12, init_lora_weights="pissa", use_rslora=True, **QUERY),
    "olora": LoraConfig(r=4, lora_alpha=12, init_lora_weights="olora", **QUERY),
    "pissa with dora": LoraConfig(r=4, init_lora_weights="pissa", use_dora=True, **QUERY),
    "one layer": LoraConfig(r=4, layers_to_transform=1, layers_pattern="layer", **QUERY),
    "ranks": LoraConfig(r=4, rank_pattern={"layer.0.attention.self.query": 2, r"^roberta.*value": 7}, **QUERY),
    "alphas": LoraConfig(r=4, alpha_pattern={"query": 3, "layer.1.attention.self.value": 1}, **QUERY),
    "ranks, stabilised": LoraConfig(r=4, rank_pattern={"query": 6}, use_rslora=True, lora_alpha=5, **QUERY),
    "ranks, dora": LoraConfig(r=4, rank_pattern={"query": 6}, use_dora=True, **QUERY),
    "biases": LoraConfig(r=4, lora_alpha=6, bias="lora_only", **QUERY),
    "bias of the outer factor": LoraConfig(r=4, lora_alpha=6, lora_bias=True, **QUERY),
    "biases and ranks": LoraConfig(r=4, bias="lora_only", rank_pattern={"query": 6}, **QUERY),
    "layers that differ": LoraConfig(r=4, target_modules=r".*layer\.0.*query|.*layer\.1.*(value|key)"),
    "layers that differ, dora": LoraConfig(r=4, use_dora=True, target_modules=r".*layer\.0.*query|.*layer\.1.*value"),
    "the second of two": LoraConfig(r=4, target_modules=r".*\d\.output\.dense"),
    "scales in one layer": IA3Config(target_modules=r".*layer\.1.*key", feedforward_modules=[]),
    "scales before and behind": IA3Config(
        target_modules=r".*layer\.1.*(key|\d\.output\.dense)", feedforward_modules=r".*output\.dense"
    ),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_special_lora_computes_what_plain_peft_computes(
    trained_once: Any, store: Store, tmp_path: Path, kind: str
) -> None:
    biases = ("query.base_layer.bias", "value.base_layer.bias") if "biases" in kind else ()
    wanted = trained_peft(trained_once, tmp_path / "out", SPECIAL[kind], biases)
    made = comes_in_as(trained_once, store, tmp_path / "out", wanted)
    # And back to plain peft, for which the encoder is enough.
    encoder = XLMRobertaModel.from_pretrained(trained_once.backbone.name, add_pooling_layer=False)
    batch = probe(trained_once.backbone, trained_once.backbone.model(), [])
    with torch.no_grad():
        back = PeftModel.from_pretrained(encoder, str(made.path / "adapter")).eval()
        hidden = back(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state.numpy()
    assert abs(hidden - outputs(trained_once, "mnli", store)["hidden states"]).max() < 1e-5


def test_a_plain_lora_keeps_its_weights_to_the_bit(trained_once: Any, store: Store, tmp_path: Path) -> None:
    trained_peft(trained_once, tmp_path / "out", LoraConfig(r=4, lora_alpha=3, use_rslora=True, **QUERY))
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli", labels=LABELS)
    theirs, ours = load_file(tmp_path / "out" / WEIGHTS), load_file(made.path / "adapter" / WEIGHTS)
    assert ours
    assert all(torch.equal(value, theirs[key.replace("encoder.", "roberta.encoder.")]) for key, value in ours.items())
    config = json.loads((made.path / "adapter" / CONFIG).read_text())
    assert (config["r"], config["lora_alpha"], config["use_rslora"]) == (4, 3, True)


def test_a_pissa_that_peft_converted_comes_in_as_it_is(trained_once: Any, store: Store, tmp_path: Path) -> None:
    torch.manual_seed(7)
    plain = XLMRobertaForSequenceClassification.from_pretrained(trained_once.backbone.name, num_labels=3)
    model = get_peft_model(plain, LoraConfig(r=4, init_lora_weights="pissa", task_type="SEQ_CLS", **QUERY))
    model.peft_config["default"].init_lora_weights = True
    model.save_pretrained(tmp_path / "start")
    model.peft_config["default"].init_lora_weights = "pissa"
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
    batch = probe(trained_once.backbone, trained_once.backbone.model(), [])
    with torch.no_grad():
        encoder = model.eval().base_model.model.roberta
        wanted = encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state.numpy()
    model.save_pretrained(tmp_path / "out", path_initial_model_for_weight_conversion=str(tmp_path / "start"))
    # peft leaves the head out when it converts.
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli")
    assert made.heads == []
    assert abs(outputs(trained_once, "mnli", store)["hidden states"] - wanted).max() < 2e-5


@pytest.mark.parametrize("name", ["", ".default", ".nli"])
def test_a_head_that_peft_wrapped_comes_along(trained_once: Any, store: Store, tmp_path: Path, name: str) -> None:
    wanted = trained_peft(trained_once, tmp_path / "out", LoraConfig(r=4, **QUERY))
    weights = load_file(tmp_path / "out" / WEIGHTS)
    head = {key for key in weights if ".classifier." in key}
    assert head
    wrapped = {}
    for key, value in weights.items():
        own = key.replace(".classifier.", f".classifier.modules_to_save{name}.")
        wrapped[own.replace("lora_A.", f"lora_A{name}.").replace("lora_B.", f"lora_B{name}.")] = value
    wrapped |= {key.replace(".classifier.", ".classifier.original_module."): torch.zeros(2) for key in head}
    save_file(wrapped, tmp_path / "out" / WEIGHTS)
    assert comes_in_as(trained_once, store, tmp_path / "out", wanted).heads == ["mnli"]


def test_biases_that_were_saved_twice_and_not_trained_do_not_matter(
    trained_once: Any, store: Store, tmp_path: Path
) -> None:
    wanted = trained_peft(trained_once, tmp_path / "out", LoraConfig(r=4, **QUERY))
    plain = XLMRobertaForSequenceClassification.from_pretrained(trained_once.backbone.name)
    untouched = {
        f"base_model.model.{key}": value for key, value in plain.state_dict().items() if "LayerNorm.bias" in key
    }
    save_file({**load_file(tmp_path / "out" / WEIGHTS), **untouched}, tmp_path / "out" / WEIGHTS)
    change_config(tmp_path / "out", bias="all")
    comes_in_as(trained_once, store, tmp_path / "out", wanted)


def test_what_a_later_peft_says_without_meaning_it_does_not_matter(
    trained_once: Any, store: Store, tmp_path: Path
) -> None:
    wanted = trained_peft(trained_once, tmp_path / "out", LoraConfig(r=4, **QUERY))
    change_config(tmp_path / "out", use_quantum=False, quantum_config=None, revision="v2", fan_in_fan_out=True)
    comes_in_as(trained_once, store, tmp_path / "out", wanted)


@pytest.mark.parametrize(
    ("change", "subjects", "advice"),
    [
        ({"init_lora_weights": "corda"}, ["init_lora_weights='corda'"], "path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "pissa_niter_4"}, ["pissa_niter_4"], "path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "loftq"}, ["loftq"], "convert it"),
        ({"use_quantum": True}, ["use_quantum", "True"], "train it without"),
        ({"kasa_config": {"beta": 1.0}}, ["kasa_config"], "train it without"),
        ({"layer_replication": [[0, 2], [1, 2]]}, ["layer_replication"], "train it without"),
        ({"rank_pattern": {"query": 6}}, ["rank 6", "have 4"], ""),
        ({"rank_pattern": {"(a+)+query": 6}}, ["(a+)+query"], "whole names"),
        ({"rank_pattern": {"(query": 6}}, ["(query"], ""),
        ({"rank_pattern": [4]}, ["rank_pattern"], "object"),
        ({"r": 0}, ["rank is 0"], "1 or more"),
        ({"r": True}, ["rank is True"], "1 or more"),
        ({"r": 8}, ["rank 8", "have 4"], ""),
        ({"lora_alpha": 0}, ["lora_alpha is 0"], "other than 0"),
        ({"lora_alpha": "16"}, ["lora_alpha is '16'"], "number"),
        ({"peft_type": "BONE"}, ["BONE"], "LORA"),
        ({"peft_type": ["LORA"]}, ["['LORA']"], "VERA"),
    ],
)
def test_what_cannot_be_had_is_one_line(
    trained_once: Any, store: Store, tmp_path: Path, change: dict[str, Any], subjects: list[str], advice: str
) -> None:
    trained_peft(trained_once, tmp_path / "out", LoraConfig(r=4, **QUERY))
    change_config(tmp_path / "out", **change)
    with refused(tmp_path / "out", *subjects, advice=advice):
        import_folder(trained_once, tmp_path / "out", store, "mnli", labels=LABELS)
    assert not list(store.checkpoints())


@pytest.mark.parametrize(
    ("config", "unsettle", "subject"),
    [
        (LoraConfig(r=4, bias="all", **QUERY), ("LayerNorm.bias",), "LayerNorm.bias"),
        (LoraConfig(r=4, modules_to_save=["classifier", "LayerNorm"], **QUERY), (), "LayerNorm"),
        (LoraConfig(r=4, use_dora=True, bias="lora_only", **QUERY), ("base_layer.bias",), "bias"),
        (LoraConfig(r=4, target_modules=["query", "word_embeddings"]), (), "word_embeddings"),
    ],
)
def test_what_no_linear_layer_can_hold_is_named(
    trained_once: Any, store: Store, tmp_path: Path, config: Any, unsettle: tuple[str, ...], subject: str
) -> None:
    trained_peft(trained_once, tmp_path / "out", config, unsettle)
    with refused(tmp_path / "out", subject, advice="train it with"):
        import_folder(trained_once, tmp_path / "out", store, "mnli", labels=LABELS)


def test_a_head_of_no_known_class_stays_behind_and_is_named(trained_once: Any, store: Store, tmp_path: Path) -> None:
    said: list[str] = []
    trained_peft(trained_once, tmp_path / "out", LoraConfig(r=4, **QUERY))
    weights = load_file(tmp_path / "out" / WEIGHTS)
    kept = {key: value for key, value in weights.items() if ".classifier." not in key}
    save_file({**kept, "base_model.model.score.weight": torch.zeros(3, 32)}, tmp_path / "out" / WEIGHTS)
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli", display=said)
    assert made.heads == []
    assert any("score.weight" in line for line in said)
