"""``xadapt predict``: rows in, the same rows with predictions out."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal
from xadapt import model

Cli = Callable[..., tuple[int, str, str]]

ROWS = [
    {"id": 7, "premise": "Sie liest ein Buch.", "hypothesis": "Jemand liest.", "tags": ["x"]},
    {"id": 8, "premise": "她在看书。", "hypothesis": "Nobody reads \u2028 anything at all.", "tags": []},
    {"id": 9, "premise": "A", "hypothesis": "B", "tags": None},
]


@pytest.fixture
def options(trained: Any) -> list[str]:
    """A setup on the tiny base, small and exact."""
    base = ["--base", trained.backbone.name, "--store", str(trained.store.root)]
    return ["--setup", "stack(mnli, xnli)", "--task", "xnli", "--max-length", "48", "--precision", "fp32", *base]


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    """Three rows in a file."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line]


def small_chunks(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(model, "read_chunks", partial(model.read_chunks, size=size))


def test_every_row_comes_back_with_its_prediction(cli: Cli, options: list[str], jsonl: Path) -> None:
    code, out, err = cli("predict", jsonl, *options)
    assert code == 0, err
    results = lines(out)
    assert [{key: result[key] for key in row} for row, result in zip(ROWS, results, strict=True)] == ROWS
    assert [list(result)[4:] for result in results] == [["prediction", "probabilities"]] * 3
    assert all(sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-5) for result in results)
    assert "uses stack(mnli, xnli): run " in err


def test_standard_input_gives_results_chunk_by_chunk(
    cli: Cli, options: list[str], jsonl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = lines(cli("predict", jsonl, *options)[1])
    small_chunks(monkeypatch, 2)
    # What came before a broken line is there.
    broken = jsonl.read_bytes()[: -len(b'"tags": null}\n')]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(broken)))
    code, out, err = cli("predict", "-", *options)
    check_refusal(code, err, "standard input, line 3", "JSON")
    assert [result["prediction"] for result in lines(out)] == [result["prediction"] for result in expected[:2]]


def test_csv_goes_in_and_comes_out(cli: Cli, options: list[str], jsonl: Path, tmp_path: Path) -> None:
    expected = lines(cli("predict", jsonl, *options)[1])
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("first", "second"), *((row["premise"], row["hypothesis"]) for row in ROWS)])
    code, out, err = cli("predict", "rows.csv", *options, "--to", "new/out.csv")
    assert (code, out.strip()) == (0, "new/out.csv"), err
    assert "xnli stack(mnli, xnli): 3 rows" in err
    with (tmp_path / "new" / "out.csv").open(encoding="utf-8", newline="") as stream:
        results = list(csv.DictReader(stream))
    assert [result["second"] for result in results] == [row["hypothesis"] for row in ROWS]
    for result, other in zip(results, expected, strict=True):
        assert result["prediction"] == other["prediction"]
        assert float(result["probability_neutral"]) == pytest.approx(other["probabilities"]["neutral"], abs=1e-5)


def test_csv_on_standard_input_is_read_by_its_format(
    cli: Cli, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"premise,hypothesis\na,b\n")))
    code, out, err = cli("predict", "-", "--format", "csv", *options)
    assert code == 0, err
    assert [(row["premise"], row["hypothesis"]) for row in lines(out)] == [("a", "b")]


def test_a_file_appears_whole_or_not_at_all(
    cli: Cli, options: list[str], jsonl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_chunks(monkeypatch, 1)
    to = tmp_path / "out.jsonl"
    to.write_text("old")
    whole = jsonl.read_text(encoding="utf-8")
    jsonl.write_text(whole + "{}\n", encoding="utf-8")
    code, out, err = cli("predict", jsonl, *options, "--to", to)
    assert (out, to.read_text()) == ("", "old")
    check_refusal(code, err, "rows.jsonl", advice="premise, hypothesis")
    jsonl.write_text(whole, encoding="utf-8")
    assert cli("predict", jsonl, *options, "--to", to)[0] == 0
    assert len(lines(to.read_text(encoding="utf-8"))) == 3
    assert {path.name for path in tmp_path.iterdir()} >= {"out.jsonl", "rows.jsonl"}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_many_rows_are_counted_on_standard_error(
    cli: Cli, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xadapt.cli.predict._EVERY", 4)
    small_chunks(monkeypatch, 2)
    (tmp_path / "many.csv").write_text("premise,hypothesis\n" + "a,b\n" * 9)
    code, out, err = cli("predict", "many.csv", *options)
    assert (code, len(lines(out))) == (0, 9), err
    assert [line for line in err.splitlines() if line.endswith(" rows")] == ["4 rows", "8 rows"]


def test_a_reader_that_has_enough_is_no_mistake(
    cli: Cli, options: list[str], jsonl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        code, _, err = cli("predict", jsonl, *options)
        # What is flushed at the end goes nowhere.
        print("rest", file=sys.stdout, flush=True)
    assert code == 0
    assert "error" not in err


@pytest.mark.parametrize(
    ("name", "content", "more", "subject", "advice"),
    [
        ("a.csv", "text\nx\n", [], "a.csv", "premise, hypothesis (or first, second)"),
        ("a.jsonl", "", [], "a.jsonl", "no rows"),
        ("a.jsonl", '{"first": "a", "second": 1}', [], "a.jsonl, line 1: second", "text"),
        ("a.txt", "x", [], "a.txt", ".parquet, .csv, .jsonl"),
        ("a.csv", "x\n", ["--format", "xml"], "'xml'", "jsonl"),
        ("a.csv", "x\n", ["--to", "b.xml"], "--to b.xml", ".jsonl or .csv"),
        ("a.csv", "x\n", ["--task", "tatoeba"], "tatoeba", "xadapt evaluate tatoeba"),
        ("a.csv", "x\n", ["--task", "xnly"], "'xnly'", "'xnli'"),
        ("a.csv", "x\n", ["--setup", "stack(mnli"], "'stack(mnli', character 6", "bracket"),
    ],
)
def test_a_mistake_is_one_line_before_a_model_is_loaded(
    cli: Cli,
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: str,
    more: list[str],
    subject: str,
    advice: str,
) -> None:
    monkeypatch.setattr("xadapt.backbone.base.load_backbone", None)
    (tmp_path / name).write_text(content)
    code, out, err = cli("predict", name, *options, *more)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


def test_a_column_that_is_called_as_a_result_is_refused(cli: Cli, options: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("premise,hypothesis,prediction\na,b,c\n")
    code, out, err = cli("predict", "a.csv", *options)
    assert out == ""
    check_refusal(code, err, "a.csv, line 2", "'prediction'")
