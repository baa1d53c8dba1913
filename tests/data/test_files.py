import gzip
import json

import pytest

from tests.error_checks import refused
from xadapt.data.files import count_rows, read_table

# Characters at which str.splitlines cuts and that stand inside of real sentences.
INSIDE = "one\u2028two\x85three\x0bfour"


def made(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_file_gives_texts_by_the_names_of_its_first_line(tmp_path):
    path = made(tmp_path, "rows.csv", '\ufefffirst,label\r\n"a, ""b""",1\r\n"two\nlines",0\r\n')
    table = read_table(path)
    assert table.columns == ["first", "label"]
    assert table.rows == [{"first": 'a, "b"', "label": "1"}, {"first": "two\nlines", "label": "0"}]
    assert table.split == "rows"
    assert read_table(path, ["label", "more"]).rows == [{"label": "1"}, {"label": "0"}]


def test_a_jsonl_file_gives_values_and_all_columns_of_all_rows(tmp_path):
    path = made(tmp_path, "rows.jsonl", '\ufeff{"a": [1, 2]}\n\n{"a": {"b": null}, "c": 1}\n')
    table = read_table(path)
    assert table.rows == [{"a": [1, 2]}, {"a": {"b": None}, "c": 1}]
    assert table.columns == ["a", "c"]
    assert read_table(path, ["c"]).rows == [{}, {"c": 1}]


@pytest.mark.parametrize("ending", ["tsv", "conll"])
def test_two_columns_give_sentences_between_empty_lines(tmp_path, ending):
    path = made(tmp_path, f"rows.{ending}", "\n\nThe\tNP/N\ncat\tN\n\n\nOh\tS\n")
    table = read_table(path, tagged=True)
    assert table.rows == [{"tokens": ["The", "cat"], "tags": ["NP/N", "N"]}, {"tokens": ["Oh"], "tags": ["S"]}]
    assert table.columns == ["tokens", "tags", "1", "2"]


def test_a_last_sentence_needs_no_empty_line(tmp_path):
    assert read_table(made(tmp_path, "rows.tsv", "a\tX"), tagged=True).rows == [{"tokens": ["a"], "tags": ["X"]}]


def test_a_parquet_file_gives_values_and_the_names_of_its_labels(write):
    rows = [{"text": "a", "label": 1, "tags": [0, 1]}]
    path = write("rows.parquet", rows, names={"label": ["no", "yes"]}, lists={"tags": ["O", "B-PER"]})
    table = read_table(path)
    assert table.rows == rows
    assert table.names == {"label": ["no", "yes"], "tags": ["O", "B-PER"]}
    assert read_table(path, ["label"]).rows == [{"label": 1}]
    assert read_table(path, ["label"]).columns == ["text", "label", "tags"], "also of columns that are not read"


def test_label_names_are_read_from_what_datasets_itself_writes(tmp_path):
    import datasets

    names = {"label": datasets.ClassLabel(names=["x", "y"]), "tags": datasets.List(datasets.ClassLabel(names=["O"]))}
    features = datasets.Features({**names, "text": datasets.Value("string")})
    path = tmp_path / "rows.parquet"
    datasets.disable_progress_bars()
    datasets.Dataset.from_list([{"label": 1, "tags": [0], "text": "a"}], features=features).to_parquet(path)
    assert read_table(path).names == {"label": ["x", "y"], "tags": ["O"]}


@pytest.mark.parametrize("metadata", [b"", b"{", b"[]", b'{"info": null}', b'{"info": {"features": {"label": 3}}}'])
def test_strange_metadata_name_no_labels(root, metadata):
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = root / "rows.parquet"
    parquet.write_table(pa.table({"label": [1]}).replace_schema_metadata({"huggingface": metadata}), path)
    assert read_table(path).names == {}


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_line_separator_inside_of_a_text_ends_no_row(tmp_path, ending):
    text = (
        f"text\n{INSIDE}\nb\n"
        if ending == "csv"
        else "".join(
            json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in (INSIDE.replace("\x0b", ""), "b")
        )
    )
    table = read_table(made(tmp_path, f"rows.{ending}", text))
    assert [row["text"].replace("\x0b", "") for row in table.rows] == [INSIDE.replace("\x0b", ""), "b"]


def test_a_line_separator_inside_of_a_token_ends_no_token(tmp_path):
    assert read_table(made(tmp_path, "rows.conll", "a\u2028b\tX\n")).rows == [{"tokens": ["a\u2028b"], "tags": ["X"]}]


def test_a_cell_may_be_as_long_as_a_context(tmp_path):
    assert len(read_table(made(tmp_path, "rows.csv", "text\n" + "x" * 200_000)).rows[0]["text"]) == 200_000


@pytest.mark.parametrize(
    ("name", "text", "subjects"),
    [
        ("a.csv", "x,y\n1,2\n3\n", ("line 3", "cells")),
        ("a.csv", "x,y,x\n1,2,3\n", ("'x'", "rename")),
        pytest.param("a.csv", ",".join(f"c{i}" for i in range(100_000)) + "\n", ("100,000 columns",), id="wide csv"),
        pytest.param("a.jsonl", "{" + ",".join(f'"{i}": 0' for i in range(10_001)) + "}", ("line 1",), id="wide jsonl"),
        pytest.param("a.jsonl", '{"a": ' + "[" * 10_000, ("line 1", "nested"), id="deep jsonl"),
        pytest.param("a.jsonl", '{"a": ' + "9" * 5000 + "}", ("line 1", "digits"), id="long number"),
        ("a.jsonl", '{"a": 1}\n{"a": 1, "a": 2}\n', ("line 2", "'a'", "twice")),
        ("a.csv", "x,y\n1,2,3\n", ("line 2", "cells")),
        ("a.csv", 'x,y\n1,"2\n', ("line 2", "CSV")),
        ("a.csv", 'x,y\n1,2\n"a"b,2\n', ("line 3", "CSV")),
        ("a.jsonl", '{"a": 1}\n{"a": 1\n', ("line 2", "JSON")),
        ("a.jsonl", "\n[1]\n", ("line 2", "object")),
        ("a.conll", "a\tX\nb X\n", ("line 2", "token", "tag")),
        ("a.conll", "a\tX\nb\tX\nc\tX\tY\n", ("line 3", "token", "tag")),
        ("a.conll", "a\t\n", ("line 1", "token", "tag")),
        ("a.txt", "a", (".parquet, .csv, .jsonl, .tsv, .json, .conll",)),
        ("a.parquet", "a", ("parquet", "pull it again")),
        ("a.parquet", "", ("parquet", "pull it again")),
    ],
)
def test_a_bad_file_is_one_line_with_its_name_and_the_line(tmp_path, name, text, subjects):
    path = made(tmp_path, name, text)
    with refused(path, *subjects):
        read_table(path)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.tsv"])
def test_a_file_in_another_encoding_is_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes("ä\n".encode("latin-1"))
    with refused(path, "UTF-8"):
        read_table(path)


def test_tables_in_text_may_be_packed_and_keep_the_name_of_their_split(tmp_path):
    for ending, text in (("csv", "a\n1\n"), ("tsv", "a\n1\n"), ("jsonl", '{"a": "1"}\n'), ("json", '[{"a": "1"}]')):
        path = tmp_path / f"test.de.{ending}.gz"
        path.write_bytes(gzip.compress(text.encode()))
        table = read_table(path)
        assert (table.rows, table.split) == ([{"a": "1"}], "test.de")
    path = tmp_path / "dev.conll.gz"
    path.write_bytes(gzip.compress(b"a\tX\n"))
    assert read_table(path).rows == [{"tokens": ["a"], "tags": ["X"]}]
    with refused("unknown kind of file", advice=".jsonl"):
        read_table(made(tmp_path, "a.parquet.gz", ""))


def test_a_missing_file_is_one_line(tmp_path):
    for name in ("a.csv", "a.parquet"):
        with refused("no file", tmp_path / name):
            read_table(tmp_path / name)


def test_rows_of_every_kind_of_file_are_counted(tmp_path, write):
    assert count_rows(write("a.parquet", [{"a": 1}, {"a": 2}])) == 2
    assert count_rows(made(tmp_path, "a.csv", 'a,b\n1,"x\ny"\n')) == 1
    assert count_rows(made(tmp_path, "a.jsonl", '{"a": 1}\n\n{"a": 2}\n{}\n')) == 3
    assert count_rows(made(tmp_path, "a.tsv", "a\tX\nb\tX\n\nc\tX\n"), tagged=True) == 2


def test_rows_are_counted_by_how_their_ids_begin(write):
    path = write("a.parquet", [{"id": "finnish-1"}, {"id": "english-2"}, {"id": "finnish-3"}])
    assert count_rows(path, "finnish-") == 2
    assert count_rows(path, "thai-") == 0
    assert count_rows(write("b.parquet", [{"a": "finnish-1"}]), "finnish-") == 0


def test_counting_a_file_that_is_missing_or_damaged_is_one_line(tmp_path):
    with refused("no file", tmp_path / "a.parquet"):
        count_rows(tmp_path / "a.parquet")
    with refused(tmp_path / "a.parquet", advice="pull it again"):
        count_rows(made(tmp_path, "a.parquet", "PAR1 nothing"))


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n", "git lfs pull"),
        ("a.jsonl", b"<!DOCTYPE html>\n<html></html>\n", "download"),
        ("a.tsv", b"PK\x03\x04\x14\x00\xff", "save it as CSV"),
        ("a.csv", b"PAR1\x15\x04", ".parquet"),
        ("a.csv", b"\x1f\x8b\x08\x00", ".gz"),
        ("a.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n", "git lfs pull"),
    ],
)
def test_a_file_that_is_something_else_is_told_by_its_beginning(tmp_path, name, content, advice):
    (tmp_path / name).write_bytes(content)
    with refused(tmp_path / name, advice=advice):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    "content", ['[{"a": 1}, {"a": 2}]', '[\n {"a": 1},\n {"a": 2}\n]', '{\n"rows": [{"a": 1}, {"a": 2}]\n}']
)
def test_a_list_of_rows_is_read_from_jsonl_too(tmp_path, content):
    (tmp_path / "a.jsonl").write_text(content)
    assert read_table(tmp_path / "a.jsonl").rows == [{"a": 1}, {"a": 2}]
