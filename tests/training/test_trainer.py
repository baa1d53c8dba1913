"""The training loop: what is in the loss, what is decayed, what is kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainingArguments

from tests.error_checks import refused
from xadapt.methods.fusion import regularisation
from xadapt.training.batches import MixedFeatures, TaskCollator
from xadapt.training.plan import plan_fusion, plan_task
from xadapt.training.trainer import KeepBest, Ticks, XadaptTrainer, load_trained, trained_state


@pytest.fixture
def fusion(trained: Any, prepare: Any, tmp_path: Path) -> tuple[XadaptTrainer, dict[str, Any], dict[str, Any]]:
    """A trainer of a fusion of mnli and stsb, its value matrices, and a batch of mnli."""
    job, assembly = prepare(trained, plan_fusion(["mnli", "stsb"]), seed=5)
    features = job.problems["mnli"].encode(job.train_rows["mnli"].rows, labelled=True)[:4]
    trainer = XadaptTrainer(
        problems=job.problems,
        precision="fp32",
        penalty=lambda: regularisation(assembly.model, assembly.active),
        model=assembly.model,
        args=TrainingArguments(output_dir=str(tmp_path / "out"), report_to=[], use_cpu=True, seed=1),
        train_dataset=MixedFeatures({"mnli": features}),
    )
    values = {
        name: parameter
        for name, parameter in assembly.model.named_parameters()
        if "adapter_fusion_layer.mnli,stsb.value." in name
    }
    torch.manual_seed(0)
    with torch.no_grad():
        for value in values.values():
            value.add_(torch.randn_like(value))
    made = trainer.data_collator([("mnli", feature) for feature in features])
    return trainer, values, {"task": "mnli", "batch": made["micro_batches"][0], "share": 1.0}


def gradients(trainer: XadaptTrainer, values: dict[str, Any], batch: dict[str, Any]) -> dict[str, torch.Tensor]:
    trainer.model.zero_grad()
    trainer.compute_loss(trainer.model, batch).backward()
    return {name: value.grad.clone() for name, value in values.items()}


def test_the_regulariser_of_fusion_is_part_of_the_loss_of_its_own_step(fusion: Any) -> None:
    trainer, values, batch = fusion
    with_it = gradients(trainer, values, batch)
    trainer.penalty = None
    without = gradients(trainer, values, batch)
    assert len(values) == 2
    for name, value in values.items():
        pull = 0.02 * (value.detach() - torch.eye(len(value)))
        torch.testing.assert_close(with_it[name], without[name] + pull, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("task", ["mnli", "squad", "udpos", "siqa", "stsb"])
def test_a_batch_in_parts_gives_the_gradients_of_the_whole_batch(
    lab: Any, prepare: Any, tmp_path: Path, task: str
) -> None:
    job, assembly = prepare(lab, plan_task(task))
    features = job.problems[task].encode(job.train_rows[task].rows, labelled=True)[:6]
    items = [(task, feature) for feature in features]
    arguments = TrainingArguments(output_dir=str(tmp_path / "out"), report_to=[], use_cpu=True)
    trainer = XadaptTrainer(
        job.problems, "fp32", model=assembly.model, args=arguments, train_dataset=MixedFeatures({task: features})
    )
    trainer.current_gradient_accumulation_steps = 1
    found = []
    for budget in (None, max(trainer.problems[task].tokens(feature) for feature in features)):
        batch = TaskCollator(job.problems, budget)(items)
        trainer.model.zero_grad()
        loss = trainer.training_step(trainer.model, batch)
        found.append((loss, [p.grad.clone() for p in trainer.model.parameters() if p.grad is not None]))
    assert len(batch["micro_batches"]) > 1
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=1e-4)


def test_weight_decay_leaves_the_value_matrices_to_the_regulariser(fusion: Any) -> None:
    trainer, values, _ = fusion
    trainer.args.weight_decay = 0.01
    groups = trainer.create_optimizer().param_groups
    decay = {id(parameter): group["weight_decay"] for group in groups for parameter in group["params"]}
    queries = [p for name, p in trainer.model.named_parameters() if ".query.weight" in name and id(p) in decay]
    assert len(queries) == len(values) == 2
    assert {decay[id(query)] for query in queries} == {0.01}
    assert {decay[id(value)] for value in values.values()} == {0.0}


def test_the_optimizer_holds_what_is_trained_and_nothing_else(fusion: Any) -> None:
    trainer, _, _ = fusion
    held = {id(p) for group in trainer.create_optimizer().param_groups for p in group["params"]}
    assert held == {id(p) for p in trainer.model.parameters() if p.requires_grad}


def test_a_loss_that_is_not_finite_stops_the_run_at_once(fusion: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _, batch = fusion
    monkeypatch.setattr(trainer.problems["mnli"], "loss", lambda outputs, batch: outputs.logits.sum() * float("nan"))
    with refused("loss of mnli", "nan", "step 0", code=1):
        trainer.compute_loss(trainer.model, batch)


def test_the_order_of_batches_changes_from_epoch_to_epoch_inside_the_loop(fusion: Any) -> None:
    trainer, _, _ = fusion
    features = [{"input_ids": [0, 5, 2], "labels": n % 3} for n in range(12)]
    trainer.train_dataset = MixedFeatures({"mnli": features})
    trainer.args.per_device_train_batch_size = 2
    loader: Any = trainer.get_train_dataloader()
    orders = []
    for epoch in range(3):
        loader.set_epoch(epoch)
        orders.append([tuple(batch["micro_batches"][0]["labels"].tolist()) for batch in loader])
    assert orders[0] != orders[1] != orders[2]


def test_taking_the_trained_state_and_putting_it_back_restores_it(trained: Any, prepare: Any) -> None:
    _, assembly = prepare(trained, plan_task("xnli"))
    ours = {name: p for name, p in assembly.model.named_parameters() if p.requires_grad}
    state = trained_state(assembly.model)
    assert state.keys() == ours.keys()
    with torch.no_grad():
        for parameter in ours.values():
            parameter.add_(1)
    load_trained(assembly.model, state)
    for name, parameter in ours.items():
        assert torch.equal(parameter, state[name])
        assert parameter is not state[name]


class Scripted:
    """A model of one number that moves, and scores that were written down beforehand."""

    def __init__(self, folder: Path, scores: list[float]) -> None:
        self.model, self.scores = torch.nn.Linear(1, 1, bias=False), iter(scores)
        self.keep = KeepBest(folder, lambda: next(self.scores))

    def state(self, step: int) -> Any:
        return SimpleNamespace(epoch=step / 10, global_step=step, max_steps=30)

    def end(self, step: int) -> None:
        with torch.no_grad():
            self.model.weight.fill_(step)
        self.keep.on_epoch_end(None, self.state(step), None, model=self.model)  # type: ignore[arg-type]

    def begin(self, step: int) -> None:
        with torch.no_grad():
            self.model.weight.fill_(step)
        self.keep.on_train_begin(None, self.state(step), None, model=self.model)  # type: ignore[arg-type]

    def restored(self) -> float:
        self.keep.restore(self.model)
        return self.model.weight.item()


def test_the_first_of_equally_good_epochs_is_kept(tmp_path: Path) -> None:
    run = Scripted(tmp_path, [50.0, 70.0, 70.0])
    for step in (10, 20, 30):
        run.end(step)
    assert run.restored() == 20


def test_a_resumed_run_remembers_the_best_epoch(tmp_path: Path) -> None:
    Scripted(tmp_path, [90.0]).end(10)
    run = Scripted(tmp_path, [50.0])
    run.begin(10)
    run.end(20)
    assert run.restored() == 10
    assert [entry["step"] for entry in run.keep.history] == [10, 20]


def test_an_epoch_that_was_cut_off_before_it_was_measured_is_measured_when_the_run_goes_on(tmp_path: Path) -> None:
    run = Scripted(tmp_path, [80.0])
    run.begin(30)
    assert run.restored() == 30
    assert [entry["dev"] for entry in run.keep.history] == [80.0]


def test_a_run_that_goes_on_in_the_middle_of_an_epoch_measures_nothing_first(tmp_path: Path) -> None:
    run = Scripted(tmp_path, [])
    run.begin(14)
    run.begin(0)
    assert run.keep.history == []


def test_an_epoch_that_is_trained_again_is_listed_once(tmp_path: Path) -> None:
    first = Scripted(tmp_path, [90.0, 95.0])
    first.end(10)
    first.end(20)
    again = Scripted(tmp_path, [60.0, 70.0])
    again.end(10)
    again.end(20)
    assert [(entry["step"], entry["dev"]) for entry in again.keep.history] == [(10, 60.0), (20, 70.0)]
    assert load_file(tmp_path / "best.safetensors")["weight"].item() == 20


def test_ticks_pass_the_newest_logged_loss_on() -> None:
    seen: list[tuple[int, int, float | None]] = []
    ticks = Ticks(lambda *tick: seen.append(tick))
    state = SimpleNamespace(global_step=1, max_steps=9)
    ticks.on_step_end(None, state, None)
    ticks.on_log(None, state, None, logs={"loss": 0.5})
    ticks.on_log(None, state, None, logs={"train_runtime": 3.0})
    ticks.on_step_end(None, state, None)
    assert seen == [(1, 9, None), (1, 9, 0.5)]
