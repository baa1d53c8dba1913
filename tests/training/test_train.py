"""Whole runs on the tiny base: what changes, what stays, and what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt.backbone.base import fingerprint_of
from xadapt.methods.adapter import adapter_state
from xadapt.problems import make_problem
from xadapt.store.records import Scores
from xadapt.tasks import get_task
from xadapt.training import loop, run_kinds
from xadapt.training.batches import MixedFeatures
from xadapt.training.job import Job
from xadapt.training.plan import plan_fusion, plan_target, plan_task
from xadapt.training.run_kinds import run_kind

PLANS = {
    "task": plan_task("mnli"),
    "fusion": plan_fusion(["mnli", "stsb"]),
    "fusion on a target": plan_fusion(["mnli", "stsb"], "xnli"),
    "target on a task": plan_target("xnli", "mnli"),
    "target on a fusion": plan_target("xnli", "fuse(mnli, stsb)"),
    "continued": plan_target("xnli", "mnli", "continue"),
    "continued average": plan_target("xnli", "average(mnli, stsb)", "continue"),
}

#: What of the model each run may change, as parts of parameter names.
NEW = {
    "task": (".mnli.", "heads.mnli."),
    "fusion": ("adapter_fusion_layer.mnli,stsb.", "heads.mnli.", "heads.stsb."),
    "fusion on a target": ("adapter_fusion_layer.mnli,stsb.", "heads.xnli."),
    "target on a task": (".stack[mnli+xnli].", "heads.xnli."),
    "target on a fusion": (".stack[fuse[mnli+stsb]+xnli].", "heads.xnli."),
    "continued": (".continue[mnli+xnli].", "heads.xnli."),
    "continued average": (".continue[average[mnli+stsb]+xnli].", "heads.xnli."),
}


def changed(model: Any, before: dict[str, torch.Tensor]) -> set[str]:
    after = dict(model.named_parameters())
    assert after.keys() == before.keys()
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize("what", PLANS)
def test_exactly_the_new_part_changes(trained: Any, watch: Any, what: str) -> None:
    _, model, before = watch(trained, PLANS[what], seed=3)
    moved = changed(model, before)
    allowed = {name for name in before if any(marker in name for marker in NEW[what])}
    assert moved <= allowed == {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    for marker in NEW[what]:
        assert [name for name in moved if marker in name], f"{marker} was not trained"


def test_the_base_itself_is_untouched_by_training(trained: Any) -> None:
    before = fingerprint_of(trained.backbone.state)
    trained.train(plan_fusion(["mnli", "squad"]), seed=3)
    assert fingerprint_of(trained.backbone.state) == before == trained.backbone.fingerprint


def test_a_continuation_starts_from_the_weights_it_names(trained: Any, prepare: Any) -> None:
    _, assembly = prepare(trained, plan_target("xnli", "average(mnli, stsb)", "continue"))
    state = dict(assembly.model.named_parameters())
    copies = [name for name in state if ".continue[average[mnli+stsb]+xnli]." in name]
    assert copies
    for name in copies:
        source = name.replace(".continue[average[mnli+stsb]+xnli].", ".average[mnli+stsb].")
        assert torch.equal(state[name], state[source])


@pytest.mark.parametrize("what", ["fusion on a target", "target on a task", "target on a fusion", "continued average"])
def test_a_target_starts_from_the_head_that_has_its_labels(trained: Any, prepare: Any, what: str) -> None:
    _, assembly = prepare(trained, PLANS[what], seed=11)
    state = dict(assembly.model.named_parameters())
    heads = [name for name in state if name.startswith("heads.xnli.")]
    assert heads
    for name in heads:
        assert torch.equal(state[name], state[name.replace("heads.xnli.", "heads.mnli.")])
        assert state[name] is not state[name.replace("heads.xnli.", "heads.mnli.")]


@pytest.mark.parametrize("mode", ["stack", "continue"])
def test_a_target_on_a_setup_without_its_labels_starts_from_a_fresh_head(trained: Any, prepare: Any, mode: str) -> None:
    _, assembly = prepare(trained, plan_target("xnli", "stsb", mode), seed=11)
    assert assembly.model.heads["xnli"].config["num_labels"] == 3
    assert assembly.model.heads["stsb"].config["num_labels"] == 1


def test_a_fusion_learns_from_an_even_mixture_spread_over_each_set(
    trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Spy(MixedFeatures):
        def __init__(self, parts: Any, *rest: Any) -> None:
            seen.update(parts)
            super().__init__(parts, *rest)

    monkeypatch.setattr(loop, "MixedFeatures", Spy)
    made = trained.train(plan_fusion(["mnli", "squad", "stsb"]))
    assert {name: len(part) for name, part in seen.items()} == {"mnli": 24, "squad": 24, "stsb": 24}
    assert made.record.figures.features == 72
    # Twelve questions give more windows than that; none of the questions may be left out.
    assert {feature["row"] for feature in seen["squad"]} == set(range(12))


def test_a_reloaded_setup_gives_the_logits_of_the_trained_model_to_the_bit(trained: Any, watch: Any) -> None:
    problem = make_problem(get_task("xnli"), trained.backbone.tokenizer, 48)
    rows = trained.source.dev(get_task("xnli")).rows[:5]
    batch = problem.collate(problem.encode(rows, labelled=False))
    for plan in (plan_target("xnli", "fuse(mnli, stsb)"), plan_target("xnli", "mnli", "continue"), plan_task("xnli")):
        _, model, _ = watch(trained, plan, seed=9)
        model.eval()
        again = trained.assemble(str(plan.makes), seed=9).model
        with torch.inference_mode():
            left, right = (problem.forward(which, batch, "xnli").logits for which in (model, again))
        assert torch.equal(left, right), str(plan.makes)


def test_the_dev_scores_of_the_record_are_those_of_the_stored_weights(trained_once: Any) -> None:
    from xadapt.problems.predict import predict

    made = trained_once.store.find("stsb", trained_once.backbone.fingerprint)
    task = get_task("stsb")
    problem = make_problem(task, trained_once.backbone.tokenizer, 48)
    rows = trained_once.source.dev(task, 6).rows
    scores = problem.score(predict(trained_once.assemble("stsb").model, problem, rows, "stsb"), rows)
    assert made.record.figures.dev["stsb"] == {key: round(value, 4) for key, value in scores.items()}


def test_the_same_run_is_not_trained_twice(lab: Any) -> None:
    first = lab.train(plan_task("mnli"))
    ticks: list[int] = []
    shown: list[str] = []
    display = SpyDisplay(say=shown.append, tick=lambda step, steps, loss: ticks.append(step))
    again = lab.train(plan_task("mnli"), display, save_steps=1)
    assert again.run == first.run
    assert ticks == []
    assert "is there already" in shown[-1]


@pytest.mark.parametrize(
    "change", [{"seed": 43}, {"precision": "bf16"}, {"lr": 0.02}, {"limit": 8}, {"adapter_config": "par_bn"}]
)
def test_another_run_has_another_hash(trained: Any, change: dict[str, Any]) -> None:
    before = trained.store.find("mnli", trained.backbone.fingerprint)
    assert trained.train(plan_task("mnli"), **change).run != before.run


def test_a_raised_revision_makes_another_run_and_another_version_of_xadapt_does_not(
    trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trained.store.find("mnli", trained.backbone.fingerprint)
    monkeypatch.setattr("xadapt.training.job.__version__", "99.0")
    assert trained.train(plan_task("mnli")).run == before.run
    kind = run_kind("adapter")
    monkeypatch.setitem(run_kinds._KINDS, kind.name, replace(kind, revision=kind.revision + 1))
    made = trained.train(plan_task("mnli"))
    assert made.run != before.run
    assert made.record.xadapt == "99.0"


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_none_is_one_line_before_anything_is_trained(lab: Any, seed: int) -> None:
    with refused(f"seed={seed}", advice="from 0 to"):
        lab.train(plan_task("mnli"), seed=seed)


def test_a_mistyped_precision_gets_the_nearest_one_before_anything_is_trained(lab: Any) -> None:
    with refused("precision", "'bf61'", advice="'bf16'"):
        lab.train(plan_task("mnli"), precision="bf61")


def test_another_member_gives_a_target_another_hash(trained: Any) -> None:
    before = trained.store.find("stack(mnli, xnli)", trained.backbone.fingerprint)
    trained.train(plan_task("mnli"), lr=0.02)
    assert trained.train(plan_target("xnli", "mnli")).run != before.run


def test_pinned_members_keep_the_hash(trained: Any) -> None:
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    before = trained.store.find("stack(mnli, xnli)", trained.backbone.fingerprint)
    trained.train(plan_task("mnli"), lr=0.02)
    assert trained.train(plan_target("xnli", "mnli"), pins={"mnli": old}).run == before.run


@pytest.mark.parametrize(("scores", "best"), [([3.0, 2.0, 1.0], 0), ([1.0, 3.0, 2.0], 1), ([1.0, 2.0, 3.0], 2)])
def test_the_best_epoch_on_dev_is_stored_with_its_head(
    lab: Any, stored: Any, monkeypatch: pytest.MonkeyPatch, scores: list[float], best: int
) -> None:
    measure, snapshots = Job.dev_scores, []

    def spy(job: Job, model: Any) -> dict[str, Scores]:
        snapshots.append({k: p.detach().half() for k, p in model.named_parameters() if p.requires_grad})
        return measure(job, model)

    script = iter(scores)
    monkeypatch.setattr(Job, "dev_scores", spy)
    monkeypatch.setattr(Job, "mean_main", lambda job, found: next(script))
    made = lab.train(plan_task("mnli"), epochs=3)
    assert [entry["dev"] for entry in made.record.figures.history] == scores
    # The stored weights are measured once, with their epoch.
    assert len(snapshots) == 3
    kept = sorted(stored(made.path).values(), key=lambda value: (value.shape, value.flatten().tolist()))
    for number in range(3):
        of_epoch = sorted(snapshots[number].values(), key=lambda value: (value.shape, value.flatten().tolist()))
        equal = [torch.equal(left, right) for left, right in zip(kept, of_epoch, strict=True)]
        assert all(equal) if number == best else not any(equal)


def test_the_loss_falls_when_there_is_something_to_learn(lab: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = lab.mirror / "nyu-mll/multi_nli/default/train.parquet"
    rows = [{**row, "label": 2} for row in parquet.read_table(path).to_pylist()]
    parquet.write_table(pa.Table.from_pylist(rows), path)
    losses: list[float] = []
    display = SpyDisplay(tick=lambda step, steps, loss: losses.append(loss) if loss is not None else None)
    lab.train(plan_task("mnli"), display, epochs=10)
    assert losses[-1] < 0.5 * losses[0]


def test_an_unknown_adapter_method_is_one_line_with_examples(lab: Any) -> None:
    for text in ("seq_bm", "seq_bn[reduction=8]", "seq_bn[", "../nowhere.json"):
        with refused("adapter_config", text, advice="seq_bn"):
            lab.train(plan_task("mnli"), adapter_config=text)


def test_an_adapter_method_that_does_not_fit_the_base_is_one_line(lab: Any) -> None:
    with refused("adapter_config", "compacter", advice="divis"):
        lab.train(plan_task("mnli"), adapter_config="compacter")


@pytest.mark.parametrize("method", ["double_seq_bn", "par_bn", "lora", "compacter[reduction_factor=8]"])
def test_other_adapter_methods_train_and_reload(lab: Any, watch: Any, method: str) -> None:
    made, model, before = watch(lab, plan_task("mnli"), adapter_config=method)
    assert all(".mnli." in name for name in changed(model, before))
    assert lab.assemble("mnli").members["mnli"] == made.run


def test_the_record_says_what_decided_the_run(trained_once: Any) -> None:
    made = trained_once.store.find("fuse(mnli, stsb)", trained_once.backbone.fingerprint)
    record, figures = made.record, made.record.figures
    assert record.trains == "fusion"
    assert record.tasks == record.heads == ["mnli", "stsb"]
    assert set(record.members) == {"mnli", "stsb"}
    assert record.rows == {"mnli": 24, "stsb": 24}
    assert record.settings["lr"] == 0.01
    assert record.seed == record.settings["seed"] == 42
    assert record.settings["precision"] == "fp32"
    assert "device" not in record.settings
    assert figures.steps == 6
    assert set(figures.dev) == {"mnli", "stsb"}
    assert figures.dev_rows == {"mnli": 6, "stsb": 6}
    assert figures.parameters > 0
    assert figures.seconds is not None
    assert (figures.device, figures.resumed) == ("cpu", False)


def test_adapters_of_all_tasks_start_from_the_same_weights_with_one_seed(trained: Any, prepare: Any) -> None:
    def start(task: str, seed: int) -> dict[str, torch.Tensor]:
        _, assembly = prepare(trained, plan_task(task), seed=seed)
        return adapter_state(assembly.model, task)

    one, same, other = start("mnli", 5), start("squad", 5), start("mnli", 6)
    assert all(torch.equal(value, same[key.replace("mnli", "squad")]) for key, value in one.items())
    assert any(not torch.equal(value, other[key]) for key, value in one.items())
