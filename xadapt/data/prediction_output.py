"""Predicted rows, written as they come: JSON lines or csv."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from xadapt.errors import XadaptError, option
from xadapt.outside_text import shown_json
from xadapt.store.files import atomic_stream
from xadapt.tasks import Row

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.data.prediction_input import Chunk

Write = Callable[[list[Row]], None]


def check_output(to: Path | None) -> None:
    """Check a file that is going to be written.

    Raises:
        XadaptError: If it ends neither in ``.jsonl`` nor in ``.csv``, or is a folder.
    """
    if to is not None and to.suffix not in _WRITERS:
        raise XadaptError(f"{option('to', to)}: name a file that ends in {' or '.join(_WRITERS)}")
    if to is not None and to.is_dir():
        raise XadaptError(f"{option('to', to)} is a folder: name a file")


def joined(chunk: Chunk, results: list[Row]) -> list[Row]:
    """Add each result to its row, whose columns stay as they are.

    Raises:
        XadaptError: If a row has a column of that name already.
    """
    for where, row, result in zip(chunk.names, chunk.rows, results, strict=True):
        for name in result:
            if name in row:
                raise XadaptError(f"{where}: there is a column {name!r} already, where the result goes: rename it")
    return [{**row, **result} for row, result in zip(chunk.rows, results, strict=True)]


@contextmanager
def open_output(to: Path | None) -> Iterator[Write]:
    """Yield a function that writes rows.

    Args:
        to: A ``.jsonl`` or ``.csv`` file, which appears when the block ends without an error; None for JSON lines on
            standard output, where rows appear at once. In csv, each label's probability has a column and whatever else
            is no single value is JSON.
    """
    if to is None:
        # Lines are UTF-8 wherever they go, as they are when they are read.
        yield _jsonl(sys.stdout.buffer, shown_json)
        return
    with atomic_stream(to) as stream:
        yield _WRITERS[to.suffix](stream)


def _jsonl(stream: IO[bytes], form: Callable[[str], str] = str) -> Write:
    def write(rows: list[Row]) -> None:
        stream.write(b"".join(form(_json(row)).encode(errors="backslashreplace") + b"\n" for row in rows))
        stream.flush()

    return write


def _json(value: Any) -> str:
    # A parquet file may hold dates and the like.
    return json.dumps(value, ensure_ascii=False, default=str)


def _csv(stream: IO[bytes]) -> Write:
    header: list[str] = []

    def write(rows: list[Row]) -> None:
        flat = [_flat(row) for row in rows]
        there = list(dict.fromkeys(name for row in flat for name in row))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not header:
            header.extend(there)
            writer.writerow(header)
        for name in there:
            if name not in header:
                raise XadaptError(f"column {name!r} comes too late for a csv file's first line: write to a .jsonl file")
        writer.writerows([_cell(row.get(name)) for name in header] for row in flat)
        stream.write(text.getvalue().encode(errors="backslashreplace"))

    return write


def _flat(row: Row) -> Row:
    shares = row.get("probabilities")
    if not isinstance(shares, dict):
        return row
    rest = {name: value for name, value in row.items() if name != "probabilities"}
    return {**rest, **{f"probability_{label}": share for label, share in shares.items()}}


def _cell(value: Any) -> Any:
    return _json(value) if isinstance(value, list | dict) else value


_WRITERS: dict[str, Callable[[IO[bytes]], Write]] = {".jsonl": _jsonl, ".csv": _csv}
