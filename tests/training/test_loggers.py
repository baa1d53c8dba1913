"""Loggers of the Trainer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.training.plan import plan_task


def test_loggers_of_the_trainer_get_its_losses(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import TrainerCallback
    from transformers.integrations import integration_utils

    logged: list[str] = []

    class Logger(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            logged.extend(logs or {})

    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "mine", Logger)
    lab.train(plan_task("mnli"), report_to="mine", epochs=4)
    assert "loss" in logged


def test_an_unknown_logger_is_one_line_with_the_nearest_one(lab: Any) -> None:
    with refused("report_to", "'tensorbord'", advice="'tensorboard'"):
        lab.train(plan_task("mnli"), report_to="tensorbord")


def test_a_logger_that_is_not_installed_is_one_line(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.integrations import integration_utils

    def absent() -> None:
        raise RuntimeError("it requires a package.\nInstall it.")

    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "absent", absent)
    with refused("report_to=absent", advice="it requires a package"):
        lab.train(plan_task("mnli"), report_to="absent")
