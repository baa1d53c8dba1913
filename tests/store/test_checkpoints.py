import json

import pytest

from tests.error_checks import refused
from tests.stored_records import change_record
from xadapt.store.checkpoints import open_checkpoint, verify_checkpoint
from xadapt.store.seals import DIGEST, sealed

FINGERPRINT = "ab" * 32


@pytest.fixture
def folder(tmp_path, make_checkpoint):
    return make_checkpoint(tmp_path / "0123456789abcdef")


def test_a_whole_checkpoint_is_accepted_and_described(folder):
    checkpoint = open_checkpoint(folder)
    verify_checkpoint(checkpoint, FINGERPRINT, "tiny")
    assert (checkpoint.setup, checkpoint.seed, checkpoint.heads, checkpoint.run) == ("mnli", 42, ["mnli"], folder.name)
    assert checkpoint.describe() == "mnli: run 01234567, bundled, mnli 1,200 rows, seed 42"
    change_record(folder / "xadapt.json", rows={}, data="imported")
    assert open_checkpoint(folder).describe() == "mnli: run 01234567, imported, seed 42"


def test_the_record_lists_every_file_but_itself_and_the_card(folder):
    assert list(open_checkpoint(folder).record.files) == ["adapter/adapter.safetensors"]
    assert (folder / "README.md").read_text() == "# a card\n"


@pytest.mark.parametrize("suffix", ["bin", "pt", "pth", "pkl", "ckpt"])
def test_a_pickle_is_refused_wherever_it_lies(folder, suffix):
    (folder / "adapter" / f"weights.{suffix}").write_bytes(b"")
    with refused(f"weights.{suffix}", "pickle", advice="safetensors"):
        verify_checkpoint(open_checkpoint(folder), FINGERPRINT, "tiny")


def test_a_missing_file_is_named_with_what_to_do(folder):
    (folder / "adapter" / "adapter.safetensors").unlink()
    with refused(folder, "adapter/adapter.safetensors", advice="train it again"):
        verify_checkpoint(open_checkpoint(folder), FINGERPRINT, "tiny")


def test_one_changed_byte_is_noticed(folder):
    path = folder / "adapter" / "adapter.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with refused(folder, "adapter.safetensors", advice="train it again"):
        verify_checkpoint(open_checkpoint(folder), FINGERPRINT, "tiny")


def test_a_checkpoint_of_another_base_is_refused_and_names_both(folder):
    with refused(folder, "'tiny' (abababab)", "'large' (cdcdcdcd)", advice="base=tiny"):
        verify_checkpoint(open_checkpoint(folder), "cd" * 32, "large")


def test_a_later_format_asks_for_an_upgrade(folder):
    change_record(folder / "xadapt.json", format=99)
    with refused(folder, "format 99", advice="upgrade xadapt"):
        open_checkpoint(folder)


@pytest.mark.parametrize("key", ["setup", "run", "base", "seed", "heads", "files"])
def test_a_record_that_lacks_something_is_not_a_checkpoint(folder, key):
    record = json.loads((folder / "xadapt.json").read_text())
    del record[key], record[DIGEST]
    (folder / "xadapt.json").write_text(json.dumps(sealed(record)))
    with refused(folder, f"'{key}'", "a checkpoint", advice="train it again"):
        open_checkpoint(folder)


def test_a_record_that_is_not_even_a_mapping_is_one_line(folder):
    (folder / "xadapt.json").write_text("[]")
    with refused(folder / "xadapt.json", "a checkpoint", advice="train it again"):
        open_checkpoint(folder)


def test_a_folder_without_a_record_is_one_line(tmp_path):
    with refused(tmp_path / "xadapt.json"):
        open_checkpoint(tmp_path)
