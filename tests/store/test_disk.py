import errno
import shutil

import pytest
import torch
from safetensors.torch import save_file

from tests.error_checks import refused
from xadapt.errors import RunFailed
from xadapt.store.disk import hold, make_folder, writing


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.EFBIG, "larger files"),
        (errno.EROFS, "make it writable"),
        (errno.EACCES, "make it writable"),
        (errno.EIO, "bring it back"),
        (errno.ESTALE, "bring it back"),
    ],
)
def test_what_a_disk_answers_is_one_line_that_says_what_to_do(tmp_path, number, advice):
    with refused(tmp_path / "file", "the same command", advice=advice, code=1), writing(tmp_path / "file"):
        raise OSError(number, "whatever")


def test_libraries_that_write_by_themselves_are_understood(tmp_path):
    with refused(tmp_path, "No such file", code=1), writing(tmp_path):
        save_file({"a": torch.zeros(1)}, tmp_path / "nowhere" / "file")
    for text in ("PytorchStreamWriter failed writing file data/0", "unexpected pos 64 vs 0"):
        with refused(tmp_path, advice="make room", code=1), writing(tmp_path):
            raise RuntimeError(f"[enforce fail at inline_container.cc:820] . {text}")


def test_an_error_of_another_kind_goes_through(tmp_path):
    for error in (ValueError("no"), RunFailed("told already"), OSError("no number")):
        with pytest.raises(type(error)) as caught, writing(tmp_path):
            raise error
        assert caught.value is error


def test_a_line_names_what_would_be_there_and_not_what_is_hidden(tmp_path):
    with refused(tmp_path / "run" / "file", code=1), writing(tmp_path / ".run.abcdefgh.unfinished" / "file"):
        raise OSError(errno.ENOSPC, "full")


def test_a_store_that_is_held_is_not_made_again_when_it_is_gone(tmp_path):
    store = tmp_path / "store"
    hold(store)
    make_folder(store / "runs" / "deep")
    shutil.rmtree(store)
    with refused(store, "gone", advice="bring it back", code=1):
        make_folder(store / "runs" / "deep")
    assert not store.exists()
    # What is left of a disk that was taken away.
    store.mkdir()
    with refused(store, "gone", code=1):
        make_folder(store / "runs")
    hold(store)
    make_folder(store / "runs")


def test_a_store_that_cannot_be_made_is_refused_before_anything_is_computed(tmp_path):
    (tmp_path / "file").write_text("")
    with refused(tmp_path / "file" / "store", advice="choose another store"):
        hold(tmp_path / "file" / "store")
