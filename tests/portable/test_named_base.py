"""Many bases have the same sizes, and an adapter is right on its own alone; of several in a folder, one is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from tests.portable.imports import import_folder, save_foreign_adapter
from tests.tiny_lab import TinyLab
from xadapt.composition.grammar import parse
from xadapt.portable.export import export
from xadapt.portable.export_check import Check
from xadapt.store.store import Store


@pytest.fixture(scope="module")
def named(trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> TinyLab:
    """A session whose base is called as a model of the hub is, and has other weights than that of the other session."""
    folder = tmp_path_factory.mktemp("models") / "xlm-roberta-base"
    shutil.copytree(trained_once.backbone.name, folder)
    return TinyLab(
        str(folder), str(trained_once.mirror), folder / "store", device="cpu", precision="fp32", display=False
    )


def names_base(folder: Path, name: str | None) -> None:
    path = folder / "adapter_config.json"
    config = {**json.loads(path.read_text()), "model_name": name}
    path.write_text(json.dumps(config))


@pytest.mark.parametrize("name", ["xlm-roberta-base", "FacebookAI/xlm-roberta-base", "/home/somebody/xlm-roberta-base"])
def test_a_base_of_this_name_is_taken_without_a_word(named: TinyLab, store: Store, tmp_path: Path, name: str) -> None:
    save_foreign_adapter(named, tmp_path / "out")
    names_base(tmp_path / "out", name)
    said: list[str] = []
    (made,) = import_folder(named, tmp_path / "out", store, "mnli", display=said)
    assert made.record.imported.base == name
    assert said == []


def test_another_base_of_the_same_sizes_is_refused_unless_it_is_forced(
    named: TinyLab, store: Store, tmp_path: Path
) -> None:
    save_foreign_adapter(named, tmp_path / "out")
    names_base(tmp_path / "out", "microsoft/infoxlm-base")
    with refused(tmp_path / "out", "microsoft/infoxlm-base", "xlm-roberta-base", advice="force_base"):
        import_folder(named, tmp_path / "out", store, "mnli")
    assert not list(store.checkpoints())
    said: list[str] = []
    (made,) = import_folder(named, tmp_path / "out", store, "mnli", force_base=True, display=said)
    assert made.record.imported.base == "microsoft/infoxlm-base"
    assert "microsoft/infoxlm-base" in said[0]


def test_forcing_a_base_does_not_stretch_sizes(named: TinyLab, store: Store, tmp_path: Path) -> None:
    save_foreign_adapter(named, tmp_path / "out")
    path = tmp_path / "out" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "hidden_size": 768}))
    with refused("768", "32", advice="name its base"):
        import_folder(named, tmp_path / "out", store, "mnli", force_base=True)


@pytest.mark.parametrize("name", [None, "None", ""])
def test_a_folder_that_names_no_base_is_taken_and_that_is_said(
    named: TinyLab, store: Store, tmp_path: Path, name: str | None
) -> None:
    save_foreign_adapter(named, tmp_path / "out")
    names_base(tmp_path / "out", name)
    said: list[str] = []
    (made,) = import_folder(named, tmp_path / "out", store, "mnli", display=said)
    assert made.record.imported.base is None
    assert "names no base" in said[0]


def test_a_base_that_is_a_folder_without_a_name_is_taken_and_that_is_said(
    trained_once: Any, store: Store, tmp_path: Path
) -> None:
    save_foreign_adapter(trained_once, tmp_path / "out")
    names_base(tmp_path / "out", "somebody/xlm-r-of-ours")
    said: list[str] = []
    import_folder(trained_once, tmp_path / "out", store, "mnli", display=said)
    assert "somebody/xlm-r-of-ours" in said[0]


def test_an_export_for_peft_is_held_to_the_base_it_was_made_from(
    lab: Any, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xadapt.portable.export.check", lambda *given: Check({"hidden states": 0.0}, 12))
    lab.train("stsb", adapter_config="peft:lora[r=2]", limit=8)
    export(lab.context, parse("stsb"), tmp_path / "out", "peft")
    other = Store(tmp_path / "other", shipped=store.shipped)
    said: list[str] = []
    import_folder(lab, tmp_path / "out", other, "stsb", display=said)
    assert said == []
    path = tmp_path / "out" / "export.json"
    record = json.loads(path.read_text())
    record["base"]["fingerprint"] = "ab" * 32
    path.write_text(json.dumps(record))
    with refused(tmp_path / "out", "abababab", advice="force_base"):
        import_folder(lab, tmp_path / "out", other, "stsb")


def test_a_folder_of_several_names_them_and_takes_one(trained_once: Any, store: Store, tmp_path: Path) -> None:
    save_foreign_adapter(trained_once, tmp_path / "several" / "en" / "nli")
    save_foreign_adapter(trained_once, tmp_path / "several" / "sw")
    with refused(tmp_path / "several", "en/nli, sw", advice="subfolder"):
        import_folder(trained_once, tmp_path / "several", store, "mnli")
    (made,) = import_folder(trained_once, tmp_path / "several", store, "mnli", subfolder="en/nli")
    assert made.heads == ["mnli"]
    with refused("'de'", advice="subfolder"):
        import_folder(trained_once, tmp_path / "several", store, "mnli", subfolder="de")


@pytest.mark.parametrize("name", ["..", "../other", "/tmp", "link"])
def test_a_subfolder_is_inside(trained_once: Any, store: Store, tmp_path: Path, name: str) -> None:
    save_foreign_adapter(trained_once, tmp_path / "other")
    save_foreign_adapter(trained_once, tmp_path / "several" / "sw")
    (tmp_path / "several" / "link").symlink_to(tmp_path / "other")
    with refused(tmp_path / "several"):
        import_folder(trained_once, tmp_path / "several", store, "mnli", subfolder=name)
