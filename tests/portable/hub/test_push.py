from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file

from tests.error_checks import refused
from tests.portable.conftest import REPO, TARGET, Machine
from tests.portable.hub_server import READER, WRITER
from xadapt.portable.hub.front_page import front_page, public_base
from xadapt.portable.hub.index import INDEX, read_index
from xadapt.store.checkpoints import open_checkpoint, write_record


def test_everything_is_one_commit_with_the_message_that_was_given(sender: Machine) -> None:
    sender.push(TARGET, message="ours")
    assert sender.hub.repos[REPO].messages == ["by hand", "ours"]


def test_a_push_of_the_same_makes_no_commit(sender: Machine) -> None:
    first = sender.push(TARGET)
    assert sender.push(TARGET).revision == first.revision


def test_what_training_went_on_from_is_not_needed(sender: Machine, receiver: Machine) -> None:
    sender.make("continue(mnli, xnli)", "ee", members={"mnli": "aa" * 8})
    sender.push("continue(mnli, xnli)")
    assert receiver.pull().taken == {"ee" * 8: "continue(mnli, xnli)"}


def test_a_student_goes_without_its_teacher_and_keeps_what_it_learnt_from(sender: Machine, receiver: Machine) -> None:
    setup = "distill(ensemble(mnli, squad), unlabelled=4)@xnli"
    rows = {"task": "xnli", "language": "de", "split": "test", "rows": 4, "available": 12, "fingerprint": "0" * 64}
    learnt = {**rows, "measured": True, "english": True}
    sender.make(setup, "ee", members={"mnli": "aa" * 8, "squad": "bb" * 8}, unlabelled=[learnt])
    sender.push(setup)
    assert receiver.pull().taken == {"ee" * 8: setup}
    (kept,) = open_checkpoint(receiver.store.run_path("ee" * 8)).record.unlabelled
    assert kept.fair_limit == 8
    page = sender.hub.read(REPO, "README.md").decode()
    assert "English only" not in page
    assert "4 rows of target languages without labels" in page


def test_a_setup_that_was_trained_again_replaces_the_old_one(sender: Machine) -> None:
    sender.push("mnli")
    sender.push("squad")
    sender.make("mnli", "ee", 9)
    sender.push("mnli")
    assert {path.split("/")[1] for path in sender.hub.files(REPO) if path.startswith("runs/")} == {"ee" * 8, "bb" * 8}


def test_the_front_page_has_what_the_hub_reads_and_how_to_use_it(sender: Machine) -> None:
    sender.push(TARGET)
    page = sender.hub.read(REPO, "README.md").decode()
    matter = yaml.safe_load(page.split("---\n")[1])
    assert matter["library_name"] == "adapters"
    assert matter["base_model"] == ["intfloat/multilingual-e5-small"]
    assert matter["datasets"] == ["nyu-mll/multi_nli", "rajpurkar/squad"]
    assert "xadapt pull org/adapters\n" in page
    assert f'--setup "{TARGET}"\n' in page
    assert f"1,200 rows of nyu-mll/multi_nli | [{'aa' * 8}](runs/{'aa' * 8})" in page
    assert "load_as='mnli', set_active=True" in page


@pytest.mark.parametrize(
    ("config", "library", "code"),
    [
        ('{"peft_type": "LORA"}', "peft", 'PeftModel.from_pretrained(encoder, f"{folder}/adapter")'),
        ('{"own_method": "mine"}', "xadapt", "$XADAPT_PLUGINS"),
    ],
)
def test_the_front_page_loads_an_adapter_with_what_can_load_it(
    sender: Machine, config: str, library: str, code: str
) -> None:
    sender.make("stsb", "ee", config=config)
    sender.push("stsb")
    page = sender.hub.read(REPO, "README.md").decode()
    matter = yaml.safe_load(page.split("---\n")[1])
    assert matter["library_name"] == library
    assert "adapter-transformers" not in matter["tags"]
    assert code in page
    assert "load_adapter" not in page


def test_the_front_page_shows_how_each_library_loads_an_adapter_once(sender: Machine) -> None:
    sender.make("stsb", "ee", config='{"peft_type": "LORA"}')
    sender.push("stsb")
    sender.push("mnli")
    sender.push("squad")
    page = sender.hub.read(REPO, "README.md").decode()
    assert (page.count("PeftModel.from_pretrained"), page.count("model.load_adapter")) == (1, 1)
    assert 'model.load_head(f"{folder}/heads/mnli"' in page


def test_the_front_page_names_the_members_that_are_elsewhere(sender: Machine, tmp_path: Path) -> None:
    sender.push(TARGET, members=False)
    (tmp_path / INDEX).write_bytes(sender.hub.read(REPO, INDEX))
    page = front_page(read_index(tmp_path / INDEX, REPO), REPO)
    assert f"`mnli` | not here: needed from elsewhere | run {'aa' * 8}" in page


def test_the_folder_that_a_base_lies_in_stays_private(sender: Machine, receiver: Machine, tmp_path: Path) -> None:
    base = SimpleNamespace(name=str(tmp_path / "secret" / "xlmr"), fingerprint="cd" * 32)
    folder = sender.make("stsb", "ee", base={"name": base.name, "fingerprint": base.fingerprint})
    (folder / "README.md").write_text(f"on the base `{base.name}`\n")
    sender.push("stsb", backbone=base)
    for path in sender.hub.files(REPO):
        assert b"secret" not in sender.hub.read(REPO, path), path
    pulled = receiver.pull()
    assert open_checkpoint(receiver.store.run_path("ee" * 8)).record.base.name == "./xlmr"
    assert pulled.entries[0].base == "./xlmr"


def test_a_base_of_the_hub_keeps_its_name() -> None:
    assert public_base("xlm-roberta-base") == "xlm-roberta-base"


def test_a_push_needs_a_token_that_may_write(sender: Machine) -> None:
    with refused("token", advice="`hf auth login`"):
        sender.push("mnli", token=None)
    with refused("token", REPO, advice="may write"):
        sender.push("mnli", token=READER)
    with refused(sender.hub.endpoint, "token", advice="`hf auth login`"):
        sender.push("mnli", token="hf_unknown")
    assert REPO not in sender.hub.repos


def test_the_token_of_the_environment_is_used(sender: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITER)
    assert sender.push("mnli", token=None).repo == REPO


def test_a_repository_of_something_else_is_not_written_to(sender: Machine) -> None:
    sender.hub.write(REPO, "model.safetensors", b"somebody's model")
    with refused(REPO, "model.safetensors", advice="another repository"):
        sender.push("mnli")
    assert list(sender.hub.files(REPO)) == ["model.safetensors"]


def test_a_push_beside_another_one_loses_neither(sender: Machine) -> None:
    sender.push("mnli")
    sender.hub.meddle = True
    with refused(REPO, advice="the same command again", code=1):
        sender.push("squad")
    assert "other.md" in sender.hub.files(REPO)


def test_what_is_not_in_the_store_is_not_pushed(sender: Machine) -> None:
    with refused("'squad'", advice="`xadapt train-task"):
        sender.push("squadd")
    with refused("stack(mnli, xnli)", advice='`xadapt train-target xnli --on "mnli"`'):
        sender.push("stack(mnli, xnli)")
    with refused("none", "push"):
        sender.push("none")
    assert not sender.hub.requests


def test_a_setup_is_not_pushed_with_another_run_of_a_member(sender: Machine) -> None:
    sender.make("fuse(mnli, stsb)", "ee", members={"mnli": "99" * 8})
    with refused("fuse(mnli, stsb)", f"mnli (run {'99' * 8})", sender.store.root, advice="restore it"):
        sender.push("fuse(mnli, stsb)")


def test_a_setup_is_not_pushed_with_a_member_that_was_made_again(sender: Machine) -> None:
    sender.make("fuse(mnli, stsb)", "ee", members={"mnli": "aa" * 8}, weights={"mnli": "0" * 16})
    with refused("fuse(mnli, stsb)", f"mnli (run {'aa' * 8})", advice="restore it"):
        sender.push("fuse(mnli, stsb)")


def test_a_damaged_checkpoint_is_not_pushed(sender: Machine) -> None:
    (sender.store.run_path("aa" * 8) / "adapter" / "adapter.safetensors").write_bytes(b"cut")
    with refused("adapter.safetensors", "corrupt"):
        sender.push(TARGET)
    assert not sender.hub.requests


def test_gates_go_and_come_with_their_members(sender: Machine, receiver: Machine) -> None:
    setup, members = "gate(mnli, squad)@xnli", {"mnli": "aa" * 8, "squad": "bb" * 8}
    folder = sender.make(setup, "ee", members=members)
    save_file({"0.output_adapter": np.array([0.5, 1.0], dtype=np.float32)}, folder / "gates.safetensors")
    write_record(folder, open_checkpoint(folder).record, f"# {setup}\n")
    sender.push(setup)
    assert set(receiver.pull().taken) == {"aa" * 8, "bb" * 8, "ee" * 8}
    assert receiver.contents("ee") == sender.contents("ee")
    assert any("gates.safetensors" in str(name) for name in receiver.contents("ee"))
