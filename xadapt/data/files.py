"""Tables in files: parquet, csv, tsv, jsonl, json, and tagged sentences with a token a line."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from xadapt.data.delimited import csv_rows, tsv_rows
from xadapt.data.tagged_files import read_tagged
from xadapt.data.text_lines import ending_of, opened, other_file, text_lines
from xadapt.data.text_rows import is_listed, json_rows, listed_rows
from xadapt.errors import DataFault, XadaptError
from xadapt.json_text import NotJson, read_json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xadapt.tasks import Row


@dataclass(frozen=True)
class RawTable:
    """Rows as a file or the hub has them.

    Attributes:
        rows: Column name to value.
        columns: All columns that there are.
        names: By column, what its whole numbers mean, where the file has that.
        split: Where the rows came from.
        lines: Of a file with a token a line, for each row the line of each token.
        notes: What was read otherwise than it is written, each one line.
    """

    rows: list[Row]
    columns: list[str]
    names: dict[str, list[str]] = field(default_factory=dict)
    split: str = ""
    lines: list[list[int]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def place(self, row: int, item: int = 0) -> str:
        """What an error calls an item of a row, or the row: its line, or its index where a row is no line."""
        return f"line {self.lines[row][item]}" if self.lines else f"row {row}"


def endings(tagged: bool = False) -> tuple[str, ...]:
    """Endings of files that can be read, of a tagging task or of others."""
    return tuple(dict.fromkeys((*READERS, *TAGGED))) if tagged else tuple(READERS)


def read_table(path: Path, columns: list[str] | None = None, tagged: bool = False, labelled: bool = True) -> RawTable:
    """Read a file by its ending.

    Args:
        path: A ``.parquet``, ``.csv``, ``.tsv``, ``.jsonl``, ``.json`` or ``.conll`` file; all but the first
            may be packed, such as ``.csv.gz``.
        columns: Columns to read, those that are there; None for all, of a file with a token a line for tokens and tags.
        tagged: Whether it is of a tagging task: files of :data:`TAGGED` have a token a line, packed or not.
        labelled: Whether tokens must have tags, where each has a line.

    Raises:
        XadaptError: If it is missing, unreadable or of another format.
    """
    ending = ending_of(path)
    lines = ending == ".conll" or (tagged and ending in TAGGED)
    if ending not in endings(tagged) or (path.suffix == ".gz" and ending == ".parquet"):
        raise XadaptError(f"{path}: unknown kind of file; use {', '.join(endings(tagged))}")
    if not path.is_file():
        raise XadaptError(f"no file {path}")
    return _tagged(path, columns, labelled) if lines else READERS[ending](path, columns)


def count_rows(path: Path, id_prefix: str = "", tagged: bool = False) -> int:
    """Count a file's rows, without reading more of it than that takes.

    Args:
        path: As for :func:`read_table`.
        id_prefix: Count only rows whose ``id`` starts with this.
        tagged: As for :func:`read_table`.

    Raises:
        XadaptError: If it is missing, unreadable or of another format.
    """
    if id_prefix:
        return sum(str(row.get("id", "")).startswith(id_prefix) for row in read_table(path, ["id"], tagged).rows)
    if path.suffix == ".parquet" and path.is_file():
        with _parquet_file(path) as file:
            return int(file.metadata.num_rows)
    return len(read_table(path, [], tagged).rows)


def _parquet(path: Path, columns: list[str] | None) -> RawTable:
    with _parquet_file(path) as file:
        there = file.schema_arrow.names
        wanted = there if columns is None else [column for column in columns if column in there]
        rows = file.read(columns=wanted).to_pylist()
        return RawTable(rows, there, _class_names(file.schema_arrow.metadata or {}), path.stem)


@contextmanager
def _parquet_file(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (OSError, ValueError, NotImplementedError, pyarrow.ArrowException) as error:
        with opened(path) as stream:
            other = other_file(stream.read(32))
        if other and not other.startswith("is a parquet"):
            raise DataFault(path, f"is no parquet file: it {other}, or pull it again", " ") from None
        reason = " ".join(str(error).split())[:80]
        raise DataFault(path, f"is not a readable parquet file ({reason}): pull it again", " ") from None


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    try:
        features = read_json_text(metadata.get(b"huggingface", b"{}").decode())["info"]["features"]
    except (NotJson, ValueError, KeyError, TypeError):
        return {}
    names = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        if isinstance(feature, list) and feature:
            feature = feature[0]  # noqa: PLW2901 - a list of one is the same as the one
        inner = feature.get("feature", feature) if isinstance(feature, dict) else {}
        if isinstance(inner, dict) and inner.get("_type") == "ClassLabel" and isinstance(inner.get("names"), list):
            names[column] = [str(name) for name in inner["names"]]
    return names


def _delimited(path: Path, columns: list[str] | None) -> RawTable:
    read = tsv_rows if ending_of(path) == ".tsv" else csv_rows
    with opened(path) as stream:
        names, rows = read(str(path), text_lines(str(path), stream))
        return RawTable([_only(row, columns) for _, row in rows], names, split=_split(path))


def _json(path: Path, columns: list[str] | None) -> RawTable:
    rows: list[Row] = []
    there: dict[str, None] = {}
    with opened(path) as stream:
        lines = text_lines(str(path), stream)
        first = next(lines, "")
        # A list of rows is one whatever its file is called.
        read = listed_rows if ending_of(path) == ".json" or is_listed(first) else json_rows
        for _, row in read(str(path), chain([first], lines)):
            there |= dict.fromkeys(row)
            rows.append(_only(row, columns))
    return RawTable(rows, list(there), split=_split(path))


def _split(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(ending_of(path))


def _tagged(path: Path, columns: list[str] | None, labelled: bool = True) -> RawTable:
    with opened(path) as stream:
        found = read_tagged(path, text_lines(str(path), stream), columns, labelled)
    return RawTable(found.rows, found.columns, split=_split(path), lines=found.lines, notes=found.notes)


def _only(row: Row, columns: list[str] | None) -> Row:
    return row if columns is None else {column: row[column] for column in columns if column in row}


READERS: dict[str, Callable[[Path, list[str] | None], RawTable]] = {
    ".parquet": _parquet,
    ".csv": _delimited,
    ".jsonl": _json,
    ".tsv": _delimited,
    ".json": _json,
    ".conll": _tagged,
}
#: Endings of files with a token a line, where the task is one of tagging.
TAGGED = (".tsv", ".txt", ".conllu", ".iob", ".iob2", ".bio")
