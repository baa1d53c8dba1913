"""Predicted rows in files: JSON lines that keep every value, csv with a column for each probability."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt.data.prediction_input import Chunk
from xadapt.data.prediction_output import check_output, joined, open_output

ROW = {
    "text": 'a "b"\nc, é \u2028',
    "n": 1,
    "list": ["x"],
    "prediction": "yes",
    "probabilities": {"yes": 0.7, "no": 0.3},
}


def test_json_lines_hold_each_row_as_it_was(tmp_path: Path) -> None:
    with open_output(tmp_path / "to.jsonl") as write:
        write([ROW])
        write([{"other": None}])
    assert [json.loads(line) for line in (tmp_path / "to.jsonl").read_bytes().split(b"\n")[:2]] == [
        ROW,
        {"other": None},
    ]


def test_what_json_has_no_form_for_is_written_as_text(tmp_path: Path) -> None:
    with open_output(tmp_path / "to.jsonl") as write:
        write([{"day": datetime.date(2024, 2, 29), "half": "\ud83d"}])
    assert json.loads((tmp_path / "to.jsonl").read_bytes()) == {"day": "2024-02-29", "half": "\ud83d"}


def test_csv_has_a_column_for_each_probability_and_json_for_lists(tmp_path: Path) -> None:
    with open_output(tmp_path / "to.csv") as write:
        write([ROW])
        write([{**ROW, "n": None}])
    with (tmp_path / "to.csv").open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert list(first) == ["text", "n", "list", "prediction", "probability_yes", "probability_no"]
    assert first == {
        "text": ROW["text"],
        "n": "1",
        "list": '["x"]',
        "prediction": "yes",
        "probability_yes": "0.7",
        "probability_no": "0.3",
    }
    assert second["n"] == ""


def test_a_column_that_comes_after_the_first_line_of_a_csv_file_is_refused(tmp_path: Path) -> None:
    def written() -> None:
        with open_output(tmp_path / "to.csv") as write:
            write([{"a": 1}])
            write([{"a": 1, "late": 2}])

    with refused("'late'", "first line", advice=".jsonl"):
        written()
    assert list(tmp_path.iterdir()) == []


def test_rows_appear_on_standard_output_at_once(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_output(None) as write:
        write([{"a": "é"}])
        assert capsysbinary.readouterr().out == '{"a": "é"}\n'.encode()


def test_a_result_never_replaces_a_column() -> None:
    chunk = Chunk("my.csv", [{"a": 1}, {"score": 2}], ["my.csv, line 2", "my.csv, line 3"])
    assert joined(chunk, [{"prediction": "x"}] * 2)[0] == {"a": 1, "prediction": "x"}
    with refused("my.csv, line 3", "'score'", advice="rename it"):
        joined(chunk, [{"prediction": "x", "score": 0.5}] * 2)


def test_only_json_lines_and_csv_are_written() -> None:
    check_output(None)
    check_output(Path("a.csv"))
    with refused("to=a.parquet", advice=".jsonl or .csv"):
        check_output(Path("a.parquet"))
