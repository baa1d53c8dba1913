from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from tests.portable.conftest import REPO, TARGET, Place
from tests.portable.hub_server import READER, WRITER
from xadapt.errors import RunFailed, XadaptError
from xadapt.portable.hub.layout import INDEX, front_page, public_base, read_index
from xadapt.store.checkpoints import open_checkpoint


def test_everything_is_one_commit_with_the_message_that_was_given(here: Place) -> None:
    here.push(TARGET, message="ours")
    assert here.hub.repos[REPO].messages == ["by hand", "ours"]


def test_a_push_of_the_same_makes_no_commit(here: Place) -> None:
    first = here.push(TARGET)
    assert here.push(TARGET).revision == first.revision


def test_what_training_went_on_from_is_not_needed(here: Place, away: Place) -> None:
    here.make("continue(mnli, xnli)", "ee", members={"mnli": "aa" * 8})
    here.push("continue(mnli, xnli)")
    assert away.pull().taken == {"ee" * 8: "continue(mnli, xnli)"}


def test_a_setup_that_was_trained_again_takes_the_place_of_the_old_one(here: Place) -> None:
    here.push("mnli")
    here.push("squad")
    here.make("mnli", "ee", 9)
    here.push("mnli")
    assert {path.split("/")[1] for path in here.hub.files(REPO) if path.startswith("runs/")} == {"ee" * 8, "bb" * 8}


def test_the_front_page_has_what_the_hub_reads_and_how_to_use_it(here: Place) -> None:
    here.push(TARGET)
    page = here.hub.read(REPO, "README.md").decode()
    matter = yaml.safe_load(page.split("---\n")[1])
    assert matter["library_name"] == "adapters"
    assert matter["base_model"] == ["intfloat/multilingual-e5-small"]
    assert matter["datasets"] == ["nyu-mll/multi_nli", "rajpurkar/squad"]
    assert "xadapt pull org/adapters\n" in page
    assert f'--setup "{TARGET}"\n' in page
    assert f"1,200 rows of nyu-mll/multi_nli | [{'aa' * 8}](runs/{'aa' * 8})" in page
    assert 'model.load_adapter(f"{folder}/adapter", load_as="mnli"' in page


def test_the_front_page_names_the_members_that_are_elsewhere(here: Place, tmp_path: Path) -> None:
    here.push(TARGET, members=False)
    (tmp_path / INDEX).write_bytes(here.hub.read(REPO, INDEX))
    page = front_page(read_index(tmp_path / INDEX, REPO), REPO)
    assert f"`mnli` | not here: needed from elsewhere | run {'aa' * 8}" in page


def test_the_folder_that_a_base_lies_in_stays_private(here: Place, away: Place, tmp_path: Path) -> None:
    base = SimpleNamespace(name=str(tmp_path / "secret" / "xlmr"), fingerprint="cd" * 32)
    folder = here.make("stsb", "ee", base={"name": base.name, "fingerprint": base.fingerprint})
    (folder / "README.md").write_text(f"on the base `{base.name}`\n")
    here.push("stsb", backbone=base)
    for path in here.hub.files(REPO):
        assert b"secret" not in here.hub.read(REPO, path), path
    pulled = away.pull()
    assert open_checkpoint(away.store.run_path("ee" * 8)).record.base.name == "./xlmr"
    assert pulled.entries[0].base == "./xlmr"


def test_a_base_of_the_hub_keeps_its_name() -> None:
    assert public_base("xlm-roberta-base") == "xlm-roberta-base"


def test_a_push_needs_a_token_that_may_write(here: Place) -> None:
    with pytest.raises(XadaptError, match="takes nothing without a token: log in with `hf auth login`"):
        here.push("mnli", token=None)
    with pytest.raises(XadaptError, match="your token may not do this to org/adapters"):
        here.push("mnli", token=READER)
    with pytest.raises(XadaptError, match="does not know your token"):
        here.push("mnli", token="hf_unknown")
    assert REPO not in here.hub.repos


def test_the_token_of_the_environment_is_used(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITER)
    assert here.push("mnli", token=None).repo == REPO


def test_a_repository_of_something_else_is_not_written_to(here: Place) -> None:
    here.hub.write(REPO, "model.safetensors", b"somebody's model")
    with pytest.raises(XadaptError, match=r"holds something that is not of xadapt, such as model.safetensors"):
        here.push("mnli")
    assert list(here.hub.files(REPO)) == ["model.safetensors"]


def test_a_push_beside_another_one_loses_neither(here: Place) -> None:
    here.push("mnli")
    here.hub.meddle = True
    with pytest.raises(RunFailed, match="was changed by someone else at the same moment"):
        here.push("squad")
    assert "other.md" in here.hub.files(REPO)


def test_what_is_not_in_the_store_is_not_pushed(here: Place) -> None:
    with pytest.raises(XadaptError, match=r"did you mean 'squad'\? If not, make it: `xadapt train-task"):
        here.push("squadd")
    with pytest.raises(XadaptError, match='make it: `xadapt train-target xnli --on "mnli"`'):
        here.push("stack(mnli, xnli)")
    with pytest.raises(XadaptError, match="there is nothing to push"):
        here.push("none")
    assert not here.hub.requests


def test_a_setup_is_not_pushed_with_another_run_of_a_member(here: Place) -> None:
    here.make("fuse(mnli, stsb)", "ee", members={"mnli": "99" * 8})
    with pytest.raises(XadaptError, match=r"fuse\(mnli, stsb\) stands on mnli \(run 9999999999999999\), which"):
        here.push("fuse(mnli, stsb)")


def test_a_setup_is_not_pushed_with_a_member_that_was_made_again(here: Place) -> None:
    here.make("fuse(mnli, stsb)", "ee", members={"mnli": "aa" * 8}, weights={"mnli": "0" * 16})
    with pytest.raises(XadaptError, match=r"fuse\(mnli, stsb\) stands on mnli"):
        here.push("fuse(mnli, stsb)")


def test_a_damaged_checkpoint_is_not_pushed(here: Place) -> None:
    (here.store.run_path("aa" * 8) / "adapter" / "adapter.safetensors").write_bytes(b"cut")
    with pytest.raises(XadaptError, match="is corrupt or cut short"):
        here.push(TARGET)
    assert not here.hub.requests
