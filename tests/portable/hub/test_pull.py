from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.error_checks import refused
from tests.portable.conftest import REPO, TARGET, Machine
from xadapt.portable.hub.index import INDEX
from xadapt.store.files import sha256_file
from xadapt.store.store import Store


def test_without_members_they_are_named_and_whoever_pulls_must_have_them(sender: Machine, receiver: Machine) -> None:
    sender.push(TARGET, members=False)
    receiver.make("squad", "bb", 2)
    pulled = receiver.pull()
    assert pulled.taken == {"dd" * 8: TARGET}
    assert pulled.kept == {"bb" * 8: "squad"}
    assert pulled.missing == {"aa" * 8: "mnli", "cc" * 8: "fuse(mnli, squad)"}
    assert not pulled.usable(pulled.entries[0])


def test_a_setup_that_is_only_put_together_goes_as_its_parts(sender: Machine, receiver: Machine) -> None:
    sender.push("average(mnli, squad)")
    pulled = receiver.pull()
    assert pulled.taken == {"aa" * 8: "mnli", "bb" * 8: "squad"}
    assert pulled.usable(pulled.entries[0])


def test_a_repository_holds_several_setups_and_one_of_them_can_be_pulled(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.push("squad")
    assert [entry.setup for entry in receiver.pull(setup="squad").entries] == ["squad"]
    assert receiver.runs() == ["bb" * 8]
    assert set(receiver.pull().taken) == {"aa" * 8}
    with refused(REPO, "'squat'", advice="'squad'"):
        receiver.pull(setup="squat")


def test_a_branch_is_made_and_a_revision_is_pinned(sender: Machine, receiver: Machine) -> None:
    first = sender.push("mnli")
    sender.push("squad", revision="dev")
    assert set(receiver.pull(revision="dev").taken.values()) == {"mnli", "squad"}
    assert [entry.setup for entry in receiver.pull(revision=first.revision).entries] == ["mnli"]
    with refused(REPO, "'v9'", advice="branch, tag or commit"):
        receiver.pull(revision="v9")


def test_a_run_that_is_there_and_whole_is_never_replaced(sender: Machine, receiver: Machine) -> None:
    sender.push(TARGET)
    receiver.make("mnli", "aa", 77)
    before = receiver.contents("aa")
    pulled = receiver.pull()
    assert receiver.contents("aa") == before
    assert pulled.differing == {"aa" * 8: "mnli"}
    assert not pulled.usable(pulled.entries[0])


def test_a_shipped_run_is_kept_where_it_is_the_same_and_given_way_to_where_not(
    sender: Machine, receiver: Machine, tmp_path: Path
) -> None:
    sender.push("average(mnli, squad)")
    shipped = Machine(sender.hub, Store(tmp_path / "shipped"))
    shipped.make("mnli", "aa", 1)
    shipped.make("squad", "bb", 77)
    receiver.store.shipped = tmp_path / "shipped"
    pulled = receiver.pull()
    assert (pulled.kept, pulled.taken) == ({"aa" * 8: "mnli"}, {"bb" * 8: "squad"})
    assert receiver.contents("bb") == sender.contents("bb")


def test_a_run_that_is_damaged_is_restored(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    own = receiver.make("mnli", "aa", 1)
    (own / "adapter" / "adapter.safetensors").write_bytes(b"cut")
    assert receiver.pull().taken == {"aa" * 8: "mnli"}
    assert receiver.contents("aa") == sender.contents("aa")


def test_a_second_pull_downloads_no_weights(sender: Machine, receiver: Machine) -> None:
    sender.push(TARGET)
    receiver.pull()
    sender.hub.requests.clear()
    assert not receiver.pull().taken
    assert not [request for request in sender.hub.requests if "safetensors" in request or "/large/" in request]


def test_another_run_of_the_same_setup_is_reported(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    receiver.make("mnli", "ee", 5)
    pulled = receiver.pull()
    assert pulled.displaced == {"mnli": "ee" * 8}
    receiver.make("mnli", "ff", 6)
    assert receiver.pull().instead == {"mnli": "ff" * 8}


def test_a_download_that_breaks_off_is_not_taken_and_goes_on_later(
    sender: Machine, receiver: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 64)
    sender.push(TARGET)
    oid = sha256_file(sender.store.run_path("cc" * 8) / "adapter" / "adapter.safetensors")
    sender.hub.cut[oid] = 128
    with refused(REPO, advice="the same command again", code=1):
        receiver.pull()
    assert receiver.runs() == []
    done = [request for request in sender.hub.requests if request.startswith("GET /large/") and oid not in request]
    assert done
    sender.hub.requests.clear()
    assert len(receiver.pull().taken) == 4
    assert not set(done) & set(sender.hub.requests)
    assert f"GET /large/{oid}" in sender.hub.requests


def test_a_spoilt_download_is_refused_and_got_afresh(sender: Machine, receiver: Machine) -> None:
    sender.push(TARGET)
    oid = sha256_file(sender.store.run_path("cc" * 8) / "adapter" / "adapter.safetensors")
    sender.hub.spoilt.add(oid)
    with refused(f"runs/{'cc' * 8}/adapter/adapter.safetensors", REPO, "SHA-256", advice="pull again"):
        receiver.pull()
    assert receiver.runs() == []
    sender.hub.spoilt.clear()
    assert len(receiver.pull().taken) == 4


def test_a_record_that_was_changed_is_refused(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    path = f"runs/{'aa' * 8}/xadapt.json"
    sender.hub.write(REPO, path, sender.hub.read(REPO, path).replace(b'"seed": 42', b'"seed": 43'))
    with refused(path, REPO, "SHA-256", advice="pull again"):
        receiver.pull()


def test_a_file_that_is_not_there_is_named(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    sender.hub.write(REPO, f"runs/{'aa' * 8}/adapter/adapter.safetensors", None)
    with refused(REPO, f"runs/{'aa' * 8}/adapter/adapter.safetensors", advice="pushed again"):
        receiver.pull()


def test_a_plain_adapter_is_left_to_import(sender: Machine, receiver: Machine) -> None:
    sender.hub.write("org/plain", "adapter_config.json", b"{}")
    with refused("org/plain", advice="`xadapt import org/plain`"):
        receiver.pull("org/plain")
    sender.hub.write("org/model", "config.json", b"{}")
    with refused("org/model", INDEX, "`xadapt push`"):
        receiver.pull("org/model")
