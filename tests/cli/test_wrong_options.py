"""Options with values that make no sense: one line each that names the option, before a model is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.error_checks import check_refusal
from xadapt.backbone import base

_TRAIN = ("train-task", "mnli")
_EVALUATE = ("evaluate", "xnli", "--setup", "mnli")


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """No base can be loaded."""

    def loaded(*_: Any) -> None:
        raise AssertionError("a base was loaded")

    monkeypatch.setattr(base, "_whole", loaded)


@pytest.mark.parametrize(
    ("arguments", "subjects"),
    [
        ((*_TRAIN, "--epochs", "1e308"), ("--epochs", "10000")),
        ((*_TRAIN, "--epochs", "inf"), ("--epochs",)),
        ((*_TRAIN, "--epochs", "nan"), ("--epochs",)),
        ((*_TRAIN, "--epochs", "0"), ("--epochs",)),
        ((*_TRAIN, "--lr", "nan"), ("--lr",)),
        ((*_TRAIN, "--lr", "2"), ("--lr",)),
        ((*_TRAIN, "--batch-size", "0"), ("--batch-size",)),
        ((*_TRAIN, "--batch-size", "1000000"), ("--batch-size",)),
        ((*_TRAIN, "--limit", "0"), ("--limit",)),
        ((*_TRAIN, "--limit", "9" * 5000), ("--limit",)),
        ((*_TRAIN, "--dev-limit", "-3"), ("--dev-limit",)),
        ((*_TRAIN, "--seed", "-1"), ("--seed",)),
        ((*_TRAIN, "--seed", "9" * 30), ("--seed",)),
        ((*_TRAIN, "--device", "cpu:99"), ("cpu:99",)),
        ((*_TRAIN, "--device", "cuda:99"), ("cuda:99",)),
        ((*_TRAIN, "--device", "x" * 5000), ("device",)),
        ((*_TRAIN, "--precision", "fp8"), ("--precision",)),
        ((*_TRAIN, "--adapter-config", "seq_bn[reduction_factor=-4]"), ("--adapter-config", "reduction_factor=-4")),
        ((*_TRAIN, "--adapter-config", "prefix_tuning[prefix_length=0]"), ("--adapter-config", "prefix_length=0")),
        ((*_TRAIN, "--adapter-config", "lora[r=0]"), ("--adapter-config", "r=0")),
        ((*_TRAIN, "--adapter-layers", "9" * 5000), ("--adapter-layers",)),
        (("fuse", "mnli", "squad", "--rank", "0"), ("rank=0",)),
        (("fuse", "mnli", "squad", "--rank", "9" * 40), ("rank=",)),
        (("fuse", "mnli", "1e999*lingnli"), ("1e999", "weight")),
        (("fuse", "mnli", "(" * 3000), ("nested",)),
        ((*_EVALUATE, "--languages", ","), ("--languages",)),
        ((*_EVALUATE, "--languages", ""), ("--languages",)),
        ((*_EVALUATE, "--limit", "0"), ("--limit",)),
        ((*_EVALUATE, "--max-length", "3"), ("--max-length",)),
        (("evaluate", "x" * 10_000, "--setup", "mnli"), ("unknown task",)),
        (("evaluate", "xnli", "--setup", "x" * 10_000), ("setup",)),
        (("evaluate", "xnli", "--setup", ""), ("setup",)),
        (("predict", "rows.jsonl", "--setup", "mnli", "--task", "mnli", "--to", "folder"), ("--to", "folder")),
        (("predict", "rows.jsonl", "--setup", "mnli", "--task", "mnli", "--to", "folder.jsonl"), ("folder.jsonl",)),
        (("predict", "/dev/zero", "--setup", "mnli", "--task", "mnli", "--format", "jsonl"), ("/dev/zero", "device")),
        (("run", "/dev/zero"), ("/dev/zero", "device")),
        (("run", "x" * 5000), ("name too long",)),
        (("tasks", "a\x1b[31m\nb"), ("unknown task",)),
    ],
    ids=lambda value: ascii(" ".join(value))[:60],
)
def test_an_option_without_sense_is_refused_before_a_model_is_loaded(
    cli: Cli, no_model: None, mirror: Path, tmp_path: Path, arguments: tuple[str, ...], subjects: tuple[str, ...]
) -> None:
    for folder in ("folder", "folder.jsonl"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rows.jsonl").write_text('{"first": "a", "second": "b"}\n')
    data = ["--data", mirror] if arguments[0] in ("train-task", "fuse", "evaluate") else []
    code, out, err = cli(*arguments, *data, "--store", tmp_path / "store")
    check_refusal(code, err, *subjects)
    assert out == ""
    assert len(err) < 1100
