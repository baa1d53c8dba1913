"""Rows to be predicted: what is read, what is asked of a row, and where a mistake is."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.data.prediction_input import Chunk, input_rows, read_chunks
from xadapt.tasks import get_task


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a file into the working folder; gives its name."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


def test_json_lines_come_in_chunks_with_the_numbers_of_their_lines(made: Callable[..., str]) -> None:
    name = made("rows.jsonl", '\ufeff{"a": [1]}\n\n{"b": "one\u2028two"}\r\n{"c": 3}')
    first, second = read_chunks(name, size=2)
    assert first == Chunk(name, [{"a": [1]}, {"b": "one\u2028two"}], [f"{name}, line {n}" for n in (1, 3)])
    assert second == Chunk(name, [{"c": 3}], [f"{name}, line 4"])


def test_csv_rows_are_texts_by_the_names_of_the_first_line(made: Callable[..., str]) -> None:
    name = made("rows.csv", '\ufefffirst,n\r\n"a, ""b""",1\r\n"two\nlines",2\r\n"x\u2028y",3\r\n')
    (chunk,) = read_chunks(name)
    assert [row["first"] for row in chunk.rows] == ['a, "b"', "two\nlines", "x\u2028y"]
    assert chunk.names == [f"{name}, line {n}" for n in (2, 3, 5)]


@pytest.mark.parametrize(
    ("form", "text"), [(None, '{"first": "é"}\n'), ("jsonl", '{"first": "é"}\n'), ("csv", "first\né\n")]
)
def test_standard_input_is_json_lines_unless_a_format_is_given(
    monkeypatch: pytest.MonkeyPatch, form: str | None, text: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="latin-1"))
    (chunk,) = read_chunks("-", form)
    assert chunk.rows == [{"first": "é"}]
    assert chunk.names[0].startswith("standard input, line ")


def test_a_file_with_tabs_has_rows_with_their_lines_and_for_tagging_a_token_a_line(made: Callable[..., str]) -> None:
    name = made("rows.tsv", 'first\tn\nIt says "so what\t1\n\nb\t2\n')
    (chunk,) = read_chunks(name)
    assert chunk.rows == [{"first": 'It says "so what', "n": "1"}, {"first": "b", "n": "2"}]
    assert chunk.names == [f"{name}, line 2", f"{name}, line 4"]
    (chunk,) = read_chunks(made("tags.tsv", "Ana\tB-PER\neats\tO\n"), task=get_task("wikiann"))
    assert chunk.rows == [{"tokens": ["Ana", "eats"], "tags": ["B-PER", "O"]}]


def test_a_given_format_goes_before_the_ending(made: Callable[..., str]) -> None:
    assert next(read_chunks(made("rows.txt", "a\n1\n"), "csv")).rows == [{"a": "1"}]


def test_a_stream_is_not_read_further_than_its_chunk(made: Callable[..., str]) -> None:
    chunks = read_chunks(made("rows.jsonl", '{"a": 1}\n{"a": 2}\nbroken\n'), size=2)
    assert len(next(chunks).rows) == 2
    with refused("rows.jsonl, line 3", "JSON"):
        next(chunks)


def test_parquet_files_and_tagged_sentences_are_read_too(made: Callable[..., str], tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    parquet.write_table(pa.Table.from_pylist([{"first": "a", "second": "b"}] * 3), tmp_path / "rows.parquet")
    made("rows.conll", "Ana\tB-PER\neats\tO\n\n")
    assert [len(chunk.rows) for chunk in read_chunks("rows.parquet", size=2)] == [2, 1]
    (chunk,) = read_chunks("rows.conll")
    assert chunk.rows == [{"tokens": ["Ana", "eats"], "tags": ["B-PER", "O"]}]


@pytest.mark.parametrize(
    ("name", "content", "subjects"),
    [
        ("rows.jsonl", "", ("no rows",)),
        ("rows.jsonl", "\n \n", ("no rows",)),
        ("rows.csv", "", ("no rows",)),
        ("rows.csv", "first,second\n", ("no rows",)),
        ("rows.jsonl", '{"a": 1}\n{"a": \n', ("line 2", "JSON", "Expecting value")),
        ("rows.jsonl", "[1]\n", ("line 1", "object")),
        ("rows.jsonl", "1" * 5000, ("line 1",)),
        ("rows.jsonl", b'{"a": 1}\n{"a": "\xe9"}\n', ("line 2", "UTF-8")),
        ("rows.csv", b"a\nx\n\xe9\n", ("line 3", "UTF-8")),
        ("rows.csv", b"\xff\xfea", ("UTF-16", "UTF-8")),
        ("rows.csv", "a,b,a\n1,2,3\n", ("'a'", "rename")),
        ("rows.csv", "a,b\n1,2\n1,2,3\n", ("line 3", "cells")),
        ("rows.csv", "a,b\n1\n", ("line 2", "cells")),
        ("rows.csv", 'a,b\n1,"2\n', ("line 2", "CSV")),
        ("rows.txt", "a", (".parquet, .csv, .jsonl",)),
        ("rows.parquet", "a", ("parquet", "pull it again")),
    ],
)
def test_a_wrong_file_is_one_line_that_names_file_and_line(
    made: Callable[..., str], name: str, content: str | bytes, subjects: tuple[str, ...]
) -> None:
    file = made(name, content)
    with refused(file, *subjects):
        list(read_chunks(file))


@pytest.mark.parametrize(
    ("file", "form", "subject", "advice"),
    [
        ("nowhere.jsonl", None, "nowhere.jsonl", ""),
        ("nowhere.parquet", None, "nowhere.parquet", ""),
        (".", "jsonl", "cannot read .", ""),
        ("rows.jsonl", "jsonll", "'jsonll'", "'jsonl'"),
    ],
)
def test_a_wrong_name_or_format_is_named(
    made: Callable[..., str], file: str, form: str | None, subject: str, advice: str
) -> None:
    with refused(subject, advice=advice):
        next(read_chunks(file, form))


@pytest.mark.parametrize(
    ("task", "row", "read"),
    [
        ("xnli", {"first": "a", "second": "b"}, {"first": "a", "second": "b"}),
        ("xnli", {"premise": "a", "hypothesis": "b", "label": 7}, {"first": "a", "second": "b"}),
        ("stsb", {"sentence1": "a", "sentence2": "b"}, {"first": "a", "second": "b"}),
        ("xquad", {"question": "a", "context": "b", "id": 9}, {"question": "a", "context": "b"}),
        ("xcopa", {"premise": "p", "question": "cause", "choice1": "a", "choice2": "b"}, "What was the cause?"),
        ("xcopa", {"context": "p", "question": "cause", "choices": ("a", "b")}, "What was the cause?"),
        ("csqa", {"question": "p", "choices": {"text": ["a", "b"]}}, None),
        ("csqa", {"context": "p", "choices": ["a", "b"], "question": "of no account"}, None),
        ("wikiann", {"tokens": ["Ana", "eats"]}, {"tokens": ["Ana", "eats"]}),
        ("wikiann", {"tokens": " Ana\u3000eats "}, {"tokens": ["Ana", "eats"]}),
    ],
)
def test_a_row_may_have_the_fields_of_the_problem_or_the_columns_of_the_task(task: str, row: Any, read: Any) -> None:
    if not isinstance(read, dict):
        read = {"context": "p", "choices": ["a", "b"], **({"question": read} if read else {})}
    assert input_rows([row, row], get_task(task)) == [{**read, "id": "0"}, {**read, "id": "1"}]


def test_a_row_that_is_read_is_not_changed() -> None:
    row = {"tokens": "Ana eats", "id": "mine"}
    input_rows([row], get_task("wikiann"))
    assert row == {"tokens": "Ana eats", "id": "mine"}


@pytest.mark.parametrize(
    ("task", "rows", "subjects"),
    [
        (
            "xnli",
            [{"text": "a", "premise": "b"}],
            ("the rows", "xnli", "premise, hypothesis", "first, second", "text, premise"),
        ),
        ("xquad", [{}], ("the rows", "xquad", "question, context", "no column")),
        ("xcopa", [{"premise": "a", "choice1": "b", "choice2": "c"}], ("premise, question, choice1, choice2",)),
        ("xnli", [{"premise": "a", "hypothesis": "b"}, {"premise": "a"}], ("row 1", "hypothesis", "missing")),
        ("xnli", [{"premise": "a", "hypothesis": 3}], ("row 0", "hypothesis", "int")),
        ("xnli", [{"premise": "\ud83d", "hypothesis": "a"}], ("row 0", "premise", "surrogate")),
        ("xnli", ["a"], ("row 0", "str")),
        ("xcopa", [{"context": "a", "question": "b", "choices": ["a"]}], ("row 0", "choices", "2 or more")),
        (
            "xcopa",
            [{"premise": "a", "question": "b", "choice1": "b", "choice2": None}],
            ("row 0", "choice2", "missing"),
        ),
        ("csqa", [{"question": "a", "choices": ["b", "c"]}], ("row 0", "choices.text", "2 or more")),
        ("wikiann", [{"tokens": []}], ("row 0", "tokens", "1 or more")),
        ("wikiann", [{"tokens": "  "}], ("row 0", "tokens", "1 or more")),
        ("wikiann", [{"tokens": ["a", 1]}], ("row 0", "tokens", "int")),
    ],
)
def test_a_wrong_row_is_one_line_in_the_words_of_the_user(
    task: str, rows: list[Any], subjects: tuple[str, ...]
) -> None:
    with refused(*subjects):
        input_rows(rows, get_task(task))


def test_a_wrong_row_of_a_file_is_named_by_its_line() -> None:
    rows = [{"first": "a", "second": "b"}, {"first": "a"}]
    with refused("my.csv, line 9", "second", "missing"):
        input_rows(rows, get_task("xnli"), Chunk("my.csv", rows, ["my.csv, line 8", "my.csv, line 9"]))
