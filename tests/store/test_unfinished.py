import fcntl
import os
import subprocess
import sys

import pytest

from xadapt.store import unfinished
from xadapt.store.files import atomic_folder, atomic_stream, atomic_write_bytes
from xadapt.store.unfinished import is_abandoned, is_unfinished, sweep, sweep_one

DIES = """
import os, sys
from pathlib import Path
from xadapt.store.files import atomic_folder, atomic_stream
path = Path(sys.argv[2])
with (atomic_folder if sys.argv[1] == "folder" else atomic_stream)(path) as made:
    if sys.argv[1] == "folder":
        (made / "deep").mkdir()
        (made / "deep" / "half").write_text("half")
    os.kill(os.getpid(), 9)
"""


def left_by_a_kill(kind, path):
    died = subprocess.run([sys.executable, "-c", DIES, kind, str(path)], check=False)
    assert died.returncode == -9
    (left,) = path.parent.iterdir()
    return left


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_goes_with_the_next_write_of_the_same(tmp_path, kind):
    path = tmp_path / "thing"
    left = left_by_a_kill(kind, path)
    assert is_unfinished(left)
    assert is_abandoned(left)
    atomic_write_bytes(tmp_path / "other", b"")
    assert left.exists()
    if kind == "file":
        atomic_write_bytes(path, b"whole")
    else:
        with atomic_folder(path):
            pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "thing"]


@pytest.mark.parametrize("make", [atomic_stream, atomic_folder])
def test_what_is_being_written_is_left_alone(tmp_path, make):
    with make(tmp_path / "thing"):
        (being,) = tmp_path.iterdir()
        assert is_unfinished(being)
        assert not is_abandoned(being)
        sweep(tmp_path / "thing")
        assert not sweep_one(being)
        assert being.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["thing"]


def test_a_file_of_the_users_is_never_swept(tmp_path):
    names = [
        ".thing.conf",
        ".thing.backup12",
        ".thing.unfinished",
        "thing.abcdefgh.unfinished",
        ".other.abcdefgh.unfinished",
    ]
    for name in names:
        (tmp_path / name).write_text("mine")
    atomic_write_bytes(tmp_path / "thing", b"")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*names, "thing"])


def test_a_folder_that_was_put_aside_comes_back_when_its_process_died_before_the_new_one_was_there(tmp_path):
    aside = tmp_path / ".run.abcdefgh.aside"
    (aside / "run").mkdir(parents=True)
    (aside / "run" / "old").write_text("old")
    sweep(tmp_path / "run")
    assert [p.relative_to(tmp_path).as_posix() for p in sorted(tmp_path.rglob("*"))] == ["run", "run/old"]


def test_a_link_in_place_of_what_is_being_written_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (tmp_path / ".thing.abcdefgh.unfinished").symlink_to(tmp_path / "mine")
    sweep(tmp_path / "thing")
    assert (tmp_path / "mine" / "file").read_text() == "mine"


@pytest.mark.parametrize("make", [atomic_stream, atomic_folder])
def test_what_a_sweep_took_before_it_was_held_is_made_again(tmp_path, monkeypatch, make):
    held, flock = [], fcntl.flock

    def swept_first(handle, how):
        if how == fcntl.LOCK_EX and not held:
            held.append(handle)
            (being,) = tmp_path.iterdir()
            (being.rmdir if being.is_dir() else being.unlink)()
        flock(handle, how)

    monkeypatch.setattr(unfinished.fcntl, "flock", swept_first)
    with make(tmp_path / "thing"):
        pass
    assert held
    assert [p.name for p in tmp_path.iterdir()] == ["thing"]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held[0])
