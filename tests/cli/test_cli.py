"""The command line: one line for a mistake, exit codes that a script can trust, help, ``tasks`` and ``info``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal, refused
from tests.stored_records import change_record
from xadapt.cli.main import main

Cli = Callable[..., tuple[int, str, str]]
BUNDLED = ["evaluate", "xnli", "--setup", "none", "--data", "bundled"]


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["evalute"], "'evalute'", "'evaluate'"),
        (["frobnicate"], "'frobnicate'", ""),
        (["--nope"], "--nope", ""),
        ([*BUNDLED[:-2], "--dat", "bundled"], "--dat", "--data"),
        (["evaluate"], "argument", "evaluate --help"),
        (["evaluate", "xnli"], "--setup", "evaluate --help"),
        (["tasks", "xnli", "more"], "more", ""),
        (["tasks", "xnly"], "'xnly'", "'xnli'"),
        (["evaluate", "xnlii", "--setup", "none"], "'xnlii'", "'xnli'"),
        (["evaluate", "xnli", "--setup", "fuse(mnli, squad"], "fuse(mnli, squad", "bracket"),
        (["evaluate", "xnli", "--setup", "fuze(mnli, squad)"], "'fuze'", "'fuse'"),
        (["evaluate", "xnli", "--setup", ""], "setup", "empty"),
        ([*BUNDLED, "--languages", "dee"], "'dee'", "'de'"),
        ([*BUNDLED, "--languages", "vi"], "'vi'", ""),
        (["evaluate", "xnli", "--setup", "none", "--data", "nowhere"], "'nowhere'", "bundled"),
        ([*BUNDLED, "--base", "no/such"], "'no/such'", ""),
        ([*BUNDLED, "--base", "."], "base '.'", ""),
        ([*BUNDLED, "--limit", "0"], "--limit", "1"),
        ([*BUNDLED, "--limit", "many"], "--limit", "integer"),
        (["train-task", "mnlii"], "'mnlii'", "'mnli'"),
        (["train-task", "tatoeba"], "tatoeba", ""),
        (["train-task", "mnli", "--lr", "fast"], "--lr", "number"),
        (["train-task", "mnli", "--lr", "0"], "--lr", "greater than 0"),
        (["train-task", "mnli", "--epochs", "inf"], "--epochs", "10000"),
        (["train-task", "mnli", "--seed", "-1"], "--seed -1", "from 0"),
        (["train-task", "mnli", "--precision", "bf17"], "'bf17'", "'bf16'"),
        (["fuse", "mnli"], "fuse", "at least 2"),
        (["fuse", "mnli", "mnli"], "mnli", "twice"),
        (["fuse", "mnli", "squad", "--on", "xnly"], "'xnly'", "'xnli'"),
        (["train-target", "xnli", "--on", "mnli", "--mode", "pile"], "'pile'", "stack"),
        (["train-target", "xnli", "--on", "none("], "'none'", ""),
        (["run", "nowhere.yaml"], "nowhere.yaml", ""),
        (["report", "nowhere"], "nowhere", ""),
        (["info", "--base", "no/such", "--data", "bundled"], "'no/such'", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exactly_one_line_and_exit_code_2(
    cli: Cli, arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli(*arguments)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["evaluate", "xnli", "--setup", "mnlii"], "'mnlii'", "'mnli'"),
        (["evaluate", "xnli", "--setup", "lingnli"], "'lingnli'", "`xadapt train-task lingnli`"),
        (["evaluate", "xnli", "--setup", "fuse(mnli, squad)"], "fuse(mnli, squad)", "`xadapt fuse mnli squad`"),
        (["evaluate", "xnli", "--setup", "none"], "none", "train-target xnli"),
        (["evaluate", "xnli", "--setup", "mnli", "--layer", "1"], "--layer", "retrieval"),
        (["evaluate", "xnli", "--setup", "mnli", "--pool-limit", "9"], "--pool-limit", "pool"),
        (["evaluate", "tatoeba", "--setup", "none", "--layer", "9"], "--layer 9", "to 2"),
        (["evaluate", "xnli", "--setup", "mnli", "--device", "gpu"], "'gpu'", "cuda"),
        (["evaluate", "xnli", "--setup", "mnli", "--max-length", "4000"], "--max-length 4000", "128"),
        (["train-task", "mnli", "--device", "cuda:77"], "'cuda:77'", ""),
        (["train-task", "mnli", "--adapter-config", "seq_bm"], "--adapter-config", ""),
        (["train-task", "mnli", "--adapter-layers", "1,5-"], "layer 5", "0 to 1"),
        (["multitask", "mnli", "stsb", "--adapter-layers", "3-1"], "--adapter-layers", ""),
        (["train-target", "xnli", "--on", "mnli", "--adapter-layers", "2"], "layer 2", "0 to 1"),
        (["train-task", "mnli", "--cache-size", "much"], "'much'", "8GB"),
        (["evaluate", "xnli", "--setup", "mnli", "--cache-size", "8 XB"], "'8 XB'", "8GB"),
        (["train-task", "mnli", "--report-to", "tensorbord"], "'tensorbord'", "'tensorboard'"),
        (["train-task", "lingnli"], "mirror", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_that_only_base_and_store_reveal_is_one_line_too(
    cli: Cli, lab_options: list[str], arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli(*arguments, *lab_options)
    assert out == ""
    assert len([line for line in err.splitlines() if not line.startswith("uses ")]) == 1
    check_refusal(code, err, subject, advice=advice)


def test_an_adapter_for_another_base_is_one_line(cli: Cli, lab_options: list[str], trained: Any) -> None:
    path = trained.store.find("mnli", trained.backbone.fingerprint).path / "xadapt.json"
    change_record(path, base={"name": "elsewhere", "fingerprint": "0" * 64})
    code, out, err = cli("evaluate", "xnli", "--setup", "mnli", *lab_options)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, "mnli", "'elsewhere'")


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XADAPT_DEBUG", "")
    with refused("'xnly'", advice="'xnli'"):
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


def test_info_tells_versions_hardware_base_and_adapters(cli: Cli, lab_options: list[str], trained: Any) -> None:
    code, out, _ = cli("info", "--json", *lab_options)
    facts = json.loads(out)
    assert code == 0
    assert facts["base"]["fingerprint"] == trained.backbone.fingerprint
    assert (facts["base"]["layers"], facts["base"]["width"]) == (2, 32)
    assert {entry["setup"] for entry in facts["adapters"]} >= {"mnli", "squad", "stsb", "fuse(mnli, stsb)"}
    assert {"xadapt", "adapters", "torch", "transformers"} <= facts["versions"].keys()
    code, out, _ = cli("info", *lab_options)
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
