from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from tests.portable.conftest import REPO, Machine
from tests.reliability.strangers import ODD, calling
from xadapt.portable.hub.index import INDEX


@pytest.mark.parametrize("name", ["adapter/pytorch_adapter.bin", "weights.pkl", "heads/mnli/model.PT", "run.py"])
def test_a_pickle_is_refused_before_it_is_downloaded(sender: Machine, receiver: Machine, name: str) -> None:
    sender.push("mnli")
    sender.hub.write(REPO, f"runs/{'aa' * 8}/{name}", b"\x80\x04.")
    sender.hub.requests.clear()
    with refused(REPO, name, "safetensors", advice="push again"):
        receiver.pull()
    sender.change_record("aa", files={name: "0" * 64, "heads/mnli/head_config.json": "0" * 64})
    sender.hub.write(REPO, f"runs/{'aa' * 8}/{name}", None)
    with refused(REPO, name, "safetensors", advice="push again"):
        receiver.pull()
    assert not [request for request in sender.hub.requests if name in request]
    assert receiver.runs() == []


@pytest.mark.parametrize("name", ["../../evil.json", "/evil.json", "a/../../evil.json", "a\\..\\evil.json", "C:x.json"])
def test_a_record_cannot_lead_out_of_its_folder(sender: Machine, receiver: Machine, name: str) -> None:
    sender.push("mnli")
    sender.change_record("aa", files={name: "0" * 64, "heads/mnli/head_config.json": "0" * 64})
    with refused(REPO, f"{name!r}", "folder"):
        receiver.pull()
    assert not list(receiver.store.root.parent.rglob("evil.json"))


def test_a_file_of_the_repository_cannot_lead_out_of_its_folder(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.hub.write(REPO, f"runs/{'aa' * 8}/../../../evil.json", b"{}")
    with refused(REPO, "../../../evil.json", "folder"):
        receiver.pull()


def test_a_head_cannot_lead_out_of_its_checkpoint(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.change_record("aa", heads=["../../../mnli"])
    with refused(REPO, "heads.0", "../../../mnli"):
        receiver.pull()


@pytest.mark.parametrize("name", [*ODD, *calling(Path("/tmp/mark"))])
def test_names_that_are_none_are_refused_wherever_they_stand(sender: Machine, receiver: Machine, name: str) -> None:
    sender.push("mnli")
    sender.change_record("aa", heads=[name])
    with refused(REPO, "heads.0"):
        receiver.pull()
    if name in ("a,b", "a b", "-a"):
        # Characters of a setup; its grammar refuses them.
        return
    sender.change_index(lambda index: index["setups"][0].update(setup=name))
    with refused(REPO, "setup"):
        receiver.pull()
    assert receiver.runs() == []


@pytest.mark.parametrize("run", ["../../evil", "..", "AA" * 8, ""])
def test_an_index_cannot_name_a_folder_of_its_own(sender: Machine, receiver: Machine, run: str) -> None:
    sender.push("mnli")
    sender.change_index(lambda index: index["setups"][0]["runs"].update(mnli=run))
    with refused(INDEX, REPO, "'setups.0.runs.mnli'", advice="push it again"):
        receiver.pull()


def test_an_index_cannot_write_to_the_terminal(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.change_index(lambda index: index["setups"][0].update(base="\x1b[2Je5-small"))
    with refused(INDEX, REPO, "'setups.0.base'") as refusal:
        receiver.pull()
    assert "\x1b" not in refusal.text


def test_a_record_of_another_setup_is_refused(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.change_record("aa", setup="squad")
    with refused(REPO, "of squad", "of mnli"):
        receiver.pull()


def test_an_index_of_a_later_version_says_so(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.change_index(lambda index: index.update(format=2))
    with refused(INDEX, REPO, "format", advice="upgrade xadapt"):
        receiver.pull()


@pytest.mark.parametrize("changes", [{"digest": "0" * 64}, {"under": ["mnli"]}, {"trains": 7}, {"decides": []}])
def test_a_record_that_a_store_would_leave_out_is_not_taken(sender: Machine, receiver: Machine, changes: Any) -> None:
    sender.push("mnli")
    sender.change_record("aa", **changes)
    with refused("xadapt.json", REPO, advice="nothing is taken"):
        receiver.pull()
    assert receiver.runs() == []
