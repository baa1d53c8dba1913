import json

import pytest

from xadapt.errors import XadaptError
from xadapt.store.checkpoints import open_checkpoint, verify_checkpoint

FINGERPRINT = "ab" * 32


@pytest.fixture
def folder(tmp_path, make_checkpoint):
    return make_checkpoint(tmp_path / "0123456789abcdef")


def refused(folder, fingerprint=FINGERPRINT, base="tiny"):
    with pytest.raises(XadaptError) as caught:
        verify_checkpoint(open_checkpoint(folder), fingerprint, base)
    message = str(caught.value)
    assert "\n" not in message
    return message


def change_record(folder, **changes):
    path = folder / "xadapt.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_whole_checkpoint_is_accepted_and_tells_what_it_is(folder):
    checkpoint = open_checkpoint(folder)
    verify_checkpoint(checkpoint, FINGERPRINT, "tiny")
    assert (checkpoint.setup, checkpoint.seed, checkpoint.heads, checkpoint.run) == ("mnli", 42, ["mnli"], folder.name)
    assert checkpoint.describe() == "mnli: run 01234567, bundled, mnli 1,200 rows, seed 42"
    change_record(folder, rows={}, data="imported")
    assert open_checkpoint(folder).describe() == "mnli: run 01234567, imported, seed 42"


def test_the_record_lists_every_file_but_itself_and_the_card(folder):
    assert list(open_checkpoint(folder).record.files) == ["adapter/adapter.safetensors"]
    assert (folder / "README.md").read_text() == "# a card\n"


@pytest.mark.parametrize("suffix", ["bin", "pt", "pth", "pkl", "ckpt"])
def test_a_pickle_is_refused_wherever_it_lies(folder, suffix):
    (folder / "adapter" / f"weights.{suffix}").write_bytes(b"")
    assert f"weights.{suffix} is a pickle, which can run code" in refused(folder)


def test_a_missing_file_is_named_with_what_to_do(folder):
    (folder / "adapter" / "adapter.safetensors").unlink()
    assert "lacks adapter/adapter.safetensors: restore it or train mnli again" in refused(folder)


def test_one_changed_byte_is_noticed(folder):
    path = folder / "adapter" / "adapter.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert "adapter.safetensors is corrupt or cut short" in refused(folder)


def test_a_checkpoint_of_another_base_is_refused_and_names_both(folder):
    message = refused(folder, fingerprint="cd" * 32, base="large")
    assert "was trained on base 'tiny' (abababab), not on 'large' (cdcdcdcd)" in message
    assert message.endswith(("use --base tiny", "use base=tiny"))


def test_a_later_format_asks_for_an_upgrade(folder):
    change_record(folder, format=99)
    with pytest.raises(XadaptError, match="format 99: upgrade xadapt"):
        open_checkpoint(folder)


@pytest.mark.parametrize("key", ["setup", "run", "base", "seed", "heads", "files"])
def test_a_record_that_lacks_something_is_not_a_checkpoint(folder, key):
    record = json.loads((folder / "xadapt.json").read_text())
    del record[key]
    (folder / "xadapt.json").write_text(json.dumps(record))
    with pytest.raises(XadaptError, match=f"lacks '{key}': it is not the record of a checkpoint"):
        open_checkpoint(folder)


def test_a_record_that_is_not_even_a_mapping_is_one_line(folder):
    (folder / "xadapt.json").write_text("[]")
    with pytest.raises(XadaptError, match=r"xadapt\.json is not the record of a checkpoint"):
        open_checkpoint(folder)


def test_a_folder_without_a_record_is_one_line(tmp_path):
    with pytest.raises(XadaptError, match=r"cannot read .*xadapt\.json"):
        open_checkpoint(tmp_path)
