"""What must not come in, and what an import is called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import XLMRobertaForSequenceClassification

from tests.portable.imports import bring, hub
from xadapt.errors import XadaptError
from xadapt.store.store import Store


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modules_to_save": ["classifier"], "bias": "all"}, "its bias is none that peft:lora takes here"),
        ({"modules_to_save": []}, "it changes classifier.dense.bias, which is no linear layer of the encoder"),
    ],
)
def test_what_peft_can_do_and_xadapt_cannot_is_one_line(
    trained_once: Any, store: Store, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    plain = XLMRobertaForSequenceClassification.from_pretrained(trained_once.backbone.name, num_labels=3)
    get_peft_model(plain, LoraConfig(r=4, task_type="SEQ_CLS")).save_pretrained(tmp_path / "out")
    path = tmp_path / "out" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(XadaptError, match=rf"out does not load on this base \({message}\)$"):
        bring(trained_once, tmp_path / "out", store, "mnli", labels=["entailment", "neutral", "contradiction"])


def pickled(folder: Path) -> None:
    (folder / "adapter.safetensors").rename(folder / "pytorch_adapter.bin")


def pickled_head(folder: Path) -> None:
    (folder / "model_head.safetensors").rename(folder / "pytorch_model_head.bin")


def wider(folder: Path) -> None:
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "hidden_size": 768}))


def deeper(folder: Path) -> None:
    weights = load_file(folder / "adapter.safetensors")
    save_file({key.replace(".layer.1.", ".layer.11."): v for key, v in weights.items()}, folder / "adapter.safetensors")


def halved(folder: Path) -> None:
    weights = load_file(folder / "adapter.safetensors")
    save_file(dict(list(weights.items())[1:]), folder / "adapter.safetensors")


def broken(folder: Path) -> None:
    weights = load_file(folder / "adapter.safetensors")
    save_file({key: value * float("nan") for key, value in weights.items()}, folder / "adapter.safetensors")


def cut(folder: Path) -> None:
    content = (folder / "adapter.safetensors").read_bytes()
    (folder / "adapter.safetensors").write_bytes(content[: len(content) // 2])


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    ("damage", "task", "message"),
    [
        (pickled, "mnli", "pytorch_adapter.bin is a pickle, which can run code on loading: convert it to safetensors"),
        (pickled_head, "mnli", "pytorch_model_head.bin is a pickle"),
        (wider, "mnli", "for a xlm-roberta base of width 768 .*, and this base is an xlm-roberta of width 32"),
        (deeper, "mnli", "with at least 12 layers, and this base is an xlm-roberta of width 32 with 2"),
        (halved, "mnli", "does not load on this base .1 weights have no counterpart"),
        (broken, "mnli", "what it computes is not finite"),
        (cut, "mnli", "adapter.safetensors is no whole safetensors file"),
        (emptied, "mnli", "holds no adapter .there is no adapter_config.json of adapters or peft"),
        (None, "squad", "the head is for classification, and squad is span-qa"),
        (None, "stsb", "the head has 3 outputs, and pair-regression needs 1"),
        (None, "qnli", "the head's labels are entailment, neutral, contradiction, and qnli has"),
        (None, None, "task is needed"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_the_store_as_it_was(
    trained_once: Any, store: Store, tmp_path: Path, damage: Any, task: str | None, message: str
) -> None:
    hub(trained_once, tmp_path / "out")
    if damage:
        damage(tmp_path / "out")
    with pytest.raises(XadaptError, match=message) as error:
        bring(trained_once, tmp_path / "out", store, task)
    assert "\n" not in str(error.value)
    assert not list(store.checkpoints())


def test_folders_of_other_things_are_told_from_adapters(trained_once: Any, store: Store, tmp_path: Path) -> None:
    with pytest.raises(XadaptError, match="is a whole model: use it with base"):
        bring(trained_once, Path(trained_once.backbone.name), store, "mnli")
    checkpoint = trained_once.store.find("mnli", trained_once.backbone.fingerprint)
    with pytest.raises(XadaptError, match=f"is a checkpoint of xadapt already: copy it to STORE/runs/{checkpoint.run}"):
        bring(trained_once, checkpoint.path, store, "mnli")
    with pytest.raises(XadaptError, match="is no folder"):
        bring(trained_once, tmp_path / "nowhere", store, "mnli")


def test_a_name_is_one_word(trained_once: Any, store: Store, tmp_path: Path) -> None:
    hub(trained_once, tmp_path / "out")
    with pytest.raises(XadaptError, match="an adapter has one name"):
        bring(trained_once, tmp_path / "out", store, "mnli", name="stack(a, b)")
