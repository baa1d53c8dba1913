"""``train-task``, ``fuse`` and ``train-target`` on the command line, and trainings that fail or are interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_line, check_refusal

Cli = Callable[..., tuple[int, str, str]]

QUICK = ["--epochs", "1", "--batch-size", "8", "--max-length", "48", "--dev-limit", "6", "--limit", "16"]


def test_train_fuse_and_train_target_follow_one_another(cli: Cli, trained: Any, tmp_path: Path) -> None:
    fresh = ["--base", trained.backbone.name, "--data", str(trained.mirror), "--store", str(tmp_path / "fresh")]
    for number, (command, setup) in enumerate(
        [
            (["train-task", "mnli"], "mnli"),
            (["train-task", "stsb", "--adapter-config", "seq_bn[reduction_factor=8]"], "stsb"),
            (["fuse", "stsb", "mnli"], "fuse(mnli, stsb)"),
            (["train-target", "xnli", "--on", "fuse(mnli,stsb)"], "stack(fuse(mnli, stsb), xnli)"),
            (["train-target", "xnli", "--on", "mnli", "--mode", "continue"], "continue(mnli, xnli)"),
        ]
    ):
        code, out, err = cli(*command, *QUICK, *fresh, "--json")
        assert code == 0, err
        made = json.loads(out)
        assert made["setup"] == setup
        assert Path(made["checkpoint"]).is_dir()
        assert {"run", "seed", "data", "rows", "members", "base", "dev", "steps", "seconds"} <= made.keys()
        assert len(list((tmp_path / "fresh" / "runs").iterdir())) == number + 1
    code, out, err = cli("train-task", "mnli", *QUICK, *fresh)
    assert code == 0
    assert "is there already" in err
    assert "mnli: English development" in out


def test_gates_are_made_and_what_was_learnt_of_them_is_printed(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli("gate", "stsb", "mnli", "--on", "xnli", *QUICK, *lab_options)
    assert code == 0, err
    assert "gate(mnli, stsb)@xnli: English development" in out
    (line,) = [line for line in out.splitlines() if line.startswith("gates: started at ")]
    assert "mnli" in line
    assert "stsb" in line
    code, out, err = cli("gate", "stsb", "mnli", "--on", "xnli", *QUICK, *lab_options, "--json")
    assert code == 0, err
    assert json.loads(out)["gated"]["starts"].keys() >= {"none"}


def test_an_ensemble_is_chosen_and_its_weights_are_printed(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli("ensemble", "stack(mnli, xnli)", "mnli", "--on", "xnli", *QUICK, *lab_options)
    assert code == 0, err
    assert "greedy_ensemble(mnli, stack(mnli, xnli))@xnli: English development" in out
    (line,) = [line for line in out.splitlines() if line.startswith("weights: ")]
    assert "stack(mnli, xnli)" in line
    code, out, err = cli("ensemble", "stack(mnli, xnli)", "mnli", "--on", "xnli", *QUICK, *lab_options, "--json")
    assert code == 0, err
    assert sum(json.loads(out)["mixture"].values()) == pytest.approx(1)
    code, out, err = cli("ensemble", "mnli", "--on", "xnli", *QUICK, *lab_options)
    check_refusal(code, err, "at least 2 members")


def test_a_diverged_run_is_one_line_and_exit_code_1(
    cli: Cli, lab_options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xadapt.problems.pair_classification import PairClassificationProblem

    monkeypatch.setattr(
        PairClassificationProblem, "loss", lambda self, outputs, batch: outputs.logits.sum() * float("nan")
    )
    code, out, err = cli("train-task", "mnli", "--lr", "1", *QUICK, *lab_options)
    assert out == ""
    check_refusal(code, err, "mnli", failed=True)
    assert "Traceback" not in err


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training is interrupted at once."""
    from xadapt.training import train as training

    def cut(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", cut)


@pytest.mark.usefixtures("interrupted")
def test_an_interruption_is_exit_code_130(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli("train-task", "mnli", *lab_options)
    assert (code, out) == (130, "")
    assert "Traceback" not in err


@pytest.mark.usefixtures("interrupted")
def test_an_interruption_says_how_to_go_on(cli: Cli, lab_options: list[str]) -> None:
    _, _, err = cli("train-task", "mnli", *lab_options)
    assert err.startswith("error: ")
    check_line(err.strip(), "interrupted", advice="goes on")
