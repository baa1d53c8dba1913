"""Rows to be predicted: read in chunks from a file or a stream, and brought into the fields of a task's kind."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from xadapt.data.columns import column_names, to_fields
from xadapt.data.delimited import csv_rows, tsv_rows
from xadapt.data.files import TAGGED, RawTable, endings, read_table
from xadapt.data.text_lines import ending_of, opened, text_lines
from xadapt.data.text_rows import json_rows
from xadapt.errors import XadaptError, quoted, unknown
from xadapt.tasks import Row, Task
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from xadapt.tasks.fields import Field
    from xadapt.tasks.task import Column

#: Rows that are in memory together.
CHUNK = 2000
#: What standard input is called.
STDIN = "-"


@dataclass(frozen=True)
class Chunk:
    """Some rows of an input.

    Attributes:
        source: What an error calls the input.
        rows: Column name to value, as they came.
        names: What an error calls each row, such as ``rows.jsonl, line 3``.
        notes: What of the input was read otherwise than it is written, each one line.
    """

    source: str
    rows: list[Row] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()


_Numbered = Iterator[tuple[int, Row]]


def read_chunks(file: str, form: str | None = None, size: int = CHUNK, task: Task | None = None) -> Iterator[Chunk]:
    """Read rows, a chunk at a time; jsonl and csv are never in memory as a whole.

    Args:
        file: A file of any kind that :func:`~xadapt.data.files.read_table` reads, or ``-`` for standard input.
        form: ``jsonl``, ``csv`` or ``tsv``, None for that of the file's ending, and for jsonl on standard input.
        size: Rows a chunk.
        task: The task that they are for: a file of a tagging task may have a token a line, with or without a tag.

    Yields:
        Chunks of ``size`` rows, the last one of fewer.

    Raises:
        XadaptError: If it is missing, unreadable, not UTF-8, of another format or without a row; names file and line.
    """
    source = "standard input" if file == STDIN else file
    tagged = task is not None and spec_of(task.kind).tagged
    if form is not None and form not in _STREAMS:
        raise unknown("format", form, _STREAMS)
    if form is None:
        form = "jsonl" if file == STDIN else ending_of(Path(file)).removeprefix(".")
    if form in _STREAMS and not (tagged and f".{form}" in TAGGED):
        with _stream(file) as stream:
            yield from _cut(source, "line", _STREAMS[form](source, text_lines(source, stream)), size)
    elif f".{form}" in endings(tagged):
        table = _table(Path(file), task if tagged else None)
        for chunk in _cut(source, "row", enumerate(table.rows), size):
            yield replace(chunk, notes=table.notes)
    else:
        raise XadaptError(f"{file}: unknown kind of file; use {', '.join(endings(tagged))}, or name its format, {_OR}")


def _table(path: Path, task: Task | None) -> RawTable:
    if task is None:
        return read_table(path)
    spec = spec_of(task.kind)
    own = column_names({name: column for name, column in task.columns.items() if spec.field_of(name).asked})
    table = read_table(path, own, tagged=True, labelled=False)
    # A task's own columns or the usual ones, with gold tags if there are any.
    plain = {*own} <= {"tokens"} or not {*own} <= {*table.columns}
    return read_table(path, tagged=True, labelled=False) if plain else table


def input_rows(rows: Sequence[Any], task: Task, chunk: Chunk | None = None) -> list[Row]:
    """Bring rows into the fields that a task's problem reads; gold answers are not looked at.

    Args:
        rows: Mappings that have the kind's own fields, or else the task's columns; other columns are left out.
        task: The task.
        chunk: Where they come from, for errors; None for rows of a program.

    Returns:
        One row each, in order, with the fields that are read and an ``id``, the number of the row, from 0.

    Raises:
        XadaptError: If a column is missing or a row does not fit; names the row.
    """
    source = chunk.source if chunk else "the rows"

    def fault(number: int, what: str) -> XadaptError:
        return XadaptError(f"{chunk.names[number] if chunk else f'row {number}'}: {what}")

    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise fault(number, f"it is {type(row).__name__}, not column names with their values")
    there = list(dict.fromkeys(name for row in rows for name in row))
    columns = _columns(task, there, source) if rows else {}
    read = to_fields(RawTable(list(rows), there), task, columns, source)
    spec = spec_of(task.kind)
    for number, row in enumerate(read):
        for name, column in columns.items():
            value = spec.field_of(name)
            if value.form == "words" and isinstance(row[name], str):
                row[name] = row[name].split()
            elif value.listed and isinstance(row[name], tuple):
                row[name] = list(row[name])
            wrong = _fault(value, column, row[name])
            if wrong:
                raise fault(number, wrong)
        row["id"] = str(number)
    return read


def _columns(task: Task, there: list[str], source: str) -> dict[str, Column]:
    spec = spec_of(task.kind)
    fields = [name for name in task.columns if spec.field_of(name).asked]
    plain: dict[str, Column] = {name: name for name in fields}
    own = {name: task.columns[name] for name in fields}
    for columns in (plain, own):
        if set(column_names(columns)) <= set(there):
            return columns
    needed, other = (", ".join(column_names(columns)) for columns in (own, plain))
    either = f" (or {other})" if other != needed else ""
    has = ", ".join(map(str, there)) or "no column at all"
    raise XadaptError(f"{source}: {task.name} needs the columns {needed}{either}; there are: {has}")


def _fault(form: Field, column: Column, value: Any) -> str | None:
    if not isinstance(column, str):
        return next(filter(None, map(_text_fault, column, value)), None)
    if form.form == "number":
        there = isinstance(value, int | float) and not math.isnan(value)
        return None if there else f"{column} is {quoted(value)}, not a number"
    if not form.listed:
        return _text_fault(column, value)
    if not isinstance(value, list) or len(value) < form.fewest:
        return f"{column} is not a list of texts, {form.fewest} or more"
    return next(filter(None, (_text_fault(f"a text of {column}", item) for item in value)), None)


def _text_fault(name: str, value: Any) -> str | None:
    if value is None:
        return f"{name} is missing"
    if not isinstance(value, str):
        return f"{name} is {type(value).__name__}, not text"
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"{name} holds half of a surrogate pair, which is no character"
    return None


def _cut(source: str, unit: str, numbered: _Numbered, size: int) -> Iterator[Chunk]:
    empty = True
    while part := list(islice(numbered, size)):
        empty = False
        yield Chunk(source, [row for _, row in part], [f"{source}, {unit} {number}" for number, _ in part])
    if empty:
        raise XadaptError(f"{source} has no rows: there is nothing to predict")


@contextmanager
def _stream(file: str) -> Iterator[IO[bytes]]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with opened(Path(file)) as stream:
        yield stream


#: By format, what reads rows from lines.
_STREAMS: dict[str, Callable[[str, Iterator[str]], _Numbered]] = {
    "jsonl": json_rows,
    "csv": lambda source, lines: csv_rows(source, lines)[1],
    "tsv": lambda source, lines: tsv_rows(source, lines)[1],
}
_OR = " or ".join(_STREAMS)
