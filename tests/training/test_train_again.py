"""A training run that is there already: it is recognised by records alone, and its model is not made."""

from __future__ import annotations

from typing import Any

import pytest

from xadapt.backbone.base import Backbone
from xadapt.store.store import run_hash
from xadapt.training.plan import (
    plan_distill,
    plan_ensemble,
    plan_fusion,
    plan_multitask,
    plan_soup,
    plan_target,
    plan_task,
)

PLANS = {
    "task": plan_task("stsb"),
    "target": plan_target("xnli", "mnli"),
    "continued": plan_target("xnli", "average(mnli, stsb)", "continue"),
    "fusion": plan_fusion(["mnli", "stsb"]),
    "fusion on a target": plan_fusion(["mnli", "stsb"], "xnli"),
    "fusion of low rank": plan_fusion(["mnli", "stsb"], rank=4),
    "multitask": plan_multitask(["mnli", "stsb"]),
    "soup": plan_soup(["mnli", "continue(mnli, xnli)"], "xnli"),
    "ensemble": plan_ensemble(["mnli", "stack(mnli, xnli)"], "xnli"),
    "distilled": plan_distill("ensemble(mnli, stack(mnli, xnli))", "xnli"),
    "on another task first": plan_task("xcopa"),
}


@pytest.mark.parametrize("what", PLANS)
def test_a_run_that_is_done_makes_no_model(trained: Any, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    if what == "soup":
        trained.train(plan_target("xnli", "mnli", "continue"))
    first = trained.train(PLANS[what])
    monkeypatch.setattr(Backbone, "model", lambda self: pytest.fail("a model was made"))
    again = trained.train(PLANS[what])
    assert (again.path, again.digest) == (first.path, first.digest)
    assert first.run == run_hash(first.record.decides)


def test_another_setting_makes_the_model(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backbone, "model", lambda self: pytest.fail("a model was made"))
    with pytest.raises(pytest.fail.Exception, match="a model was made"):
        trained.train(plan_task("mnli"), lr=0.02)


def test_what_a_run_is_trained_on_first_decides_it(trained: Any) -> None:
    first = trained.train(plan_task("siqa"))
    made = trained.train(plan_task("xcopa"))
    assert made.record.members == made.record.decides["members"] == {"siqa": first.run}
