"""Checkpoints that were trained on others are used with those runs, and with their very weights, alone."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.error_checks import refused
from tests.stored_records import change_record
from xadapt.store.checkpoints import RECORD
from xadapt.training.plan import plan_task

DEPENDENT = pytest.mark.parametrize("setup", ["stack(mnli, xnli)", "fuse(mnli, stsb)"])


@DEPENDENT
def test_a_checkpoint_uses_the_run_it_was_trained_on_after_its_member_was_trained_again(
    trained: Any, setup: str
) -> None:
    old, before = trained.store.find("mnli", trained.backbone.fingerprint), trained.assemble(setup)
    newer = trained.train(plan_task("mnli"), seed=7)
    assert trained.assemble("mnli", seed=7).members["mnli"] == newer.run != old.run
    for seed in (1, 7, 42):
        after = trained.assemble(setup, seed=seed)
        assert after.members["mnli"] == old.run
        assert (after.members, after.weights) == (before.members, before.weights)


@DEPENDENT
def test_a_checkpoint_whose_run_is_gone_refuses_another_one_of_the_same_name(trained: Any, setup: str) -> None:
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    newer = trained.train(plan_task("mnli"), seed=7)
    shutil.rmtree(old.path)
    with refused(setup, old.run, "mnli", newer.run, advice=f"train {setup} again"):
        trained.assemble(setup)


@DEPENDENT
def test_a_checkpoint_refuses_other_weights_of_the_run_it_was_trained_on(trained: Any, setup: str) -> None:
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    newer = trained.train(plan_task("mnli"), seed=7)
    shutil.rmtree(old.path)
    newer.path.rename(old.path)
    change_record(old.path / RECORD, run=old.run)
    with refused(setup, "weights of mnli", old.run, advice=f"train {setup} again"):
        trained.assemble(setup)


@DEPENDENT
def test_a_checkpoint_whose_member_is_gone_altogether_says_how_to_make_it(trained: Any, setup: str) -> None:
    shutil.rmtree(trained.store.find("mnli", trained.backbone.fingerprint).path)
    with refused("mnli", advice="`xadapt train-task mnli`"):
        trained.assemble(setup)
