"""The command line: one line for a mistake, exit codes that a script can trust, help, ``tasks`` and ``info``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xadapt.cli.main import main
from xadapt.errors import XadaptError

Cli = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evalute"], "unknown command 'evalute': did you mean 'evaluate'?"),
        (["frobnicate"], "unknown command 'frobnicate'"),
        (["--nope"], "No such option: --nope"),
        (
            ["evaluate", "xnli", "--setup", "none", "--dat", "bundled"],
            "No such option: --dat (Possible options: --data",
        ),
        (["evaluate"], "Missing argument"),
        (["evaluate", "xnli"], "Missing option '--setup': see `xadapt evaluate --help`"),
        (["tasks", "xnli", "more"], "unexpected extra argument"),
        (["tasks", "xnly"], "unknown task 'xnly': did you mean 'xnli'?"),
        (["evaluate", "xnlii", "--setup", "none"], "unknown task 'xnlii': did you mean 'xnli'?"),
        (["evaluate", "xnli", "--setup", "fuse(mnli, squad"], "a bracket is not closed"),
        (["evaluate", "xnli", "--setup", "fuze(mnli, squad)"], "did you mean 'fuse'?"),
        (["evaluate", "xnli", "--setup", ""], "the setup is empty"),
        (["evaluate", "xnli", "--setup", "none", "--data", "bundled", "--languages", "dee"], "did you mean 'de'?"),
        (
            ["evaluate", "xnli", "--setup", "none", "--data", "bundled", "--languages", "vi"],
            "no xnli test rows in 'vi'",
        ),
        (["evaluate", "xnli", "--setup", "none", "--data", "nowhere"], "no data folder 'nowhere'"),
        (["evaluate", "xnli", "--setup", "none", "--data", "bundled", "--base", "no/such"], "base 'no/such'"),
        (["evaluate", "xnli", "--setup", "none", "--data", "bundled", "--base", "."], "base '.'"),
        (["evaluate", "xnli", "--setup", "none", "--data", "bundled", "--limit", "0"], "--limit"),
        (["evaluate", "xnli", "--setup", "none", "--data", "bundled", "--limit", "many"], "--limit"),
        (["train-task", "mnlii"], "did you mean 'mnli'?"),
        (["train-task", "tatoeba"], "tatoeba has no training set"),
        (["train-task", "mnli", "--lr", "fast"], "--lr"),
        (["train-task", "mnli", "--lr", "0"], "--lr: input should be greater than 0"),
        (["train-task", "mnli", "--epochs", "inf"], "--epochs: input should be a finite number"),
        (["train-task", "mnli", "--seed", "-1"], "--seed -1: use a whole number from 0"),
        (["train-task", "mnli", "--precision", "bf17"], "did you mean 'bf16'?"),
        (["fuse", "mnli"], "fuse(…) takes at least 2 members, got 1"),
        (["fuse", "mnli", "mnli"], "names mnli twice"),
        (["fuse", "mnli", "squad", "--on", "xnly"], "did you mean 'xnli'?"),
        (["train-target", "xnli", "--on", "mnli", "--mode", "pile"], "--mode 'pile': use stack"),
        (["train-target", "xnli", "--on", "none("], "did you mean"),
        (["run", "nowhere.yaml"], "cannot read nowhere.yaml"),
        (["report", "nowhere"], "no results in nowhere"),
        (["info", "--base", "no/such", "--data", "bundled"], "base 'no/such'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exactly_one_line_and_exit_code_2(cli: Cli, arguments: list[str], message: str) -> None:
    code, out, err = cli(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "xnli", "--setup", "mnlii"], "unknown adapter 'mnlii': did you mean 'mnli'"),
        (["evaluate", "xnli", "--setup", "lingnli"], "`xadapt train-task lingnli`"),
        (["evaluate", "xnli", "--setup", "fuse(mnli, squad)"], "`xadapt fuse mnli squad`"),
        (["evaluate", "xnli", "--setup", "none"], "none cannot answer xnli"),
        (["evaluate", "xnli", "--setup", "mnli", "--layer", "1"], "--layer is for retrieval tasks"),
        (
            ["evaluate", "xnli", "--setup", "mnli", "--pool-limit", "9"],
            "--pool-limit is for tasks that retrieve from a pool",
        ),
        (["evaluate", "tatoeba", "--setup", "none", "--layer", "9"], "has layers 0 (embeddings) to 2"),
        (["evaluate", "xnli", "--setup", "mnli", "--device", "gpu"], "unknown device 'gpu'"),
        (["evaluate", "xnli", "--setup", "mnli", "--max-length", "4000"], "--max-length"),
        (["train-task", "mnli", "--device", "cuda:77"], "device 'cuda:77' is not on this machine"),
        (["train-task", "mnli", "--adapter-config", "seq_bm"], "--adapter-config 'seq_bm'"),
        (["train-task", "mnli", "--adapter-layers", "1,5-"], "there is no layer 5, this base has 0 to 1"),
        (["multitask", "mnli", "stsb", "--adapter-layers", "3-1"], "--adapter-layers: '3-1' says no layers"),
        (
            ["train-target", "xnli", "--on", "mnli", "--adapter-layers", "2"],
            "there is no layer 2, this base has 0 to 1",
        ),
        (["train-task", "mnli", "--cache-size", "much"], "cache size 'much': write a number and a unit"),
        (["evaluate", "xnli", "--setup", "mnli", "--cache-size", "8 XB"], "cache size '8 XB'"),
        (["train-task", "mnli", "--report-to", "tensorbord"], "did you mean 'tensorboard'?"),
        (["train-task", "lingnli"], "the mirror has no"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_that_only_base_and_store_reveal_is_one_line_too(
    cli: Cli, place: list[str], arguments: list[str], message: str
) -> None:
    code, out, err = cli(*arguments, *place)
    assert (code, out) == (2, "")
    lines = [line for line in err.splitlines() if not line.startswith("uses ")]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert message in lines[0]


def test_an_adapter_for_another_base_is_one_line(cli: Cli, place: list[str], trained: Any) -> None:
    path = trained.store.find("mnli", trained.backbone.fingerprint).path / "xadapt.json"
    record = json.loads(path.read_text())
    record["base"] = {"name": "elsewhere", "fingerprint": "0" * 64}
    path.write_text(json.dumps(record))
    code, out, err = cli("evaluate", "xnli", "--setup", "mnli", *place)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "was trained on base 'elsewhere'" in err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XADAPT_DEBUG", "")
    with pytest.raises(XadaptError, match="unknown task"):
        main(["--debug", "tasks", "xnly"])


def test_a_fault_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(tasks: object) -> None:
        raise ZeroDivisionError

    monkeypatch.delenv("XADAPT_DEBUG", raising=False)
    monkeypatch.setattr("xadapt.reports.catalogue.rows", broken)
    with pytest.raises(ZeroDivisionError):
        main(["tasks"])


def test_tasks_lists_every_task(cli: Cli) -> None:
    from xadapt.tasks import all_tasks

    code, out, err = cli("tasks")
    assert (code, err) == (0, "")
    for task in all_tasks():
        assert task.name in out
    code, out, _ = cli("tasks", "--json")
    assert [entry["task"] for entry in json.loads(out)] == [task.name for task in all_tasks()]


def test_tasks_shows_one_task(cli: Cli) -> None:
    code, out, _ = cli("tasks", "xnli")
    assert code == 0
    assert "facebook/xnli" in out
    assert "None" not in out
    assert "note" not in out, "what a task has not is no line"
    code, out, _ = cli("tasks", "xnli", "--json")
    assert json.loads(out)[0]["suites"] == ["xtreme", "xtreme-r"]


def test_info_tells_versions_hardware_base_and_adapters(cli: Cli, place: list[str], trained: Any) -> None:
    code, out, _ = cli("info", "--json", *place)
    facts = json.loads(out)
    assert code == 0
    assert facts["base"]["fingerprint"] == trained.backbone.fingerprint
    assert (facts["base"]["layers"], facts["base"]["width"]) == (2, 32)
    assert {entry["setup"] for entry in facts["adapters"]} >= {"mnli", "squad", "stsb", "fuse(mnli, stsb)"}
    assert {"xadapt", "adapters", "torch", "transformers"} <= facts["versions"].keys()
    code, out, _ = cli("info", *place)
    assert code == 0
    assert "fuse(mnli, stsb)" in out


def test_info_with_an_empty_store_says_how_to_begin(cli: Cli, trained: Any, tmp_path: Path) -> None:
    code, out, _ = cli("info", "--base", trained.backbone.name, "--data", "bundled", "--store", tmp_path / "empty")
    assert code == 0
    assert "xadapt train-task mnli" in out


def test_without_a_command_help_is_shown(cli: Cli) -> None:
    code, out, err = cli()
    assert (code, err) == (0, "")
    for command in ("train-task", "fuse", "train-target", "evaluate", "run", "report", "tasks", "info"):
        assert command in out


def test_the_version_is_shown(cli: Cli) -> None:
    from xadapt import __version__

    assert cli("--version") == (0, f"xadapt {__version__}\n", "")


def test_help_answers_without_loading_a_model_library() -> None:
    script = (
        "import sys\nfrom xadapt.cli.main import main\n"
        "try:\n    main(['evaluate', '--help'])\nfinally:\n"
        "    print(sorted({'torch', 'transformers', 'adapters', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "--languages" in done.stdout
    assert done.stdout.rstrip().endswith("[]")
