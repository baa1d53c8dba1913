"""``explain`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]


EXPLAIN = ["explain", "fuse(mnli, stsb)", "--task", "xnli", "--max-length", "48"]


def test_attention_languages_and_similarity_are_printed(cli: Cli, place: list[str]) -> None:
    code, out, err = cli(*EXPLAIN, "--languages", "en,de", *place)
    assert code == 0, err
    for expected in (
        "xnli: fuse(mnli, stsb)",
        "Over all layers most weight goes to ",
        "The fusion ",
        "attention weights by layer, %: mean over 2 languages",
        "uniform",
        "most unlike en",
        "CKA of what members add, mean over layers",
        "cosine of what members add",
        "xnli in en de: 24 rows",
        "seed 42",
    ):
        assert expected in out
    assert "xnli fuse(mnli, stsb): de, 12 rows" in err
    assert "uses fuse(mnli, stsb): run" in err


def test_one_language_may_be_named_and_rows_limited(cli: Cli, place: list[str]) -> None:
    code, out, err = cli(*EXPLAIN, "--language", "de", "--limit", "5", "--json", *place)
    assert code == 0, err
    found = json.loads(out)
    assert list(found["languages"]) == ["de"]
    assert (found["languages"]["de"]["rows"], found["languages"]["de"]["available"]) == (5, 12)
    assert len(found["mean"]["weights"]) == 3


def test_files_are_written_where_asked(cli: Cli, place: list[str], tmp_path: Path) -> None:
    code, out, err = cli(*EXPLAIN, "--language", "de", "--to", "why", *place)
    assert code == 0, err
    assert "explanation: why/explanation.md" in out
    names = {"attention.png", "similarity.png", "explanation.csv", "explanation.json", "explanation.md"}
    assert {path.name for path in (tmp_path / "why").iterdir()} == names


def test_an_average_is_explained_by_how_alike_its_members_are(cli: Cli, place: list[str]) -> None:
    code, out, err = cli("explain", "average(mnli, squad)", "--task", "xnli", "--language", "de", *place)
    assert code == 0, err
    assert "No fusion: explained instead is how alike the members of average(mnli, squad) are" in out
    assert "attention" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mnli", "--task", "xnli"], "mnli is one adapter: nothing is put together"),
        (["stack(mnli, squad)", "--task", "xnli"], "is one adapter on another"),
        (["fuse(mnli", "--task", "xnli"], "a bracket is not closed"),
        (["fuse(mnli, squad)"], "Missing option '--task'"),
        (["fuse(mnli, squad)", "--task", "xnlli"], "unknown task 'xnlli': did you mean 'xnli'?"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "nowhere"], "no data folder 'nowhere'"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "bundled", "--language", "dee"], "unknown language 'dee'"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "bundled", "--limit", "0"], "--limit"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "bundled", "--precision", "fp8"], "--precision"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exactly_one_line_and_exit_code_2(cli: Cli, arguments: list[str], message: str) -> None:
    code, out, err = cli("explain", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fuse(mnlii, stsb)"], "unknown adapter 'mnlii': did you mean 'mnli'"),
        (["fuse(mnli, squad)"], "unknown adapter 'fuse(mnli, squad)'"),
        (["fuse(mnli, stsb)", "--max-length", "4000"], "--max-length 4000"),
    ],
)
def test_bad_input_that_only_base_and_store_reveal_is_one_line_too(
    cli: Cli, place: list[str], arguments: list[str], message: str
) -> None:
    code, out, err = cli("explain", *arguments, "--task", "xnli", *place)
    last = err.strip().splitlines()[-1]
    assert (code, out) == (2, "")
    assert last.startswith("error: ")
    assert message in last


def test_help_says_what_is_explained(cli: Cli) -> None:
    code, out, _ = cli("explain", "--help")
    text = " ".join(out.split())
    assert code == 0
    for expected in ("which adapter it attends to", "--language", "--to", "No head for the task is needed"):
        assert expected in text
