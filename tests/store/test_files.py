import hashlib
import json
import os

import pytest

from tests.error_checks import refused
from xadapt.store import files
from xadapt.store.files import (
    atomic_folder,
    atomic_write_bytes,
    atomic_write_json,
    read_json,
    read_text,
    sha256_file,
    sha256_json,
)


def test_a_file_is_hashed_by_its_bytes(tmp_path):
    data = bytes(range(256)) * 9000
    (tmp_path / "f").write_bytes(data)
    assert sha256_file(tmp_path / "f") == hashlib.sha256(data).hexdigest()


def test_the_block_wise_hash_of_old_pythons_is_the_same(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"x" * ((1 << 20) + 7))
    expected = sha256_file(tmp_path / "f")
    monkeypatch.delattr(hashlib, "file_digest", raising=False)
    assert sha256_file(tmp_path / "f") == expected


def test_the_hash_of_a_value_does_not_depend_on_the_order_of_keys_but_on_that_of_lists():
    assert sha256_json({"a": 1, "b": {"c": 2, "d": 3}}) == sha256_json({"b": {"d": 3, "c": 2}, "a": 1})
    assert sha256_json([1, 2]) != sha256_json([2, 1])
    assert sha256_json({"a": 1}) != sha256_json({"a": "1"})


def test_an_atomic_write_makes_folders_and_a_file_that_others_can_read(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_an_atomic_write_that_fails_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch, broken):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fail)
    with refused(path, "No space", advice="make room", code=1):
        atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_written_readable_with_its_letters_and_a_final_newline(tmp_path):
    atomic_write_json(tmp_path / "f.json", {"text": "你好"})
    text = (tmp_path / "f.json").read_text(encoding="utf-8")
    assert "你好" in text
    assert text.endswith("}\n")
    assert read_json(tmp_path / "f.json") == {"text": "你好"}


def test_a_value_that_is_not_json_leaves_the_old_file(tmp_path):
    atomic_write_json(tmp_path / "f.json", {"old": 1})
    with pytest.raises(TypeError):
        atomic_write_json(tmp_path / "f.json", {"new": object()})
    assert read_json(tmp_path / "f.json") == {"old": 1}


def test_a_file_where_a_folder_belongs_is_one_line(tmp_path):
    (tmp_path / "f").write_text("")
    with refused(tmp_path / "f" / "sub", advice="another folder"):
        atomic_write_bytes(tmp_path / "f" / "sub" / "file", b"")


def test_an_atomic_folder_appears_only_when_its_block_ends(tmp_path):
    path = tmp_path / "deep" / "run"
    with atomic_folder(path) as folder:
        (folder / "f").write_text("x")
        assert not path.exists()
    assert (path / "f").read_text() == "x"
    assert path.stat().st_mode & 0o777 == 0o755
    assert list(path.parent.iterdir()) == [path]


def test_an_atomic_folder_whose_block_fails_leaves_nothing(tmp_path):
    def interrupted():
        with atomic_folder(tmp_path / "run") as folder:
            (folder / "f").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_atomic_folder_whose_block_fails_leaves_the_folder_that_was_there(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old").write_text("old")
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "run"):
        raise RuntimeError
    assert [p.name for p in tmp_path.rglob("*")] == ["run", "old"]


def test_an_atomic_folder_replaces_the_folder_that_was_there_as_a_whole(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old").write_text("old")
    with atomic_folder(tmp_path / "run") as folder:
        (folder / "new").write_text("new")
    assert [p.name for p in tmp_path.rglob("*")] == ["run", "new"]


def test_a_folder_comes_back_when_the_new_one_cannot_replace_it(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old").write_text("old")
    calls = []
    replace = os.replace

    def fail_second(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError("disk is gone")
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", fail_second)
    with pytest.raises(OSError, match="disk is gone"), atomic_folder(tmp_path / "run"):
        pass
    assert [p.name for p in tmp_path.rglob("*")] == ["run", "old"]


def test_a_file_that_is_missing_or_not_text_is_one_line(tmp_path):
    with refused(tmp_path / "nowhere", "No such file or directory"):
        read_text(tmp_path / "nowhere")
    (tmp_path / "f").write_bytes(b"\xff\xfe\x00")
    with refused(tmp_path / "f", "UTF-8"):
        read_text(tmp_path / "f")


def test_a_file_that_is_cut_short_is_named_as_not_json(tmp_path):
    (tmp_path / "f.json").write_text(json.dumps({"a": 1})[:-1])
    with refused(tmp_path / "f.json", "JSON", advice="restore it"):
        read_json(tmp_path / "f.json")


def test_a_device_is_no_file():
    from pathlib import Path

    with refused("/dev/zero", advice="name a file"):
        read_text(Path("/dev/zero"))


def test_a_text_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "f").write_text("x" * 11)
    with refused(tmp_path / "f", "too large"):
        read_text(tmp_path / "f", 10)
