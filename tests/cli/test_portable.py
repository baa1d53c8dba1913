"""``export`` and ``import`` as commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal
from xadapt.portable.export_check import Check

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the process that loads an export."""
    found = Check({"hidden states": 1.5e-7, "mnli": 0.0}, 12)
    monkeypatch.setattr("xadapt.portable.export.check", lambda *given: found)


def test_an_export_says_what_was_compared_and_where_it_is(cli: Cli, lab_options: list[str], tmp_path: Path) -> None:
    options = lab_options[:2] + lab_options[4:]
    code, out, err = cli("export", "mnli", "--to", tmp_path / "out", "--format", "adapterhub", *options)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "mnli as adapterhub, fp16; largest difference to xadapt on 12 pairs of sentences: 1.5e-07 in hidden states, "
        "0.0e+00 in mnli",
        str(tmp_path / "out"),
    ]


def test_an_export_comes_back_into_another_store_and_answers_there(
    cli: Cli, trained: Any, lab_options: list[str], tmp_path: Path
) -> None:
    base, data = lab_options[:2], lab_options[2:4]
    cli("export", "mnli", "--to", tmp_path / "out", "--format", "adapterhub", *base, *lab_options[4:])
    other = ["--store", str(tmp_path / "other")]
    code, out, _ = cli("import", tmp_path / "out", "--task", "mnli", "--name", "theirs", *base, *other, "--json")
    assert code == 0
    (made,) = json.loads(out)
    assert (made["setup"], made["heads"]) == ("theirs", ["mnli"])
    code, out, err = cli("evaluate", "xnli", "--setup", "theirs", "--languages", "en", *base, *data, *other, "--json")
    assert code == 0, err
    assert json.loads(out)["head"] == "mnli"


def test_an_import_says_what_came_in(cli: Cli, lab_options: list[str], tmp_path: Path) -> None:
    base = lab_options[:2]
    cli("export", "stsb", "--to", tmp_path / "out", "--format", "adapterhub", *base, *lab_options[4:])
    code, out, _ = cli("import", tmp_path / "out", *base, "--store", tmp_path / "other")
    assert code == 0
    assert out.splitlines()[0] == "stsb: adapterhub, with a head for stsb, seed 42"
    assert Path(out.splitlines()[1]).parent == tmp_path / "other" / "runs"


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["export", "mnli", "--to", "out", "--format", "onnx"], "'onnx'", "merged"),
        (["export", "mnli", "--to", "out", "--format", "merged"], "mnli", "merged"),
        (["export", "mnli", "--to", "out", "--format", "merged", "--task", "xnly"], "'xnly'", "'xnli'"),
        (["import", "nowhere", "--task", "mnli"], "nowhere", "folder"),
    ],
)
def test_a_mistake_is_one_line(
    cli: Cli, lab_options: list[str], arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli(*arguments, *lab_options[:2], *lab_options[4:])
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)
