"""Long files: there when they are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt.store.files import atomic_stream


def test_a_stream_replaces_the_file_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "long.txt"
    with atomic_stream(path) as stream:
        stream.write(b"one")
        assert not path.exists()
        stream.write(b"two")
    assert path.read_bytes() == b"onetwo"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_stream_that_breaks_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("old")

    def cut() -> None:
        with atomic_stream(path) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut()
    assert [child.name for child in tmp_path.iterdir()] == ["long.txt"]
    assert path.read_text() == "old"


def test_a_folder_where_the_file_belongs_is_named(tmp_path: Path) -> None:
    with refused(tmp_path, "folder", advice="name a file"), atomic_stream(tmp_path):
        pass
