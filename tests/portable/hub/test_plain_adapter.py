"""Adapters that others put on the hub: their own files come, one adapter of several by its subfolder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from tests.error_checks import refused
from tests.portable.conftest import REPO, Machine
from tests.portable.hub_server import READER, StandIn
from tests.portable.imports import save_foreign_adapter
from xadapt.store.store import Store


@pytest.fixture
def lab(hub: StandIn, trained_once: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session with an empty store and the hub on this machine."""
    api = HfApi(endpoint=hub.endpoint, token=READER)
    monkeypatch.setattr("xadapt.portable.hub.plain_adapter.connect", lambda: api)
    return trained_once.with_store(store)


def upload(hub: StandIn, repo: str, folder: Path, within: str = "") -> None:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            hub.write(repo, within + file.relative_to(folder).as_posix(), file.read_bytes())


def test_an_adapter_comes_from_the_hub_with_its_own_files_alone(lab: Any, hub: StandIn, tmp_path: Path) -> None:
    save_foreign_adapter(lab, tmp_path / "out")
    upload(hub, "somebody/nli", tmp_path / "out")
    hub.write("somebody/nli", "pytorch_model.bin", b"a pickle")
    hub.write("somebody/nli", "train.py", b"code")
    hub.requests.clear()
    (made,) = lab.import_adapter("somebody/nli", "mnli")
    assert (made.setup, made.heads) == ("mnli", ["mnli"])
    assert not [request for request in hub.requests if ".bin" in request or ".py" in request]
    assert not list((lab.store.root / "partial").glob("*"))


def test_one_of_several_is_named_by_its_subfolder(lab: Any, hub: StandIn, tmp_path: Path) -> None:
    save_foreign_adapter(lab, tmp_path / "out")
    for within in ("en/nli/", "sw/"):
        upload(hub, "somebody/several", tmp_path / "out", within)
    with refused("somebody/several", "en/nli, sw", advice="subfolder"):
        lab.import_adapter("somebody/several", "mnli")
    with refused("somebody/several", "'de'", "en/nli, sw"):
        lab.import_adapter("somebody/several", "mnli", subfolder="de")
    hub.requests.clear()
    (made,) = lab.import_adapter("somebody/several", "mnli", subfolder="en/nli")
    assert made.heads == ["mnli"]
    assert not [request for request in hub.requests if "/sw/" in request]


def test_a_revision_is_a_commit_of_a_repository(lab: Any, hub: StandIn, tmp_path: Path) -> None:
    save_foreign_adapter(lab, tmp_path / "out")
    upload(hub, "somebody/nli", tmp_path / "out")
    commit = hub.repos["somebody/nli"].branches["main"]
    hub.write("somebody/nli", "adapter_config.json", b"{}")
    assert lab.import_adapter("somebody/nli", "mnli", revision=commit)[0].heads == ["mnli"]
    with refused("v9", advice="branch, tag or commit"):
        lab.import_adapter("somebody/nli", "mnli", revision="v9")
    with refused("revision=v9", str(tmp_path / "out")):
        lab.import_adapter(tmp_path / "out", "mnli", revision="v9")


def test_what_is_no_plain_adapter_says_what_it_is(lab: Any, hub: StandIn, sender: Machine, tmp_path: Path) -> None:
    sender.push("mnli")
    with refused(REPO, advice=f"`xadapt pull {REPO}`"):
        lab.import_adapter(REPO, "mnli")
    hub.write("somebody/model", "config.json", b"{}")
    with refused("somebody/model", "adapter_config.json"):
        lab.import_adapter("somebody/model", "mnli")
    hub.write("somebody/pickle", "adapter_config.json", b"{}")
    hub.write("somebody/pickle", "adapter_model.bin", b"a pickle")
    with refused("somebody/pickle/adapter_model.bin", "pickle", advice="convert it to safetensors"):
        lab.import_adapter("somebody/pickle", "mnli")
    with refused("somebody/nothing", advice="check the name"):
        lab.import_adapter("somebody/nothing", "mnli")


def test_a_refused_adapter_leaves_nothing(lab: Any, hub: StandIn, tmp_path: Path) -> None:
    save_foreign_adapter(lab, tmp_path / "out")
    upload(hub, "somebody/nli", tmp_path / "out")
    hub.write("somebody/nli", "adapter.safetensors", b"cut")
    with refused("adapter.safetensors", advice="get it again"):
        lab.import_adapter("somebody/nli", "mnli")
    assert not list(lab.store.checkpoints())
    assert not list((lab.store.root / "partial").glob("*"))


def test_a_folder_that_is_nowhere_is_no_repository(lab: Any, hub: StandIn, tmp_path: Path) -> None:
    hub.requests.clear()
    with refused("no-such-folder", advice="name the folder"):
        lab.import_adapter("no-such-folder", "mnli")
    assert hub.requests == []
