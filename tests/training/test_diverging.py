"""Runs that end in numbers that are none."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.error_checks import refused
from xadapt.problems.pair_classification import PairClassificationProblem
from xadapt.training.plan import plan_task
from xadapt.training.trainer import KeepBest


def check_diverges(lab: Any, plan: Any, *subjects: str, **options: Any) -> None:
    """Check that a training fails, advises a lower rate, and leaves nothing behind."""
    with refused("diverged", str(plan.makes), *subjects, advice="lower lr than 0.01", code=1):
        lab.train(plan, **options)
    assert not list((lab.store.root / "runs").glob("*"))
    assert not list((lab.store.root / "partial").glob("*"))


def test_a_loss_that_becomes_nan_is_one_line_and_leaves_nothing(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, calls = PairClassificationProblem.loss, []

    def broken(self: Any, outputs: Any, batch: Any) -> torch.Tensor:
        calls.append(1)
        return loss(self, outputs, batch) * (float("nan") if len(calls) == 2 else 1)

    monkeypatch.setattr(PairClassificationProblem, "loss", broken)
    check_diverges(lab, plan_task("mnli"), "step 1")
    assert len(calls) == 2


def test_weights_that_become_nan_in_the_last_step_are_one_line_and_leave_nothing(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xadapt.problems.pair_regression import PairRegressionProblem

    def broken(self: Any, outputs: Any, batch: Any) -> torch.Tensor:
        return torch.sqrt(outputs.logits.sum() * 0)  # Zero, with a gradient that is not a number.

    monkeypatch.setattr(PairRegressionProblem, "loss", broken)
    check_diverges(lab, plan_task("stsb"), "not finite", batch_size=24)


def test_weights_beyond_half_precision_are_one_line_and_leave_nothing(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = KeepBest.restore

    def huge(self: Any, model: Any) -> None:
        restore(self, model)
        with torch.no_grad():
            next(p for p in model.parameters() if p.requires_grad).fill_(1e6)

    monkeypatch.setattr(KeepBest, "restore", huge)
    check_diverges(lab, plan_task("mnli"), "not finite")
