"""Rows of tables in text: csv, and cells between tabs, each with the number of its line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from xadapt.data.text_rows import check_width
from xadapt.errors import DataFault, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xadapt.tasks import Row

#: Characters in a cell; the csv module's own limit is shorter than some contexts.
_LONGEST_CELL = 1 << 24
#: What stands between cells, the usual one first; Excel writes semicolons where a comma is part of a number.
_DELIMITERS = ",;\t|"
_SAID = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_QUOTED_LINE = re.compile(r'(?:"(?:[^"]|"")*"|[^"\t]*)(?:\t(?:"(?:[^"]|"")*"|[^"\t]*))*')
_QUOTED_CELL = re.compile(r'(?:^|\t)("(?:[^"]|"")*"|[^"\t]*)')


def csv_rows(source: str, lines: Iterable[str]) -> tuple[list[str], Iterator[tuple[int, Row]]]:
    """Read csv, the first line of which names the columns.

    Cells are between commas or, where the first line has none, between semicolons, tabs or bars; a line ``sep=;``
    before it may say so.

    Args:
        source: What an error names.
        lines: The lines, with their ends.

    Returns:
        The names of the columns, and what yields the number of each row's first line and the row, all values texts.

    Raises:
        DataFault: If it is not csv, two columns have one name, or a row has too many or too few cells.
    """
    csv.field_size_limit(_LONGEST_CELL)
    rest = iter(lines)
    first, skipped = _first(rest)
    said = _SAID.fullmatch(first)
    if said:
        first, more = _first(rest)
        skipped += 1 + more
    delimiter = said[1] if said else max(_DELIMITERS, key=lambda mark: (_width(first, mark) > 1, mark == ","))
    reader = csv.reader(chain([first], rest), delimiter=delimiter, strict=True)
    return _table(source, _csv_cells(source, reader, skipped), "put a text that has such a mark inside into quotes")


def tsv_rows(source: str, lines: Iterable[str]) -> tuple[list[str], Iterator[tuple[int, Row]]]:
    """Read cells between tabs, a row a line, the first of which names the columns.

    Quotes are a part of the texts, as in GLUE, unless all of the file are well-formed quoted cells and something shows
    that they were meant so: one that holds a doubled quote or a tab, or a whole column or first line in quotes.

    Args:
        source: What an error names.
        lines: The lines, with their ends.

    Returns:
        As for :func:`csv_rows`.

    Raises:
        DataFault: If two columns have one name, or a row has too many or too few cells.
    """
    numbered = [(number, line.rstrip("\r\n")) for number, line in enumerate(lines, start=1)]
    split = unquoted if is_quoted([line for _, line in numbered if line]) else _literal
    cells = ((number, split(line) if line else []) for number, line in numbered)
    return _table(source, cells, "a text with a tab or over several lines goes into a .csv or .jsonl file")


def _first(lines: Iterator[str]) -> tuple[str, int]:
    """The first line that is not blank, and how many are before it."""
    skipped = 0
    for line in lines:
        if line.strip():
            return line, skipped
        skipped += 1
    return "", skipped


def _width(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter), []))


def _csv_cells(source: str, reader: Any, skipped: int) -> Iterator[tuple[int, list[str]]]:
    while True:
        start = reader.line_num + skipped + 1
        with _named(source, start):
            cells = next(reader, None)
        if cells is None:
            return
        yield start, cells


@contextmanager
def _named(source: str, line: int) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        open_quote = "unexpected end" in str(error)
        what = "a quote opens here and never closes" if open_quote else str(error)
        advice = 'a quote inside a quoted text is written twice (""), or write the rows as .jsonl'
        raise DataFault(source, f"line {line}: not CSV ({what}): {advice}", ", ") from None


def _literal(line: str) -> list[str]:
    return line.split("\t")


def unquoted(line: str) -> list[str]:
    """The cells of a line between tabs, without the quotes around them."""
    return [_bare(cell) for cell in _QUOTED_CELL.findall(line)]


def _bare(cell: str) -> str:
    quoted = _QUOTED.fullmatch(cell)
    return quoted[1].replace('""', '"') if quoted else cell


def is_quoted(lines: Sequence[str], named: bool = True) -> bool:
    """Whether the quotes of a file between tabs are its writer's, and no part of its texts.

    Args:
        lines: The lines, none of them empty.
        named: Whether the first names the columns, so that a quote in it is nobody's text.
    """
    if not any('"' in line for line in lines) or not all(_QUOTED_LINE.fullmatch(line) for line in lines if '"' in line):
        return False
    rows = [_QUOTED_CELL.findall(line) for line in lines]
    if any(len(row) != len(rows[0]) for row in rows):
        return False
    marked = [[_QUOTED.fullmatch(cell) for cell in row] for row in rows]
    meant = any(cell and ('""' in cell[1] or "\t" in cell[1]) for row in marked for cell in row)
    body = marked[1:] if named else marked
    return meant or (named and any(marked[0])) or (bool(body) and any(map(all, zip(*body, strict=True))))


def _table(
    source: str, cells: Iterator[tuple[int, list[str]]], advice: str
) -> tuple[list[str], Iterator[tuple[int, Row]]]:
    names = next((_names(found) for _, found in cells if any(map(str.strip, found))), [])
    check_width(source, len(names))
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        called = f"are called {quoted(twice)}" if twice else "have no name"
        raise DataFault(source, f"two columns {called}: rename one")
    return names, _rows(source, names, cells, advice)


def _names(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _rows(
    source: str, names: list[str], cells: Iterator[tuple[int, list[str]]], advice: str
) -> Iterator[tuple[int, Row]]:
    # Spreadsheets write rows of nothing behind the last one.
    empty: list[tuple[int, Row]] = []
    for line, found in cells:
        kept, rest = found[: len(names)], found[len(names) :]
        blank = not any(map(str.strip, found))
        if blank and len(found) < max(2, len(names)) and not (len(names) == 1 and found):
            continue
        if len(kept) < len(names) or any(map(str.strip, rest)):
            what = f"{len(found)} cells, not as many as the first line has names ({len(names)}): {advice}"
            raise DataFault(source, f"line {line}: {what}", ", ")
        row = dict(zip(names, kept, strict=True))
        if blank:
            empty.append((line, row))
            continue
        yield from empty
        empty.clear()
        yield line, row
