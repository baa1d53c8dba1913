"""Text files as lines, however they were saved."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt.data.text_lines import ending_of, opened, text_lines


def lines(content: bytes) -> list[str]:
    """Read bytes as the lines of a file ``rows``."""
    return list(text_lines("rows", io.BytesIO(content)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_lines_are_the_same_whatever_ends_them_and_however_they_are_encoded(end: str, encoding: str) -> None:
    assert lines(f"größer{end}{end}b\u2028c".encode(encoding)) == [f"größer{end}", end, "b\u2028c"]


def test_a_mark_inside_of_a_text_stays() -> None:
    assert lines("a\ufeffb\n\ufeffc".encode()) == ["a\ufeffb\n", "\ufeffc"]


def test_nothing_has_no_lines() -> None:
    assert lines(b"") == []


@pytest.mark.parametrize(
    ("content", "subjects"),
    [
        ("a\nschön\n".encode("latin-1"), ("line 2", "0xF6")),
        ("a\nb\n".encode("utf-16-le"), ("line 1", "zero byte")),
        (b"a\nb\0c\n", ("line 2", "zero byte")),
        (b"\xff\xfea\x00b", ("UTF-16",)),
    ],
)
def test_what_is_no_text_is_named_with_its_line(content: bytes, subjects: tuple[str, ...]) -> None:
    with refused("rows", *subjects, advice="save it as UTF-8"):
        lines(content)


def test_a_packed_file_is_read_as_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    with opened(path) as stream:
        assert list(text_lines(str(path), stream)) == ["a\n", "1\n"]
    assert ending_of(path) == ending_of(Path("rows.csv")) == ".csv"


def test_a_file_that_was_not_packed_or_was_cut_is_one_line(tmp_path: Path) -> None:
    whole, path = gzip.compress(b"a\n1\n" * 1000), tmp_path / "rows.csv.gz"
    for content in (b"a\n1\n", whole[:-9], whole[:20] + b"\xff" * 20):
        path.write_bytes(content)
        with refused(path, "gzip"), opened(path) as stream:
            list(text_lines(str(path), stream))


def test_a_line_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xadapt.data.text_lines._LONGEST", 100)
    with refused("rows", "more than 100 bytes"):
        lines(b"a\n" + b"b" * 1000)


def test_a_device_is_no_file() -> None:
    with refused("/dev/zero", advice="name a file"), opened(Path("/dev/zero")):
        pass
