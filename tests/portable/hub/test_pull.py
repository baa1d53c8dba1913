from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.error_checks import refused
from tests.portable.conftest import REPO, TARGET, Machine
from xadapt.portable.hub.index import INDEX
from xadapt.store.files import sha256_file
from xadapt.store.store import Store


def test_without_members_they_are_named_and_whoever_pulls_must_have_them(here: Machine, away: Machine) -> None:
    here.push(TARGET, members=False)
    away.make("squad", "bb", 2)
    pulled = away.pull()
    assert pulled.taken == {"dd" * 8: TARGET}
    assert pulled.kept == {"bb" * 8: "squad"}
    assert pulled.missing == {"aa" * 8: "mnli", "cc" * 8: "fuse(mnli, squad)"}
    assert not pulled.usable(pulled.entries[0])


def test_a_setup_that_is_only_put_together_goes_as_its_parts(here: Machine, away: Machine) -> None:
    here.push("average(mnli, squad)")
    pulled = away.pull()
    assert pulled.taken == {"aa" * 8: "mnli", "bb" * 8: "squad"}
    assert pulled.usable(pulled.entries[0])


def test_a_repository_holds_several_setups_and_one_of_them_can_be_pulled(here: Machine, away: Machine) -> None:
    here.push("mnli")
    here.push("squad")
    assert [entry.setup for entry in away.pull(setup="squad").entries] == ["squad"]
    assert away.runs() == ["bb" * 8]
    assert set(away.pull().taken) == {"aa" * 8}
    with refused(REPO, "'squat'", advice="'squad'"):
        away.pull(setup="squat")


def test_a_branch_is_made_and_a_revision_is_pinned(here: Machine, away: Machine) -> None:
    first = here.push("mnli")
    here.push("squad", revision="dev")
    assert set(away.pull(revision="dev").taken.values()) == {"mnli", "squad"}
    assert [entry.setup for entry in away.pull(revision=first.revision).entries] == ["mnli"]
    with refused(REPO, "'v9'", advice="branch, tag or commit"):
        away.pull(revision="v9")


def test_a_run_that_is_there_and_whole_is_never_replaced(here: Machine, away: Machine) -> None:
    here.push(TARGET)
    away.make("mnli", "aa", 77)
    before = away.contents("aa")
    pulled = away.pull()
    assert away.contents("aa") == before
    assert pulled.differing == {"aa" * 8: "mnli"}
    assert not pulled.usable(pulled.entries[0])


def test_a_shipped_run_is_kept_where_it_is_the_same_and_given_way_to_where_not(
    here: Machine, away: Machine, tmp_path: Path
) -> None:
    here.push("average(mnli, squad)")
    shipped = Machine(here.hub, Store(tmp_path / "shipped"))
    shipped.make("mnli", "aa", 1)
    shipped.make("squad", "bb", 77)
    away.store.shipped = tmp_path / "shipped"
    pulled = away.pull()
    assert (pulled.kept, pulled.taken) == ({"aa" * 8: "mnli"}, {"bb" * 8: "squad"})
    assert away.contents("bb") == here.contents("bb")


def test_a_run_that_is_damaged_is_restored(here: Machine, away: Machine) -> None:
    here.push("mnli")
    own = away.make("mnli", "aa", 1)
    (own / "adapter" / "adapter.safetensors").write_bytes(b"cut")
    assert away.pull().taken == {"aa" * 8: "mnli"}
    assert away.contents("aa") == here.contents("aa")


def test_a_second_pull_downloads_no_weights(here: Machine, away: Machine) -> None:
    here.push(TARGET)
    away.pull()
    here.hub.requests.clear()
    assert not away.pull().taken
    assert not [request for request in here.hub.requests if "safetensors" in request or "/large/" in request]


def test_another_run_of_the_same_setup_is_told(here: Machine, away: Machine) -> None:
    here.push("mnli")
    away.make("mnli", "ee", 5)
    pulled = away.pull()
    assert pulled.displaced == {"mnli": "ee" * 8}
    away.make("mnli", "ff", 6)
    assert away.pull().instead == {"mnli": "ff" * 8}


def test_a_download_that_breaks_off_is_not_taken_and_goes_on_later(
    here: Machine, away: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 64)
    here.push(TARGET)
    oid = sha256_file(here.store.run_path("cc" * 8) / "adapter" / "adapter.safetensors")
    here.hub.cut[oid] = 128
    with refused(REPO, advice="the same command again", code=1):
        away.pull()
    assert away.runs() == []
    done = [request for request in here.hub.requests if request.startswith("GET /large/") and oid not in request]
    assert done
    here.hub.requests.clear()
    assert len(away.pull().taken) == 4
    assert not set(done) & set(here.hub.requests)
    assert f"GET /large/{oid}" in here.hub.requests


def test_a_spoilt_download_is_refused_and_got_afresh(here: Machine, away: Machine) -> None:
    here.push(TARGET)
    oid = sha256_file(here.store.run_path("cc" * 8) / "adapter" / "adapter.safetensors")
    here.hub.spoilt.add(oid)
    with refused(f"runs/{'cc' * 8}/adapter/adapter.safetensors", REPO, "SHA-256", advice="pull again"):
        away.pull()
    assert away.runs() == []
    here.hub.spoilt.clear()
    assert len(away.pull().taken) == 4


def test_a_record_that_was_changed_is_refused(here: Machine, away: Machine) -> None:
    here.push("mnli")
    path = f"runs/{'aa' * 8}/xadapt.json"
    here.hub.write(REPO, path, here.hub.read(REPO, path).replace(b'"seed": 42', b'"seed": 43'))
    with refused(path, REPO, "SHA-256", advice="pull again"):
        away.pull()


def test_a_file_that_is_not_there_is_named(here: Machine, away: Machine) -> None:
    here.push("mnli")
    here.hub.write(REPO, f"runs/{'aa' * 8}/adapter/adapter.safetensors", None)
    with refused(REPO, f"runs/{'aa' * 8}/adapter/adapter.safetensors", advice="pushed again"):
        away.pull()


def test_a_plain_adapter_is_left_to_import(here: Machine, away: Machine) -> None:
    here.hub.write("org/plain", "adapter_config.json", b"{}")
    with refused("org/plain", advice="`xadapt import org/plain`"):
        away.pull("org/plain")
    here.hub.write("org/model", "config.json", b"{}")
    with refused("org/model", INDEX, "`xadapt push`"):
        away.pull("org/model")
