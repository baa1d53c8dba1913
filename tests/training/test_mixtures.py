"""Several tasks in one run: a head each, parts as large as their tasks up to a cap, losses on one scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.tiny_lab import SpyDisplay
from xadapt.store.checkpoints import Checkpoint
from xadapt.tasks import get_task
from xadapt.training import loop
from xadapt.training.batches import LengthBatches, MixedFeatures, TaskCollator
from xadapt.training.job import Run
from xadapt.training.plan import TrainPlan, plan_fusion, plan_multitask, plan_target, plan_task
from xadapt.training.run_kinds import run_kind
from xadapt.training.trainer import XadaptTrainer

TASKS = ["mnli", "squad", "stsb"]
NAME = "multitask[mnli+squad+stsb]"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """Task and features of every batch, in order."""
    collate, batches = TaskCollator.__call__, []
    numbers: dict[int, int] = {}

    def spy(self: Any, items: Any) -> Any:
        batches.append((items[0][0], [numbers.setdefault(id(feature), len(numbers)) for _, feature in items]))
        return collate(self, items)

    monkeypatch.setattr(TaskCollator, "__call__", spy)
    return batches


def scales(lab: Any, plan: TrainPlan, watch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the losses of a run were divided by."""
    train, jobs = loop._run, []

    def spy(run: Run, *rest: Any) -> Checkpoint:
        jobs.append(run.job)
        return train(run, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_run", spy)
        watch(lab, plan, seed=9)
    return {name: problem.scale for name, problem in jobs[0].problems.items()}


def test_one_adapter_is_trained_with_a_head_for_each_task(lab: Any, watch: Any) -> None:
    made, model, before = watch(lab, plan_multitask(TASKS))
    assert made.setup == "multitask(mnli, squad, stsb)"
    assert made.heads == TASKS
    assert made.record.rows == {"mnli": 24, "squad": 12, "stsb": 24}
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    for part in (f".{NAME}.", *(f"heads.{task}." for task in TASKS)):
        assert [name for name in moved if part in name], f"{part} was not trained"
    assert all(f".{NAME}." in name or name.startswith("heads.") for name in moved)
    assembly = lab.assemble(made.setup)
    assert list(assembly.model.adapters_config) == [NAME]
    asked = {"xnli": "mnli", "xquad": "squad", "sts-multi": "stsb"}
    assert {task: assembly.head_for(get_task(task)) for task in asked} == asked


def test_each_batch_goes_through_the_head_of_its_own_task(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compute, reached = XadaptTrainer.compute_loss, []

    def spy(self: Any, model: Any, inputs: Any, *rest: Any, **options: Any) -> Any:
        loss = compute(self, model, inputs, *rest, **options)
        heads = {f"{task}": list(model.heads[task].parameters()) for task in TASKS}
        for task, parameters in heads.items():
            found = torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
            if any(gradient is not None and gradient.any() for gradient in found):
                reached.append((inputs["task"], task))
        return loss

    monkeypatch.setattr(XadaptTrainer, "compute_loss", spy)
    lab.train(plan_multitask(TASKS))
    assert {task for task, _ in reached} == set(TASKS)
    assert all(task == head for task, head in reached)


def counted(batches: list[tuple[str, list[int]]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for task, features in batches:
        counts[task] += len(features)
    return dict(counts)


def test_tasks_take_part_in_proportion_to_their_sizes(lab: Any, seen: Any) -> None:
    made = lab.train(plan_multitask(TASKS), limit=10)
    sizes = counted(seen)
    assert sizes["mnli"] == sizes["stsb"] == 10
    # Long contexts give several windows a question.
    assert sizes["squad"] >= 10
    assert sum(sizes.values()) == made.record.figures.features


def test_a_large_task_takes_part_up_to_the_cap_with_other_rows_in_every_epoch(lab: Any, seen: Any) -> None:
    made = lab.train(plan_multitask(["mnli", "squad"]), mixing_cap=16, epochs=3, batch_size=4)
    windows = made.record.figures.features - 24
    share = min(16, windows)
    assert made.record.figures.steps == len(seen) == 3 * (4 + -(-share // 4))
    epochs = [seen[start : start + len(seen) // 3] for start in range(0, len(seen), len(seen) // 3)]
    assert all(counted(epoch) == {"mnli": 16, "squad": share} for epoch in epochs)
    rows = [frozenset(n for task, numbers in epoch if task == "mnli" for n in numbers) for epoch in epochs]
    assert len(set(rows)) == 3
    assert all(len(of_epoch) == 16 for of_epoch in rows)


def test_every_row_of_a_capped_task_comes_in_the_end_and_none_twice_in_an_epoch() -> None:
    data = MixedFeatures({"a": [{"input_ids": [0] * 3}] * 50, "b": [{"input_ids": [0] * 3}] * 7}, cap=10)
    sampler, found = LengthBatches(data, 4, seed=1), Counter()
    for epoch in range(40):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        taken = [index for batch in batches for index in batch]
        assert len(batches) == len(sampler) == 5
        assert len(set(taken)) == len(taken) == 17
        found.update(taken)
    assert set(found) == set(range(57))
    assert all(found[index] == 40 for index in range(50, 57))


def test_the_cap_decides_a_mixture_and_nothing_else(trained: Any) -> None:
    before = trained.store.find("mnli", trained.backbone.fingerprint)
    assert trained.train(plan_task("mnli"), mixing_cap=5).run == before.run
    plan = plan_multitask(["mnli", "stsb"])
    assert trained.train(plan, mixing_cap=5).run != trained.train(plan, mixing_cap=6).run


def test_an_interrupted_mixture_goes_on_to_the_same_weights(lab: Any, tmp_path: Any, stored: Any) -> None:
    from xadapt.store.store import Store

    plan, options = plan_multitask(["mnli", "stsb"]), {"epochs": 2, "batch_size": 4, "mixing_cap": 12, "save_steps": 2}
    elsewhere = lab.with_store(Store(tmp_path / "elsewhere", lab.store.shipped))
    whole = elsewhere.train(plan, **options)
    assert whole.record.figures.steps == 12

    def tick(now: int, steps: int, loss: float | None) -> None:
        if now == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.train(plan, SpyDisplay(tick=tick), **options)
    resumed = lab.train(plan, **options)
    assert resumed.record.figures.resumed
    left, right = stored(whole.path), stored(resumed.path)
    assert left.keys() == right.keys()
    assert all(torch.equal(value, right[key]) for key, value in left.items())


def test_losses_of_a_mixture_are_divided_by_those_of_the_best_constant_answers(
    lab: Any, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = scales(lab, plan_multitask(TASKS), watch, monkeypatch)
    labels = Counter(row["label"] for row in lab.source.train(get_task("mnli")).rows)
    shares = torch.tensor(list(labels.values())) / sum(labels.values())
    targets = torch.tensor([row["score"] / 5 for row in lab.source.train(get_task("stsb")).rows])
    assert found["mnli"] == pytest.approx(-(shares * shares.log()).sum().item(), rel=1e-5)
    assert found["stsb"] == pytest.approx(targets.var(correction=0).item(), rel=1e-5)
    assert found["squad"] > found["mnli"] > 5 * found["stsb"]


def test_a_fusion_learnt_on_several_tasks_has_relative_losses_too(
    trained: Any, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = scales(trained, plan_fusion(["mnli", "stsb"]), watch, monkeypatch)
    assert found["mnli"] > 5 * found["stsb"] > 0
    made = trained.store.find("fuse(mnli, stsb)", trained.backbone.fingerprint, 9)
    assert made.record.decides["revision"] == run_kind("fusion").revision >= 2


@pytest.mark.parametrize(
    "plan",
    [plan_task("stsb"), plan_target("stsb", "mnli"), plan_fusion(["mnli", "stsb"], "xnli")],
    ids=lambda p: str(p.makes),
)
def test_the_loss_of_a_single_task_is_its_own(
    trained: Any, watch: Any, monkeypatch: pytest.MonkeyPatch, plan: TrainPlan
) -> None:
    assert set(scales(trained, plan, watch, monkeypatch).values()) == {1.0}


def test_what_is_backpropagated_is_the_loss_over_that_of_the_best_constant_answer(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute, ratios = XadaptTrainer.compute_loss, []

    def spy(self: Any, model: Any, inputs: Any, *rest: Any, **options: Any) -> Any:
        loss, outputs = compute(self, model, inputs, return_outputs=True)
        own = self.problems[inputs["task"]].loss(outputs, inputs["batch"]) * inputs["share"]
        ratios.append((inputs["task"], (own / loss).item(), self.problems[inputs["task"]].scale))
        return loss

    monkeypatch.setattr(XadaptTrainer, "compute_loss", spy)
    lab.train(plan_multitask(TASKS))
    assert {task for task, _, _ in ratios} == set(TASKS)
    for _, ratio, scale in ratios:
        assert ratio == pytest.approx(scale, rel=1e-4)


def test_regression_moves_its_head_about_as_much_as_classification_does(lab: Any, watch: Any) -> None:
    _, model, before = watch(lab, plan_multitask(["mnli", "stsb"]), epochs=4)
    moved = {}
    for task in ("mnli", "stsb"):
        steps = [p.detach() - before[f"heads.{task}.{name}"] for name, p in model.heads[task].named_parameters()]
        moved[task] = torch.cat([step.flatten() for step in steps]).square().mean().sqrt().item()
    assert 1 / 3 < moved["stsb"] / moved["mnli"] < 3
