"""``explain`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal
from xadapt.training.plan import plan_gate

Cli = Callable[..., tuple[int, str, str]]


EXPLAIN = ["explain", "fuse(mnli, stsb)", "--task", "xnli", "--max-length", "48"]


def test_attention_languages_and_similarity_are_printed(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli(*EXPLAIN, "--languages", "en,de", *lab_options)
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


def test_one_language_may_be_named_and_rows_limited(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli(*EXPLAIN, "--language", "de", "--limit", "5", "--json", *lab_options)
    assert code == 0, err
    found = json.loads(out)
    assert list(found["languages"]) == ["de"]
    assert (found["languages"]["de"]["rows"], found["languages"]["de"]["available"]) == (5, 12)
    assert len(found["mean"]["weights"]) == 3


def test_files_are_written_where_asked(cli: Cli, lab_options: list[str], tmp_path: Path) -> None:
    code, out, err = cli(*EXPLAIN, "--language", "de", "--to", "why", *lab_options)
    assert code == 0, err
    assert "explanation: why/explanation.md" in out
    names = {"attention.png", "similarity.png", "explanation.csv", "explanation.json", "explanation.md"}
    assert {path.name for path in (tmp_path / "why").iterdir()} == names


def test_gates_are_shown_by_layer_and_member(cli: Cli, trained: Any, lab_options: list[str]) -> None:
    made = trained.train(plan_gate(["mnli", "stsb"], "xnli"))
    code, out, err = cli("explain", made.setup, "--task", "xnli", *lab_options)
    assert code == 0, err
    assert "used most" in out
    shown = [line.split() for line in out.splitlines() if line.split()[:1] in (["1"], ["2"])]
    assert [len(line) for line in shown] == [3, 3]
    code, out, err = cli("explain", made.setup, "--task", "xnli", *lab_options, "--json")
    assert code == 0, err
    gates = [list(place.values()) for place in made.record.figures.gated.gates.values()]
    assert json.loads(out)["gates"] == [pytest.approx(values, abs=1e-4) for values in gates]


def test_an_average_is_explained_by_how_alike_its_members_are(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli("explain", "average(mnli, squad)", "--task", "xnli", "--language", "de", *lab_options)
    assert code == 0, err
    assert "No fusion: explained instead is how alike the members of average(mnli, squad) are" in out
    assert "attention" not in out


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["mnli", "--task", "xnli"], "mnli", "fuse(mnli, squad)"),
        (["stack(mnli, squad)", "--task", "xnli"], "stack(mnli, squad)", "fuse(mnli, squad)"),
        (["fuse(mnli", "--task", "xnli"], "fuse(mnli", "bracket"),
        (["fuse(mnli, squad)"], "--task", "explain --help"),
        (["fuse(mnli, squad)", "--task", "xnlli"], "'xnlli'", "'xnli'"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "nowhere"], "'nowhere'", "bundled"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "bundled", "--language", "dee"], "'dee'", "'de'"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "bundled", "--limit", "0"], "--limit", "1"),
        (["fuse(mnli, squad)", "--task", "xnli", "--data", "bundled", "--precision", "fp8"], "--precision", "fp32"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exactly_one_line_and_exit_code_2(
    cli: Cli, arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli("explain", *arguments)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["fuse(mnlii, stsb)"], "'mnlii'", "'mnli'"),
        (["fuse(mnli, squad)"], "fuse(mnli, squad)", "`xadapt fuse mnli squad`"),
        (["fuse(mnli, stsb)", "--max-length", "4000"], "--max-length 4000", "128"),
    ],
)
def test_bad_input_that_only_base_and_store_reveal_is_one_line_too(
    cli: Cli, lab_options: list[str], arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli("explain", *arguments, "--task", "xnli", *lab_options)
    assert out == ""
    check_refusal(code, err, subject, advice=advice)


def test_help_says_what_is_explained(cli: Cli) -> None:
    code, out, _ = cli("explain", "--help")
    text = " ".join(out.split())
    assert code == 0
    for expected in ("which adapter it attends to", "--language", "--to", "No head for the task is needed"):
        assert expected in text
