"""What must not come in, and what an import is called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.error_checks import refused
from tests.portable.imports import import_folder, save_foreign_adapter
from xadapt.store.store import Store


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
    ("damage", "task", "subjects", "advice"),
    [
        (pickled, "mnli", ["pytorch_adapter.bin", "pickle"], "convert it to safetensors"),
        (pickled_head, "mnli", ["pytorch_model_head.bin", "pickle"], "convert it to safetensors"),
        (wider, "mnli", ["width 768", "width 32"], "name its base"),
        (deeper, "mnli", ["12 layers", "roberta of width 32 with 2"], "name its base"),
        (halved, "mnli", ["1 weights"], ""),
        (broken, "mnli", ["not finite"], ""),
        (cut, "mnli", ["adapter.safetensors"], "get it again"),
        (emptied, "mnli", ["adapter_config.json"], ""),
        (None, "squad", ["classification", "squad is span-qa"], "another task"),
        (None, "stsb", ["3 outputs", "pair-regression needs 1"], ""),
        (None, "qnli", ["entailment, neutral, contradiction", "qnli"], "labels"),
        (None, None, ["task"], ""),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_the_store_as_it_was(
    trained_once: Any, store: Store, tmp_path: Path, damage: Any, task: str | None, subjects: list[str], advice: str
) -> None:
    save_foreign_adapter(trained_once, tmp_path / "out")
    if damage:
        damage(tmp_path / "out")
    with refused(*subjects, advice=advice):
        import_folder(trained_once, tmp_path / "out", store, task)
    assert not list(store.checkpoints())


def test_folders_of_other_things_are_no_adapters(trained_once: Any, store: Store, tmp_path: Path) -> None:
    with refused(trained_once.backbone.name, "whole model", advice="base"):
        import_folder(trained_once, Path(trained_once.backbone.name), store, "mnli")
    checkpoint = trained_once.store.find("mnli", trained_once.backbone.fingerprint)
    with refused(checkpoint.path, "checkpoint of xadapt", advice=f"STORE/runs/{checkpoint.run}"):
        import_folder(trained_once, checkpoint.path, store, "mnli")
    with refused(tmp_path / "nowhere", advice="name the folder"):
        import_folder(trained_once, tmp_path / "nowhere", store, "mnli")


def test_a_name_is_one_word(trained_once: Any, store: Store, tmp_path: Path) -> None:
    save_foreign_adapter(trained_once, tmp_path / "out")
    with refused("name=stack(a, b)", advice="one name"):
        import_folder(trained_once, tmp_path / "out", store, "mnli", name="stack(a, b)")
