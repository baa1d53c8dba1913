"""A user's own task on the command line: one YAML file, then its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal

Cli = Callable[..., tuple[int, str, str]]

DECLARED = """\
name: reviews
problem: text-classification
labels: [bad, good]
columns: {first: text, label: stars}
train: train.csv
dev: dev.csv
test: "test-{language}.csv"
languages: [xq, de]
"""
QUICK = ["--epochs", "1", "--batch-size", "8", "--max-length", "48", "--dev-limit", "6", "--limit", "8"]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The declaration of a task in a made-up language, with its files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("train", "dev", "test-xq", "test-de"):
        lines = "".join(f"lo {('krel', 'zama')[i % 2]} {name} {i},{('bad', 'good')[i % 2]}\n" for i in range(12))
        (folder / f"{name}.csv").write_text(f"text,stars\n{lines}", encoding="utf-8")
    (folder / "my.yaml").write_text(DECLARED, encoding="utf-8")
    return folder / "my.yaml"


def test_a_declared_task_is_trained_and_then_known_by_its_name(cli: Cli, lab_options: list[str], mine: Path) -> None:
    for command, setup in (
        (["train-task", mine], "reviews"),
        (["fuse", "mnli", "reviews"], "fuse(mnli, reviews)"),
        (["fuse", "mnli", "stsb", "--on", "reviews"], "fuse(mnli, stsb)@reviews"),
        (["train-target", "reviews", "--on", "fuse(mnli, reviews)"], "stack(fuse(mnli, reviews), reviews)"),
        (["train-target", "xnli", "--on", "reviews"], "stack(reviews, xnli)"),
    ):
        code, out, err = cli(*command, *QUICK, *lab_options, "--json")
        assert code == 0, err
        assert json.loads(out)["setup"] == setup


def test_a_declared_task_may_be_named_by_its_file_as_a_target_and_for_a_fusion(
    cli: Cli, lab_options: list[str], mine: Path
) -> None:
    code, out, err = cli("train-target", mine, "--on", "mnli", *QUICK, *lab_options, "--json")
    assert code == 0, err
    assert json.loads(out)["setup"] == "stack(mnli, reviews)"
    code, out, err = cli("fuse", "mnli", "stsb", "--on", mine, *QUICK, *lab_options, "--json")
    assert code == 0, err
    assert json.loads(out)["setup"] == "fuse(mnli, stsb)@reviews"


def test_a_declared_task_is_evaluated_by_its_file_and_by_its_name(cli: Cli, lab_options: list[str], mine: Path) -> None:
    assert cli("train-target", mine, "--on", "mnli", *QUICK, *lab_options)[0] == 0
    for task in (mine, "reviews"):
        code, out, err = cli(
            "evaluate", task, "--setup", "stack(mnli, reviews)", "--max-length", "48", "--json", *lab_options
        )
        assert code == 0, err
        result = json.loads(out)
        assert (result["task"], set(result["languages"])) == ("reviews", {"xq", "de"})
    code, out, err = cli("evaluate", "reviews", "--setup", "stack(mnli, reviews)", "--languages", "xq", *lab_options)
    assert code == 0, err
    assert "reviews: stack(mnli, reviews)" in out
    code, _, err = cli("evaluate", "reviews", "--setup", "mnli", *lab_options)
    check_refusal(code, err, "mnli", advice="train-target reviews")


def test_the_declaration_may_move_away_once_it_was_used(cli: Cli, lab_options: list[str], mine: Path) -> None:
    assert cli("train-task", mine, *QUICK, *lab_options)[0] == 0
    mine.unlink()
    code, _, err = cli("train-task", "reviews", *QUICK, *lab_options)
    assert code == 0
    assert "is there already" in err


@pytest.mark.parametrize(
    ("old", "new", "subject", "advice"),
    [
        ("problem: text-classification", "problem: classification", "my.yaml:2: problem: ", "text-classification"),
        ("first: text", "first: words", "my.yaml:4: columns.first: ", "text"),
        ("train: train.csv", "train: nowhere.csv", "my.yaml:5: train: ", "nowhere.csv"),
        ("name: reviews", "name: mnli", "my.yaml:1: name: ", "mnli"),
    ],
)
@pytest.mark.parametrize(
    "command", [["train-task"], ["train-target", "--on", "mnli"], ["fuse", "mnli", "stsb", "--on"]]
)
def test_a_mistake_in_a_declaration_is_one_line_and_exit_code_2(
    cli: Cli, lab_options: list[str], mine: Path, command: list[str], old: str, new: str, subject: str, advice: str
) -> None:
    mine.write_text(DECLARED.replace(old, new), encoding="utf-8")
    arguments = [*command, mine] if command[0] == "fuse" else [command[0], mine, *command[1:]]
    code, out, err = cli(*arguments, *lab_options)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


RECIPE = """\
name: small
title: A small experiment
tasks: [mine/my.yaml]
adapters:
  reviews: {epochs: 1, batch_size: 8, limit: 8, dev_limit: 6, max_length: 48}
setups: [mnli, reviews]
targets:
  reviews:
    train: {epochs: 1, batch_size: 8, limit: 8, dev_limit: 6, max_length: 48}
    setups: [mnli]
"""


def test_a_recipe_declares_tasks_beside_it_and_runs_them(cli: Cli, lab_options: list[str], mine: Path) -> None:
    recipe = mine.parent.parent / "small.yaml"
    recipe.write_text(RECIPE)
    code, out, err = cli("run", recipe, "--json", *lab_options)
    assert code == 0, err
    (result,) = json.loads(out)["results"]
    assert (result["setup"], set(result["languages"])) == ("stack(mnli, reviews)", {"xq", "de"})
    assert cli("train-task", "reviews", *QUICK, *lab_options)[0] == 0


def test_a_dry_run_of_such_a_recipe_keeps_nothing(cli: Cli, lab_options: list[str], mine: Path, trained: Any) -> None:
    recipe = mine.parent.parent / "small.yaml"
    recipe.write_text(RECIPE)
    code, out, _ = cli("run", recipe, "--dry-run", *lab_options)
    assert code == 0
    assert "train stack(mnli, reviews), seed 42" in out
    assert trained.store.task_files() == []


@pytest.mark.parametrize(
    ("old", "new", "subject", "advice"),
    [
        ("mine/my.yaml", "mine/nowhere.yaml", "small.yaml:3: tasks.0: ", "nowhere.yaml"),
        ("mine/my.yaml", "mine/bad.yaml", "small.yaml:3: tasks.0: ", "lables"),
        ("[mine/my.yaml]", "[xnli]", "small.yaml:3: tasks.0: ", ".yaml or .yml"),
        ("[mine/my.yaml]", "mine/my.yaml", "small.yaml:3: tasks: ", ""),
        ("[mine/my.yaml]", "[[mine/my.yaml]]", "small.yaml:3: tasks.0: ", ""),
        ("  reviews: {", "  revievs: {", "small.yaml:5: adapters.revievs: ", "'reviews'"),
    ],
)
def test_a_mistake_in_such_a_recipe_names_its_line(
    cli: Cli, lab_options: list[str], mine: Path, old: str, new: str, subject: str, advice: str
) -> None:
    (mine.parent / "bad.yaml").write_text(DECLARED.replace("labels:", "lables:"))
    recipe = mine.parent.parent / "small.yaml"
    recipe.write_text(RECIPE.replace(old, new))
    code, out, err = cli("run", recipe, "--dry-run", *lab_options)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)
