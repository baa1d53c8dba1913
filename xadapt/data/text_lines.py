"""Text files as lines: packed or not, with any ends of lines, UTF-8 or what its first bytes say."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from xadapt.errors import DataFault, XadaptError
from xadapt.store.files import refuse_device

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What other files begin with, in lower case, and what they are.
_OTHERS = (
    (b"version https://git-lfs", "is a pointer of Git LFS, not the file itself: fetch it with git lfs pull"),
    (b"<!doctype html", "is a web page, not the file itself: download it again"),
    (b"<html", "is a web page, not the file itself: download it again"),
    (b"pk\x03\x04", "is a spreadsheet or a zip archive: save it as CSV, or unpack it"),
    (b"par1", "is a parquet file: call it .parquet"),
    (b"\x1f\x8b", "is packed: let its name end in .gz"),
)
#: Bytes of a line.
_LONGEST = 1 << 28
#: A carriage return alone ends a line on old Macs; str.splitlines would also cut inside of texts, as at U+2028.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def ending_of(path: Path) -> str:
    """The ending that says what a file holds: ``.csv`` of ``rows.csv`` and of ``rows.csv.gz``."""
    return Path(path.stem).suffix if path.suffix == ".gz" else path.suffix


def other_file(first: bytes) -> str:
    """What a file is instead of rows, with what to do, told by its first bytes; "" where it may hold rows."""
    start = first.removeprefix(codecs.BOM_UTF8)[:32].lower()
    return next((what for mark, what in _OTHERS if start.startswith(mark)), "")


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a file, or what is packed in a ``.gz``.

    Raises:
        XadaptError: If it is missing, cannot be read or is no whole gzip file.
    """
    refuse_device(file)
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            yield cast("IO[bytes]", stream)
    except FileNotFoundError:
        raise XadaptError(f"no file {file}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataFault(file, "is no whole gzip file: pack it again", " ") from None
    except OSError as error:
        raise XadaptError(f"cannot read {file} ({error.strerror or error})") from None


def text_lines(source: str, stream: IO[bytes]) -> Iterator[str]:
    """Read lines, with their ends; a mark at the beginning is left out.

    Args:
        source: What an error names.
        stream: UTF-8, or UTF-16 or UTF-32 with their marks.

    Raises:
        DataFault: If it is not text; names the line.
    """
    first = _line_of(source, stream)
    other = other_file(first)
    if other:
        raise DataFault(source, other, " ")
    wide = next((name for mark, name in _MARKS if first.startswith(mark)), None)
    if wide:
        yield from _wide(source, first + stream.read(), wide)
        return
    for number, line in enumerate(chain([first], iter(partial(_line_of, source, stream), b"")), start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            byte = f"byte 0x{line[error.start]:02X}"
            raise DataFault(source, f"line {number}: not UTF-8 text ({byte}): save it as UTF-8", ", ") from None
        if "\0" in text:
            raise DataFault(source, f"line {number}: a zero byte, which no text has: save it as UTF-8", ", ")
        yield from _LINE.findall(text.removeprefix("\ufeff") if number == 1 else text)


def _line_of(source: str, stream: IO[bytes]) -> bytes:
    # A packed file may unpack to a line of any length.
    line = stream.readline(_LONGEST + 1)
    if len(line) > _LONGEST:
        raise DataFault(source, f"has a line of more than {_LONGEST:,} bytes: it is no text, or has no line ends", " ")
    return line


def _wide(source: str, content: bytes, encoding: str) -> Iterator[str]:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise DataFault(source, f"is not {encoding.upper()}, as its first bytes say: save it as UTF-8", " ") from None
    yield from io.StringIO(text, newline="")
