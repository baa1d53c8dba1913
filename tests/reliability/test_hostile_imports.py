"""Folders from strangers: an import takes what is right, or refuses in one line and leaves the store as it was."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import XLMRobertaForSequenceClassification

from tests.error_checks import refused
from tests.portable.imports import import_folder, outputs, save_foreign_adapter
from tests.reliability.hostile_folders import change_json, change_weights, random_folder_fault
from xadapt.composition.grammar import parse
from xadapt.errors import RunFailed, XadaptError
from xadapt.portable.export import export
from xadapt.portable.export_check import Check
from xadapt.store.store import Store

LABELS = ["entailment", "neutral", "contradiction"]
#: Faults of each kind of folder that are tried; a number of your own by the environment.
COUNT = int(os.environ.get("XADAPT_FUZZ", "0")) // 3 or 25
#: Seconds that any folder may take, on a machine that is busy.
SLOWEST = 15


@pytest.fixture(scope="module")
def folders(trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of AdapterHub, one of peft, and an export of a fusion, all of them right."""
    root = tmp_path_factory.mktemp("right")
    save_foreign_adapter(trained_once, root / "adapterhub")
    plain = XLMRobertaForSequenceClassification.from_pretrained(trained_once.backbone.name, num_labels=3)
    model = get_peft_model(plain, LoraConfig(r=4, task_type="SEQ_CLS", target_modules=["query", "value"]))
    model.save_pretrained(root / "peft")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xadapt.portable.export.check", lambda *given: Check({"hidden states": 0.0}, 12))
        export(trained_once.context, parse("fuse(mnli, stsb)"), root / "export", "adapterhub")
    return root


def take(lab: Any, folder: Path, store: Store) -> list[Any]:
    """Import a folder of one of these kinds."""
    if folder.name == "export":
        return import_folder(lab, folder, store)
    labels = LABELS if folder.name == "peft" else ()
    return import_folder(lab, folder, store, "mnli", labels=labels)


def test_the_folders_are_right_as_they_are(trained_once: Any, folders: Path, store: Store) -> None:
    assert [len(take(trained_once, folders / kind, store)) for kind in ("adapterhub", "peft", "export")] == [1, 1, 3]


@pytest.mark.parametrize("kind", ["adapterhub", "peft", "export"])
@pytest.mark.parametrize("share", range(5))
def test_any_damage_is_one_line_or_makes_no_difference(
    trained_once: Any, folders: Path, tmp_path: Path, store: Store, kind: str, share: int
) -> None:
    for seed in range(share, COUNT, 5):
        folder = tmp_path / str(seed) / kind
        shutil.copytree(folders / kind, folder)
        done = random_folder_fault(folder, seed)
        there, start = len(list(store.checkpoints())), time.monotonic()
        made, refusal = attempt(trained_once, folder, store)
        assert time.monotonic() - start < SLOWEST, f"{seed}: {done}"
        if made:
            found = outputs(trained_once, made[-1].setup, store)
            assert all(np.isfinite(value).all() for value in found.values()), f"{seed}: {done}"
        else:
            assert len(refusal.splitlines()) == 1, f"{seed}: {done}: {refusal}"
            assert len(list(store.checkpoints())) == there, f"{seed}: {done}"
        assert not list((store.root / "runs").glob(".*")), f"{seed}: {done}"


def attempt(lab: Any, folder: Path, store: Store) -> tuple[list[Any], str]:
    """What an import makes, or the line with which it refuses; any other error goes through."""
    try:
        return take(lab, folder, store), ""
    except RunFailed:
        raise
    except XadaptError as error:
        return [], str(error)


def of_config(**changes: Any) -> Callable[[Path], None]:
    """Change fields of the adapter's own part of its configuration."""
    return lambda folder: change_json(folder / "adapter_config.json", lambda value: value["config"].update(changes))


def of_head(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: change_json(folder / "head_config.json", lambda value: value["config"].update(changes))


def of_file(file: str, **changes: Any) -> Callable[[Path], None]:
    return lambda folder: change_json(folder / file, lambda value: value.update(changes))


def of_weights(change: Callable[[torch.Tensor], torch.Tensor], name: str = "adapter") -> Callable[[Path], None]:
    def one(weights: dict[str, Any]) -> dict[str, Any]:
        return weights | {min(weights): change(weights[min(weights)])}

    return lambda folder: change_weights(folder / f"{name}.safetensors", one)


def link_out(folder: Path) -> None:
    secret = folder.parent / "elsewhere.safetensors"
    (folder / "adapter.safetensors").rename(secret)
    (folder / "adapter.safetensors").symlink_to(secret)


def sparse(folder: Path) -> None:
    with (folder / "adapter.safetensors").open("r+b") as stream:
        stream.truncate(1 << 40)


def long_header(folder: Path) -> None:
    path = folder / "adapter.safetensors"
    path.write_bytes((90_000_000).to_bytes(8, "little") + b" " * 1000)


@pytest.mark.parametrize(
    ("damage", "subject"),
    [
        (of_config(reduction_factor=0), "adapterhub"),
        (of_config(reduction_factor=1e-4), "size mismatch"),
        (of_config(reduction_factor=1e-300), "adapterhub"),
        (of_config(reduction_factor="16"), "adapterhub"),
        (of_config(reduction_factor=None), "adapterhub"),
        (of_config(non_linearity="os.system"), "adapterhub"),
        (of_config(phm_layer=True, phm_dim=10**9), "phm_dim"),
        (of_config(architecture="lora", r=10**12), "'r'"),
        (of_file("adapter_config.json", config="hub/of-somebody"), "hub/of-somebody"),
        (of_file("adapter_config.json", config="x" * 100_000), "name of no method"),
        (of_file("adapter_config.json", config=["seq_bn"]), "config"),
        (of_file("adapter_config.json", config={"architecture": None}), "adapterhub"),
        (of_file("adapter_config.json", name=None), "name"),
        (of_file("adapter_config.json", hidden_size="32"), "width"),
        (of_head(layers=100_000), "100,000 layers"),
        (of_head(layers=0), "layers"),
        (of_head(num_labels=10**9), "outputs"),
        (of_head(label2id={"a": 0, "b": 1, "c": 7}), "label2id"),
        (of_head(label2id={"a": 0, "b": 0, "c": 1}), "label2id"),
        (of_head(label2id={"a": -1, "b": 0, "c": 1}), "label2id"),
        (of_head(label2id={"\x1b[31ma": 0, "b": 1, "c": 2}), "label2id"),
        (of_head(label2id={"a\n": 0, "b": 1, "c": 2}), "label2id"),
        (of_head(label2id=["a", "b", "c"]), "label2id"),
        (of_head(label2id={}), "outputs"),
        (of_head(label2id=None), "outputs"),
        (of_head(head_type="os"), "head"),
        (of_head(activation_function=["tanh"]), "head"),
        (of_weights(lambda value: value.to(torch.int64)), "int64"),
        (of_weights(lambda value: value.to(torch.int8), "model_head"), "int8"),
        (of_weights(lambda value: value * 1e30), "half precision"),
        (of_weights(lambda value: value * float("inf")), "not finite"),
        (of_weights(lambda value: value * float("nan"), "model_head"), "not finite"),
        (of_weights(lambda value: value[:0]), "empty"),
        (link_out, "adapter.safetensors"),
        (sparse, "adapter.safetensors"),
        (long_header, "header"),
        (lambda folder: (folder / "adapter_config.json").write_text("[" * 100_000), "nested"),
        (lambda folder: (folder / "adapter_config.json").write_text('{"config": ' + "9" * 5000 + "}"), "digits"),
        (lambda folder: (folder / "adapter_config.json").write_text("[]"), "JSON object"),
        (lambda folder: (folder / "head_config.json").write_text("{}"), "model_class"),
        (lambda folder: (folder / "adapter_config.json").write_bytes(b" " * (1 << 25)), "MiB"),
    ],
)
def test_an_adapter_that_is_not_what_it_says_is_refused(
    trained_once: Any, folders: Path, tmp_path: Path, store: Store, damage: Any, subject: str
) -> None:
    shutil.copytree(folders / "adapterhub", tmp_path / "adapterhub")
    damage(tmp_path / "adapterhub")
    start = time.monotonic()
    with refused(subject) as refusal:
        take(trained_once, tmp_path / "adapterhub", store)
    assert time.monotonic() - start < SLOWEST
    assert refusal.text.isprintable()
    assert not list(store.root.rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"format": 99}, "format"),
        ({"format": 0}, "format"),
        ({"format": "1"}, "format"),
        ({"adapters": {}}, "names no adapter"),
        ({"adapters": []}, "adapters"),
        ({"adapters": {"../mnli": {"setup": "mnli", "run": "ab"}}}, "adapters"),
        ({"adapters": {"/tmp": {"setup": "mnli", "run": "ab"}}}, "adapters"),
        ({"adapters": {"gone": {"setup": "mnli", "run": "ab"}}}, "adapters/gone"),
        ({"adapters": {"mnli": {"setup": "fuse(mnli", "run": "ab"}}}, ""),
        ({"adapters": {"mnli": {"setup": "none", "run": "ab"}}}, ""),
        ({"fusions": {"x": {"setup": "fuse(mnli, gone)", "run": "ab"}}}, "gone"),
        ({"fusions": {"x": {"setup": "mnli", "run": "ab"}}}, "fuse"),
        ({"fusions": {"x": {"setup": "fuse(mnli, stsb)", "run": "ab"}}}, "fusions/x"),
        ({"heads": {"../x": "mnli"}}, "heads"),
        ({"heads": {"gone": "mnli"}}, "heads/gone"),
        ({"heads": ["mnli"]}, "heads"),
        ({"base": None}, "base"),
        ({"base": {"name": "x"}}, "fingerprint"),
        ({"base": {"name": "\x1b[31m", "fingerprint": "ab" * 32}}, ""),
        ({"calibration": {"mnli": "x"}}, "calibration"),
        ({"form": "\x1b[2J"}, ""),
        ({"seed": "42"}, "seed"),
    ],
)
def test_an_export_whose_record_is_odd_is_refused(
    trained_once: Any, folders: Path, tmp_path: Path, store: Store, changes: dict[str, Any], subject: str
) -> None:
    shutil.copytree(folders / "export", tmp_path / "export")
    change_json(tmp_path / "export" / "export.json", lambda value: value.update(changes))
    with refused("export", subject) as refusal:
        take(trained_once, tmp_path / "export", store)
    assert refusal.text.isprintable()
    assert not list(store.root.rglob("*.safetensors"))


@pytest.mark.parametrize("field", ["form", "setup", "base", "seed", "precision", "checked", "adapters", "heads"])
def test_an_export_that_lacks_a_part_of_its_record_is_refused(
    trained_once: Any, folders: Path, tmp_path: Path, store: Store, field: str
) -> None:
    shutil.copytree(folders / "export", tmp_path / "export")

    def without(value: Any) -> None:
        del value[field]

    change_json(tmp_path / "export" / "export.json", without)
    if field == "heads":
        assert all(not one.heads for one in take(trained_once, tmp_path / "export", store))
        return
    with refused("export", "adapter" if field == "adapters" else field):
        take(trained_once, tmp_path / "export", store)
