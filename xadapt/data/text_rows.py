"""Rows of JSON: a row a line, or one list of rows, each with the number of its line or its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.errors import DataFault
from xadapt.json_text import NotJson, read_json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xadapt.tasks import Row

#: Columns of a table; a file with more has its rows and columns exchanged, or is none.
MOST_COLUMNS = 10_000


def check_width(source: str, columns: int, line: int | None = None) -> None:
    """Check that a table has no more columns than any that is one.

    Raises:
        DataFault: If it has more.
    """
    if columns > MOST_COLUMNS:
        what = f"{columns:,} columns, and {MOST_COLUMNS:,} are the most: leave out those that are not needed"
        raise DataFault(source, what if line is None else f"line {line}: {what}", ": " if line is None else ", ")


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
        check_width(source, len(row), number)
        yield number, row


def is_listed(first: str) -> bool:
    """Whether the first line of a file is the beginning of a list of rows, and no row by itself."""
    return first.lstrip().startswith("[") or first.strip() == "{" or '"paragraphs"' in first


def listed_rows(source: str, lines: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """Read a ``.json`` file: a list of rows, perhaps under one name, the nested form of SQuAD, or JSON lines.

    Args:
        source: What an error names.
        lines: The lines.

    Yields:
        The number of a row, from 1, or of its line, and the row.

    Raises:
        DataFault: If it is none of them.
    """
    held = list(lines)
    try:
        content = read_json_text("".join(held))
    except NotJson as error:
        if len(held) > 1 and _is_object(held[0]):
            yield from json_rows(source, held)
            return
        raise DataFault(source, f"{error}") from None
    for number, row in enumerate(_rows(source, content), start=1):
        if not isinstance(row, dict):
            raise DataFault(source, f"row {number}: not an object of names and values", ", ")
        check_width(source, len(row))
        yield number, row


def _is_object(line: str) -> bool:
    try:
        return isinstance(read_json_text(line), dict)
    except NotJson:
        return False


def _rows(source: str, content: Any) -> list[Any]:
    if isinstance(content, list):
        return content
    values = list(content.values()) if isinstance(content, dict) else []
    lists = [value for value in values if isinstance(value, list)]
    if len(lists) == 1 and all(isinstance(row, dict) for row in lists[0]):
        return _questions(source, lists[0]) if lists[0] and "paragraphs" in lists[0][0] else lists[0]
    if values and not any(isinstance(value, dict) for value in values):
        # A file of JSON lines with one line.
        return [content]
    raise DataFault(source, "is no list of rows: write [{…}, {…}], or an object a line as .jsonl", " ")


def _questions(source: str, articles: list[Any]) -> list[Row]:
    """The questions of SQuAD's own form: articles of paragraphs, whose context stands once for all their questions."""
    try:
        return [
            _question(question, paragraph)
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
    except (KeyError, TypeError, AttributeError):
        what = "is like SQuAD and lacks paragraphs, qas, question, context or answers somewhere"
        raise DataFault(source, f"{what}: write the questions as .jsonl", " ") from None


def _question(question: Any, paragraph: Any) -> Row:
    answers = question.get("answers") or ()
    return {
        "id": str(question.get("id", "")),
        "question": question["question"],
        "context": paragraph["context"],
        "answers": {key: [answer[key] for answer in answers] for key in ("text", "answer_start")},
        **{key: question[key] for key in ("is_impossible",) if key in question},
    }
