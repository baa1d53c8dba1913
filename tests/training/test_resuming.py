"""Runs that were interrupted go on to the weights of a run that was not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny_lab import SpyDisplay
from xadapt.store.records import Scores
from xadapt.store.store import Store
from xadapt.training.job import Job
from xadapt.training.plan import plan_fusion, plan_task


def test_two_runs_of_the_same_seed_are_the_same_to_the_bit_and_another_seed_is_not(
    lab: Any, tmp_path: Path, stored: Any
) -> None:
    one = lab.train(plan_task("mnli"))
    other = elsewhere(lab, tmp_path).train(plan_task("mnli"))
    assert one.run == other.run
    same(stored(one.path), stored(other.path))
    third = lab.train(plan_task("mnli"), seed=1)
    assert any(not torch.equal(value, stored(one.path)[key]) for key, value in stored(third.path).items())


def elsewhere(lab: Any, folder: Path) -> Any:
    return lab.with_store(Store(folder / "elsewhere", shipped=lab.store.shipped))


def same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    assert left.keys() == right.keys()
    for key, value in left.items():
        assert torch.equal(value, right[key]), key


def cut_at(step: int) -> SpyDisplay:
    def tick(now: int, steps: int, loss: float | None) -> None:
        if now == step:
            raise KeyboardInterrupt

    return SpyDisplay(tick=tick)


@pytest.mark.parametrize("step", [1, 4, 8, 11])
def test_a_run_that_goes_on_after_an_interruption_ends_with_the_same_weights(
    lab: Any, tmp_path: Path, stored: Any, step: int
) -> None:
    options = {"epochs": 2, "batch_size": 4, "save_steps": 3}
    whole = elsewhere(lab, tmp_path).train(plan_task("mnli"), **options)
    with pytest.raises(KeyboardInterrupt):
        lab.train(plan_task("mnli"), cut_at(step), **options)
    assert not (lab.store.root / "runs").exists()
    resumed = lab.train(plan_task("mnli"), **options)
    assert resumed.record.figures.resumed is (step > 3)
    assert resumed.record.figures.steps == whole.record.figures.steps == 12
    assert resumed.record.figures.history == whole.record.figures.history
    same(stored(whole.path), stored(resumed.path))


def test_a_part_of_an_epoch_that_is_interrupted_goes_on_to_the_same_weights(
    lab: Any, tmp_path: Path, stored: Any
) -> None:
    options = {"epochs": 1.5, "batch_size": 4, "save_steps": 2}
    whole = elsewhere(lab, tmp_path).train(plan_task("mnli"), **options)
    assert whole.record.figures.steps == 9
    with pytest.raises(KeyboardInterrupt):
        lab.train(plan_task("mnli"), cut_at(8), **options)
    resumed = lab.train(plan_task("mnli"), **options)
    assert resumed.record.figures.history == whole.record.figures.history
    same(stored(whole.path), stored(resumed.path))


@pytest.mark.parametrize("damage", ["trainer_state.json", "trained.safetensors"])
def test_a_state_that_was_cut_while_it_was_saved_is_passed_over(
    lab: Any, tmp_path: Path, stored: Any, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    options = {"batch_size": 4, "save_steps": 2}
    whole = elsewhere(lab, tmp_path).train(plan_task("mnli"), **options)
    with pytest.raises(KeyboardInterrupt):
        lab.train(plan_task("mnli"), cut_at(4), **options)
    partial = lab.store.partial_path(whole.run)
    broken = partial / "checkpoint-4"
    broken.mkdir()
    if damage == "trainer_state.json":
        (broken / "trained.safetensors").write_bytes(b"cut sho")
        (broken / damage).write_text('{"epoch": 0.')
    shown: list[str] = []
    resumed = lab.train(plan_task("mnli"), SpyDisplay(say=shown.append), **options)
    assert "goes on from step 2 of an interrupted run" in shown
    same(stored(whole.path), stored(resumed.path))


def test_bf16_trains_and_goes_on_as_fp32_does(lab: Any, tmp_path: Path, stored: Any) -> None:
    options = {"precision": "bf16", "save_steps": 1}
    whole = elsewhere(lab, tmp_path).train(plan_task("mnli"), **options)
    with pytest.raises(KeyboardInterrupt):
        lab.train(plan_task("mnli"), cut_at(2), **options)
    resumed = lab.train(plan_task("mnli"), **options)
    same(stored(whole.path), stored(resumed.path))
    assert whole.record.decides["settings"]["precision"] == "bf16"


def test_an_interrupted_fusion_goes_on_to_the_same_weights(trained: Any, tmp_path: Path, stored: Any) -> None:
    plan, options = plan_fusion(["mnli", "squad"]), {"epochs": 2, "save_steps": 2}
    with pytest.raises(KeyboardInterrupt):
        trained.train(plan, cut_at(9), **options)
    resumed = trained.train(plan, **options)
    weights = stored(resumed.path)
    for folder in (resumed.path, trained.store.partial_path(resumed.run)):
        assert folder.exists() is (folder == resumed.path)
        shutil.rmtree(folder, ignore_errors=True)
    same(weights, stored(trained.train(plan, **options).path))


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_interruption_while_dev_is_measured_loses_nothing(
    lab: Any, tmp_path: Path, stored: Any, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    options = {"epochs": 2, "batch_size": 4, "save_steps": 3}
    whole = elsewhere(lab, tmp_path).train(plan_task("mnli"), **options)
    measure, calls = Job.dev_scores, []

    def cut(job: Job, model: Any) -> dict[str, Scores]:
        calls.append(1)
        if len(calls) == epoch:
            raise KeyboardInterrupt
        return measure(job, model)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "dev_scores", cut)
        with pytest.raises(KeyboardInterrupt):
            lab.train(plan_task("mnli"), **options)
    resumed = lab.train(plan_task("mnli"), **options)
    assert resumed.record.figures.history == whole.record.figures.history
    same(stored(whole.path), stored(resumed.path))


def test_nothing_of_an_unfinished_run_stays_behind_a_finished_one(lab: Any) -> None:
    made = lab.train(plan_task("mnli"), save_steps=1)
    assert not lab.store.partial_path(made.run).exists()
    assert sorted(path.name for path in (lab.store.root / "runs").iterdir()) == [made.run]
