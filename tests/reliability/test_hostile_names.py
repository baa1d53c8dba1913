"""A name that a stranger wrote into a record, a store or an export is no code and no path."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from transformers import XLMRobertaModel

from tests.error_checks import refused
from tests.portable.imports import import_folder, save_foreign_adapter
from tests.reliability.strangers import ODD, calling, change_json, with_head
from tests.stored_records import change_record
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.portable import plain_program
from xadapt.portable.export import export
from xadapt.portable.export_check import Check
from xadapt.portable.export_record import RECORD as EXPORT
from xadapt.portable.export_record import ExportRecord
from xadapt.store.checkpoints import RECORD, open_checkpoint, write_record
from xadapt.store.files import inside
from xadapt.store.records import RunRecord
from xadapt.store.result_record import Result
from xadapt.store.store import Store

MARK = "it-was-here"
NAMES = range(len(calling(Path())))


def folder_of(lab: Any, setup: str) -> Path:
    path: Path = lab.store.find(setup, lab.backbone.fingerprint).path
    return path


@pytest.mark.parametrize("number", NAMES)
def test_a_head_that_is_called_like_code_is_not_exported(trained: Any, tmp_path: Path, number: int) -> None:
    mark = tmp_path / MARK
    folder = folder_of(trained, "mnli")
    with_head(folder, calling(mark)[number])
    with refused(folder / RECORD, "heads"):
        export(trained.context, parse("mnli"), tmp_path / "out", "adapterhub")
    assert not mark.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", NAMES)
def test_the_program_that_checks_evaluates_no_name(tmp_path: Path, tiny_base_folder: Path, number: int) -> None:
    mark = tmp_path / MARK
    name = calling(mark)[number]
    plain = {"library": "adapters", "adapters": [], "fusions": [], "heads": [name], "active": None}
    job = {"path": [], "plain": plain, "base": str(tiny_base_folder), "input_ids": [[0, 2]], "attention_mask": [[1, 1]]}
    (tmp_path / "job.json").write_text(json.dumps(job | {"tokenizer": "", "outputs": [{"head": name}]}))
    with pytest.raises((OSError, ValueError)):
        plain_program.main(str(tmp_path / "job.json"), str(tmp_path / "found.npz"))
    assert not mark.exists()


@pytest.mark.parametrize("name", [*ODD, *calling(Path("/tmp/x"))])
@pytest.mark.parametrize(
    "field", ["run", "setup", "under", "tasks", "heads", "members", "rows", "calibration", "trains"]
)
def test_a_record_with_a_name_that_is_none_is_refused(trained_once: Any, field: str, name: str) -> None:
    record = trained_once.store.find("mnli", trained_once.backbone.fingerprint).record.stored()
    value: Any = name
    if field in ("tasks", "heads"):
        value = [name]
    elif field == "members":
        value = {"mnli": name}
    elif field in ("rows", "calibration"):
        value = {name: 1 if field == "rows" else {}}
    if (field in ("setup", "under") and name in ("a,b", "a b", "-a", "a" * 300)) or (field, name) == ("trains", "a b"):
        # What characters make of a setup is its grammar's to say, and a kind of run may be two words.
        return
    with refused("a record", field):
        RunRecord.of(record | {field: value}, "a record")


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../../evil", "a//b", "a\\b", "C:x", "a\nb", "a\x1bb", "."]
)
def test_a_file_of_a_record_is_in_its_folder(trained_once: Any, name: str) -> None:
    record = trained_once.store.find("mnli", trained_once.backbone.fingerprint).record.stored()
    with refused("a record", "files"):
        RunRecord.of(record | {"files": {name: "0" * 64}}, "a record")


@pytest.mark.parametrize("field", ["run", "task", "metric", "setup", "head", "languages"])
def test_a_result_names_no_path(field: str) -> None:
    made = {"run": "a", "task": "xnli", "kind": "made-up", "metric": "accuracy", "setup": "mnli", "head": "mnli"}
    made |= {"base": "e5-small", "seed": 42, "data": "hub"}
    language = {"en": {"n": 10, "scores": {"accuracy": 60.0}}}
    assert Result.of({**made, "languages": language}, "a result").run == "a"
    name: Any = "../../evil"
    changed = {field: {name: language["en"]} if field == "languages" else name}
    with refused("a result", field):
        Result.of({**made, "languages": language, **changed}, "a result")


@pytest.mark.parametrize("name", ["../evil", "/evil", "..", "a/b", "a\x00b", ""])
def test_a_store_has_no_path_for_what_is_no_name(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path)
    paths = (store.run_path, store.partial_path, store.result_path, store.explanation_path, store.task_path)
    for path in paths:
        with refused(repr(name)):
            path(name)
    for path in (store.predictions_path, store.examples_path):
        with refused(repr(name)):
            path("a", name)
        with refused(repr(name)):
            path(name, "en")


def test_a_checkpoint_whose_file_is_a_link_elsewhere_is_not_used(trained: Any, tmp_path: Path) -> None:
    folder = folder_of(trained, "mnli")
    file = folder / "adapter" / "adapter.safetensors"
    file.rename(tmp_path / "elsewhere.safetensors")
    file.symlink_to(tmp_path / "elsewhere.safetensors")
    with refused(file, "leads out"):
        trained.assemble("mnli")


def test_a_link_within_a_folder_and_a_snapshot_of_the_hubs_cache_are_read(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "models--a--b" / "blobs", tmp_path / "models--a--b" / "snapshots" / ("0" * 40)
    for folder in (blobs, snapshot):
        folder.mkdir(parents=True)
    (blobs / "1").write_text("{}")
    (snapshot / "config.json").symlink_to(blobs / "1")
    (snapshot / "other.json").symlink_to(snapshot / "config.json")
    assert inside(snapshot, "config.json").read_text() == inside(snapshot, "other.json").read_text() == "{}"
    (snapshot / "out.json").symlink_to(tmp_path)
    with refused("out.json", "leads out"):
        inside(snapshot, "out.json")


@pytest.mark.parametrize(
    ("setup", "file"),
    [("mnli", "adapter/adapter_config.json"), ("fuse(mnli, stsb)", "fusion/adapter_fusion_config.json")],
)
def test_a_configuration_is_no_path_of_another(trained: Any, tmp_path: Path, setup: str, file: str) -> None:
    folder = folder_of(trained, setup)
    path = folder / file
    (tmp_path / "elsewhere.json").write_text(json.dumps(json.loads(path.read_text())["config"]))
    change_json(path, config=str(tmp_path / "elsewhere.json"))
    write_record(folder, open_checkpoint(folder).record, "# a card")
    with refused(folder, "no object"):
        assert trained.assemble(setup).model


@pytest.fixture
def exported(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export of an adapter with its head."""
    monkeypatch.setattr("xadapt.portable.export.check", lambda *given: Check({"hidden states": 0.0}, 12))
    return export(trained.context, parse("mnli"), tmp_path / "out", "adapterhub").path


@pytest.mark.parametrize("part", ["heads", "adapters", "fusions", "labels"])
def test_an_export_cannot_name_folders_elsewhere(
    trained: Any, exported: Path, tmp_path: Path, store: Store, part: str
) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(exported / "heads" / "mnli", outside)
    before = {path: path.read_bytes() for path in outside.iterdir()}
    stored = json.loads((exported / EXPORT).read_text())
    for name in (str(outside), "../../outside", "../outside"):
        value = next(iter(stored.get(part, {}).values()), {"setup": "mnli", "run": None})
        change_json(exported / EXPORT, **{part: {name: value}})
        with refused(exported / EXPORT, part):
            import_folder(trained, exported, store)
    assert {path: path.read_bytes() for path in outside.iterdir()} == before
    assert not list(store.checkpoints())


@pytest.mark.parametrize("part", ["adapters/mnli", "heads/mnli", "heads/mnli/head_config.json"])
def test_an_export_is_not_read_through_a_link_elsewhere(
    trained: Any, exported: Path, tmp_path: Path, store: Store, part: str
) -> None:
    (exported / part).rename(tmp_path / "elsewhere")
    (exported / part).symlink_to(tmp_path / "elsewhere")
    with refused(exported / part, "leads out"):
        import_folder(trained, exported, store)
    assert not list(store.checkpoints())


@pytest.mark.parametrize("number", NAMES)
def test_a_head_of_a_peft_folder_writes_nothing_elsewhere(
    trained: Any, exported: Path, tmp_path: Path, store: Store, number: int
) -> None:
    mark = tmp_path / MARK
    encoder = XLMRobertaModel.from_pretrained(trained.backbone.name, add_pooling_layer=False)
    shutil.rmtree(exported / "adapters" / "mnli")
    get_peft_model(encoder, LoraConfig(r=2)).save_pretrained(exported / "adapters" / "mnli")
    name = calling(mark)[number]
    change_json(exported / EXPORT, heads={name: "mnli"}, labels={name: []})
    with refused(exported / EXPORT, "heads"):
        import_folder(trained, exported, store, "mnli")
    assert not mark.exists()
    assert not list(store.checkpoints())


def test_an_adapters_own_name_is_not_taken_over(trained: Any, tmp_path: Path, store: Store) -> None:
    mark = tmp_path / MARK
    folder = tmp_path / "foreign"
    save_foreign_adapter(trained, folder)
    for name in calling(mark):
        change_json(folder / "head_config.json", name=name)
        try:
            (made,) = import_folder(trained, folder, store, "mnli")
        except XadaptError:
            continue
        assert made.heads == ["mnli"]
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["adapterhub", "peft", "merged"])
def test_the_code_of_a_page_runs_as_it_stands(lab: Any, tmp_path: Path, form: str) -> None:
    lab.train("mnli", adapter_config="seq_bn" if form == "adapterhub" else "lora[r=4]")
    made = export(lab.context, parse("mnli"), tmp_path / "out", form, with_base=form != "merged")
    blocks = (made.path / "README.md").read_text().split("```python\n")[1:]
    code = "\n".join(block.split("```")[0] for block in blocks)
    done = subprocess.run([sys.executable, "-c", code], cwd=made.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_export_record_is_read_back(exported: Path) -> None:
    record = ExportRecord.read(exported / EXPORT)
    assert (record.setup, list(record.heads), list(record.adapters)) == ("mnli", ["mnli"], ["mnli"])


def test_a_members_run_leads_nowhere_else(trained: Any, tmp_path: Path) -> None:
    folder = folder_of(trained, "fuse(mnli, stsb)")
    shutil.copytree(folder_of(trained, "mnli"), tmp_path / "planted")
    change_record(folder / RECORD, members={"mnli": "../../planted"})
    with refused(folder / RECORD, "members"):
        trained.assemble("fuse(mnli, stsb)")
