"""Rows of csv and JSON lines, each with the number of its line."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xadapt.errors import DataFault, quoted
from xadapt.json_text import NotJson, read_json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xadapt.tasks import Row

#: Characters in a cell of a csv file; the csv module's own limit is shorter than some contexts.
_LONGEST_CELL = 1 << 24
#: Columns of a table; a file with more has its rows and columns exchanged, or is none.
MOST_COLUMNS = 10_000


def _many(columns: int) -> str:
    return f"{columns:,} columns, and {MOST_COLUMNS:,} are the most: leave out those that are not needed"


def json_rows(source: str, lines: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """Read JSON lines; empty ones are skipped.

    Args:
        source: What an error names.
        lines: The lines.

    Yields:
        The number of a line, from 1, and its row.

    Raises:
        DataFault: If a line is no JSON object.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = read_json_text(line)
        except NotJson as error:
            raise DataFault(source, f"line {number}: {error}", ", ") from None
        if not isinstance(row, dict):
            raise DataFault(source, f"line {number}: not an object of names and values", ", ")
        if len(row) > MOST_COLUMNS:
            raise DataFault(source, f"line {number}: {_many(len(row))}", ", ")
        yield number, row


def csv_rows(source: str, lines: Iterable[str], delimiter: str = ",") -> tuple[list[str], Iterator[tuple[int, Row]]]:
    """Read csv, the first line of which names the columns.

    Args:
        source: What an error names.
        lines: The lines, with their ends.
        delimiter: What stands between cells.

    Returns:
        The names of the columns, and what yields the number of each row's last line and the row, all values texts.

    Raises:
        DataFault: If it is not csv, two columns have one name, or a row has too many or too few cells.
    """
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
    with _named(source, reader):
        names = list(reader.fieldnames or [])
    if len(names) > MOST_COLUMNS:
        raise DataFault(source, _many(len(names)))
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise DataFault(source, f"two columns are called {quoted(twice)}: rename one")
    return names, _body(source, reader)


def _body(source: str, reader: csv.DictReader[str]) -> Iterator[tuple[int, Row]]:
    with _named(source, reader):
        for row in reader:
            if None in row or None in row.values():
                what = f"line {reader.line_num}: not as many cells as the first line has names"
                raise DataFault(source, what, ", ")
            yield reader.line_num, row


@contextmanager
def _named(source: str, reader: csv.DictReader[str]) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise DataFault(source, f"line {reader.line_num + 1}: not CSV ({error})", ", ") from None
