"""Tables in text, as spreadsheets, pandas, R and the benchmarks write them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.error_checks import refused
from xadapt.data.delimited import csv_rows, tsv_rows
from xadapt.tasks import Row


def read_csv(text: str) -> list[Row]:
    """The rows of a csv file."""
    return [row for _, row in csv_rows("rows.csv", io.StringIO(text, newline=""))[1]]


def read_tsv(text: str) -> list[Row]:
    """The rows of a file with tabs."""
    return [row for _, row in tsv_rows("rows.tsv", io.StringIO(text, newline=""))[1]]


TEXTS = ["plain", 'It says "so what', '"Quoted from end to end"', "a, b; c", 'two "words" here', "'single'", '10" tall']


def test_quotes_of_a_file_with_tabs_that_was_written_without_quoting_are_texts() -> None:
    rows = [{"sentence": text, "label": str(number % 2)} for number, text in enumerate(TEXTS)]
    text = "sentence\tlabel\n" + "".join(f"{row['sentence']}\t{row['label']}\n" for row in rows)
    assert read_tsv(text) == rows


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_a_file_with_tabs_that_was_written_with_quoting_loses_its_quotes(quoting: int) -> None:
    texts = [*TEXTS, "tab\there"] if quoting == csv.QUOTE_MINIMAL else TEXTS
    rows: list[Row] = [{"sentence": text, "label": number % 2} for number, text in enumerate(texts)]
    out = io.StringIO()
    writer = csv.DictWriter(out, ["sentence", "label"], delimiter="\t", quoting=quoting)  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(rows)
    assert read_tsv(out.getvalue()) == [{**row, "label": str(row["label"])} for row in rows]


def test_a_quote_that_never_closes_eats_no_row() -> None:
    rows = read_tsv('text\tlabel\n"so what\tx\nb\tx\nc"\ty\n')
    assert [row["text"] for row in rows] == ['"so what', "b", 'c"']


def test_a_sentence_in_quotes_among_others_keeps_them_and_a_column_in_quotes_does_not() -> None:
    assert [row["text"] for row in read_tsv('text\tlabel\n"Yes."\tx\nNo.\ty\n')] == ['"Yes."', "No."]
    assert [row["label"] for row in read_tsv('text\tlabel\nYes.\t"x"\nNo.\t"y"\n')] == ["x", "y"]


def test_a_line_of_a_file_with_tabs_that_has_other_cells_is_named() -> None:
    with refused("rows.tsv, line 3", "3 cells", "(2)", advice=".jsonl"):
        read_tsv("text\tlabel\na\tx\nb\tc\ty\n")
    with refused("rows.tsv, line 2", advice=".jsonl"):
        read_tsv('text\tlabel\n"one\ntwo"\tx\n')


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_first_line_of_csv_says_what_stands_between_cells(delimiter: str) -> None:
    text = f'first{delimiter}"n{delimiter}m"\r\n"a{delimiter} b"{delimiter}3\r\n'
    assert read_csv(text) == [{"first": f"a{delimiter} b", f"n{delimiter}m": "3"}]


def test_a_comma_goes_before_other_marks_and_one_column_has_none() -> None:
    assert read_csv("a,b;c\n1,2\n") == [{"a": "1", "b;c": "2"}]
    assert read_csv("text\na; b\n") == [{"text": "a; b"}]


def test_excel_may_say_what_stands_between_cells() -> None:
    table = csv_rows("rows.csv", ["sep=;\n", "a,b;c\n", "1;2\n"])
    assert table[0] == ["a,b", "c"]
    assert list(table[1]) == [(3, {"a,b": "1", "c": "2"})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_numbered_by_the_line_where_they_begin(end: str) -> None:
    text = end.join(["a,b", f'"x{end}y",1', "", "z,2", ""])
    table = csv_rows("rows.csv", io.StringIO(text, newline=""))
    assert [(line, row["b"]) for line, row in table[1]] == [(2, "1"), (5, "2")]


def test_names_lose_their_blanks_and_columns_of_nothing_are_left_out() -> None:
    assert read_csv(" text , label ,,\nx,1,,\ny,2\n") == [{"text": "x", "label": "1"}, {"text": "y", "label": "2"}]
    with refused("rows.csv, line 2", "3 cells", "(2)"):
        read_csv("text,label,\nx,1,more\n")


def test_the_index_of_pandas_is_a_column_like_any_other() -> None:
    assert read_csv(",text\n0,a\n") == [{"": "0", "text": "a"}]


def test_lines_of_nothing_are_left_out_before_and_behind_the_rows_and_count_between_them() -> None:
    assert read_csv("\n  \na,b\n\n1,2\n   \n,\n3,4\n,\n ,\n") == [
        {"a": "1", "b": "2"},
        {"a": "", "b": ""},
        {"a": "3", "b": "4"},
    ]


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ('a,b\n1,2\n"so what,3\nx,4\n', ("line 3", "never closes", '""')),
        ('a,b\n"he said \\"hi\\"",1\n', ("line 2", "not CSV")),
        ("a,b\nwell, yes,1\n", ("line 2", "3 cells", "quotes")),
        ("a,a\n1,2\n", ("'a'", "rename")),
        (",,b\n1,2,3\n", ("no name",)),
    ],
)
def test_csv_that_is_none_is_named_with_its_line(text: str, subjects: tuple[str, ...]) -> None:
    with refused("rows.csv", *subjects):
        read_csv(text)


def test_a_file_of_nothing_has_no_columns() -> None:
    for text in ("", "\n", "  \n"):
        assert csv_rows("rows.csv", [text])[0] == tsv_rows("rows.tsv", [text])[0] == []


_CHARACTERS = st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",))
_TEXTS = st.lists(st.tuples(st.text(_CHARACTERS, min_size=1), st.just("x")), min_size=1)
_QUOTINGS = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])


def _written(rows: list[tuple[str, str]], **options: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, **options)
    writer.writerows([("text", "label"), *rows])
    return out.getvalue()


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    _TEXTS,
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writers_write_is_read_back(
    rows: list[tuple[str, str]], delimiter: str, quoting: int, end: str
) -> None:
    written = _written(rows, delimiter=delimiter, quoting=quoting, lineterminator=end)
    assert [row["text"] for row in read_csv(written)] == [text for text, _ in rows]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(_TEXTS, _QUOTINGS)
def test_what_is_written_with_tabs_and_quotes_is_read_back(rows: list[tuple[str, str]], quoting: int) -> None:
    written = _written(rows, delimiter="\t", quoting=quoting, lineterminator="\n")
    assert [row["text"] for row in read_tsv(written)] == [text for text, _ in rows]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(_TEXTS)
def test_what_is_written_with_tabs_and_no_quoting_is_read_as_it_stands(rows: list[tuple[str, str]]) -> None:
    texts = [text.replace("\t", " ") for text, _ in rows]
    written = "text\tlabel\n" + "".join(f"{text}\tx\n" for text in [*texts, 'one "quote'])
    assert [row["text"] for row in read_tsv(written)] == [*texts, 'one "quote']
