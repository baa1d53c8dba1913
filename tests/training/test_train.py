"""Whole runs on the tiny base: what changes, what stays, what is stored, and what an interruption costs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from xadapt.backbone.base import fingerprint_of
from xadapt.errors import RunFailed, XadaptError
from xadapt.problems import make_problem
from xadapt.problems.pairs import PairClassificationProblem
from xadapt.store.store import Store
from xadapt.tasks import get_task
from xadapt.training import train as training
from xadapt.training.batches import MixedFeatures
from xadapt.training.job import Display
from xadapt.training.plan import plan_fusion, plan_target, plan_task

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


def test_a_fusion_on_a_target_starts_from_the_head_that_speaks_its_labels(trained: Any, prepare: Any) -> None:
    _, assembly = prepare(trained, plan_fusion(["mnli", "stsb"], "xnli"))
    state = dict(assembly.model.named_parameters())
    heads = [name for name in state if name.startswith("heads.xnli.")]
    assert heads
    for name in heads:
        assert torch.equal(state[name], state[name.replace("heads.xnli.", "heads.mnli.")])
        assert state[name] is not state[name.replace("heads.xnli.", "heads.mnli.")]


def test_a_fusion_learns_from_an_even_mixture_spread_over_each_set(
    trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Spy(MixedFeatures):
        def __init__(self, parts: Any, *rest: Any) -> None:
            seen.update(parts)
            super().__init__(parts, *rest)

    monkeypatch.setattr(training, "MixedFeatures", Spy)
    made = trained.train(plan_fusion(["mnli", "squad", "stsb"]))
    assert {name: len(part) for name, part in seen.items()} == {"mnli": 24, "squad": 24, "stsb": 24}
    assert made.record["figures"]["features"] == 72
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
    assert made.record["figures"]["dev"]["stsb"] == {key: round(value, 4) for key, value in scores.items()}


def test_the_same_run_is_not_trained_twice(bench: Any) -> None:
    first = bench.train(plan_task("mnli"))
    ticks: list[int] = []
    said: list[str] = []
    display = Display(say=said.append, tick=lambda step, steps, loss: ticks.append(step))
    again = bench.train(plan_task("mnli"), display, save_steps=1)
    assert again.run == first.run
    assert ticks == []
    assert "is there already" in said[-1]


@pytest.mark.parametrize("change", [{"seed": 43}, {"lr": 0.02}, {"limit": 8}, {"adapter_config": "par_bn"}])
def test_another_run_has_another_hash(trained: Any, change: dict[str, Any]) -> None:
    before = trained.store.find("mnli", trained.backbone.fingerprint)
    assert trained.train(plan_task("mnli"), **change).run != before.run


def test_another_member_gives_a_target_another_hash(trained: Any) -> None:
    before = trained.store.find("stack(mnli, xnli)", trained.backbone.fingerprint)
    trained.train(plan_task("mnli"), lr=0.02)
    assert trained.train(plan_target("xnli", "mnli")).run != before.run


def test_pinned_members_keep_the_hash(trained: Any) -> None:
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    before = trained.store.find("stack(mnli, xnli)", trained.backbone.fingerprint)
    trained.train(plan_task("mnli"), lr=0.02)
    assert trained.train(plan_target("xnli", "mnli"), pins={"mnli": old}).run == before.run


def test_two_runs_of_the_same_seed_are_the_same_to_the_bit_and_another_seed_is_not(
    bench: Any, tmp_path: Path, stored: Any
) -> None:
    one = bench.train(plan_task("mnli"))
    other = elsewhere(bench, tmp_path).train(plan_task("mnli"))
    assert one.run == other.run
    same(stored(one.path), stored(other.path))
    third = bench.train(plan_task("mnli"), seed=1)
    assert any(not torch.equal(value, stored(one.path)[key]) for key, value in stored(third.path).items())


def elsewhere(bench: Any, folder: Path) -> Any:
    return type(bench)(bench.backbone, bench.mirror, Store(folder / "elsewhere", shipped=bench.store.shipped))


def same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    assert left.keys() == right.keys()
    for key, value in left.items():
        assert torch.equal(value, right[key]), key


def cut_at(step: int) -> Display:
    def tick(now: int, steps: int, loss: float | None) -> None:
        if now == step:
            raise KeyboardInterrupt

    return Display(tick=tick)


@pytest.mark.parametrize("step", [1, 4, 8, 11])
def test_a_run_that_goes_on_after_an_interruption_ends_with_the_same_weights(
    bench: Any, tmp_path: Path, stored: Any, step: int
) -> None:
    options = {"epochs": 2, "batch_size": 4, "save_steps": 3}
    whole = elsewhere(bench, tmp_path).train(plan_task("mnli"), **options)
    with pytest.raises(KeyboardInterrupt):
        bench.train(plan_task("mnli"), cut_at(step), **options)
    assert not (bench.store.root / "runs").exists()
    resumed = bench.train(plan_task("mnli"), **options)
    assert resumed.record["figures"]["resumed"] is (step > 3)
    assert resumed.record["figures"]["steps"] == whole.record["figures"]["steps"] == 12
    assert resumed.record["figures"]["history"] == whole.record["figures"]["history"]
    same(stored(whole.path), stored(resumed.path))


def test_a_part_of_an_epoch_that_is_interrupted_goes_on_to_the_same_weights(
    bench: Any, tmp_path: Path, stored: Any
) -> None:
    options = {"epochs": 1.5, "batch_size": 4, "save_steps": 2}
    whole = elsewhere(bench, tmp_path).train(plan_task("mnli"), **options)
    assert whole.record["figures"]["steps"] == 9
    with pytest.raises(KeyboardInterrupt):
        bench.train(plan_task("mnli"), cut_at(8), **options)
    resumed = bench.train(plan_task("mnli"), **options)
    assert resumed.record["figures"]["history"] == whole.record["figures"]["history"]
    same(stored(whole.path), stored(resumed.path))


@pytest.mark.parametrize("damage", ["trainer_state.json", "trained.safetensors"])
def test_a_state_that_was_cut_while_it_was_saved_is_passed_over(
    bench: Any, tmp_path: Path, stored: Any, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    options = {"batch_size": 4, "save_steps": 2}
    whole = elsewhere(bench, tmp_path).train(plan_task("mnli"), **options)
    with pytest.raises(KeyboardInterrupt):
        bench.train(plan_task("mnli"), cut_at(4), **options)
    partial = bench.store.partial_path(whole.run)
    broken = partial / "checkpoint-4"
    broken.mkdir()
    if damage == "trainer_state.json":
        (broken / "trained.safetensors").write_bytes(b"cut sho")
        (broken / damage).write_text('{"epoch": 0.')
    said: list[str] = []
    resumed = bench.train(plan_task("mnli"), Display(say=said.append), **options)
    assert "goes on from step 2 of an interrupted run" in said
    same(stored(whole.path), stored(resumed.path))


def test_bf16_trains_and_goes_on_as_fp32_does(bench: Any, tmp_path: Path, stored: Any) -> None:
    options = {"precision": "bf16", "save_steps": 1}
    whole = elsewhere(bench, tmp_path).train(plan_task("mnli"), **options)
    with pytest.raises(KeyboardInterrupt):
        bench.train(plan_task("mnli"), cut_at(2), **options)
    resumed = bench.train(plan_task("mnli"), **options)
    same(stored(whole.path), stored(resumed.path))
    assert whole.record["decides"]["settings"]["precision"] == "bf16"


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
    bench: Any, tmp_path: Path, stored: Any, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    options = {"epochs": 2, "batch_size": 4, "save_steps": 3}
    whole = elsewhere(bench, tmp_path).train(plan_task("mnli"), **options)
    measure, calls = training.dev_scores, []

    def cut(job: Any, model: Any) -> Any:
        calls.append(1)
        if len(calls) == epoch:
            raise KeyboardInterrupt
        return measure(job, model)

    with monkeypatch.context() as patch:
        patch.setattr(training, "dev_scores", cut)
        with pytest.raises(KeyboardInterrupt):
            bench.train(plan_task("mnli"), **options)
    resumed = bench.train(plan_task("mnli"), **options)
    assert resumed.record["figures"]["history"] == whole.record["figures"]["history"]
    same(stored(whole.path), stored(resumed.path))


def test_nothing_of_an_unfinished_run_stays_behind_a_finished_one(bench: Any) -> None:
    made = bench.train(plan_task("mnli"), save_steps=1)
    assert not bench.store.partial_path(made.run).exists()
    assert sorted(path.name for path in (bench.store.root / "runs").iterdir()) == [made.run]


@pytest.mark.parametrize(("scores", "best"), [([3.0, 2.0, 1.0], 0), ([1.0, 3.0, 2.0], 1), ([1.0, 2.0, 3.0], 2)])
def test_the_best_epoch_on_dev_is_stored_with_its_head(
    bench: Any, stored: Any, monkeypatch: pytest.MonkeyPatch, scores: list[float], best: int
) -> None:
    measure, snapshots = training.dev_scores, []

    def spy(job: Any, model: Any) -> Any:
        snapshots.append({k: p.detach().half() for k, p in model.named_parameters() if p.requires_grad})
        return measure(job, model)

    script = iter(scores)
    monkeypatch.setattr(training, "dev_scores", spy)
    monkeypatch.setattr(training, "mean_main", lambda job, found: next(script))
    made = bench.train(plan_task("mnli"), epochs=3)
    assert [entry["dev"] for entry in made.record["figures"]["history"]] == scores
    kept = sorted(stored(made.path).values(), key=lambda value: (value.shape, value.flatten().tolist()))
    for number in range(3):
        of_epoch = sorted(snapshots[number].values(), key=lambda value: (value.shape, value.flatten().tolist()))
        equal = [torch.equal(left, right) for left, right in zip(kept, of_epoch, strict=True)]
        assert all(equal) if number == best else not any(equal)


def test_the_loss_falls_when_there_is_something_to_learn(bench: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = bench.mirror / "nyu-mll/multi_nli/default/train.parquet"
    rows = [{**row, "label": 2} for row in parquet.read_table(path).to_pylist()]
    parquet.write_table(pa.Table.from_pylist(rows), path)
    losses: list[float] = []
    display = Display(tick=lambda step, steps, loss: losses.append(loss) if loss is not None else None)
    bench.train(plan_task("mnli"), display, epochs=10)
    assert losses[-1] < 0.5 * losses[0]


def refuse(bench: Any, plan: Any, match: str, **options: Any) -> RunFailed:
    with pytest.raises(RunFailed, match=match) as caught:
        bench.train(plan, **options)
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    assert not list((bench.store.root / "runs").glob("*"))
    assert not list((bench.store.root / "partial").glob("*"))
    return caught.value


def test_a_loss_that_becomes_nan_is_one_line_and_leaves_nothing(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, calls = PairClassificationProblem.loss, []

    def broken(self: Any, outputs: Any, batch: Any) -> torch.Tensor:
        calls.append(1)
        return loss(self, outputs, batch) * (float("nan") if len(calls) == 2 else 1)

    monkeypatch.setattr(PairClassificationProblem, "loss", broken)
    refuse(bench, plan_task("mnli"), "training mnli diverged .*lower --lr than 0.01")
    assert len(calls) == 2


def test_weights_that_become_nan_in_the_last_step_are_one_line_and_leave_nothing(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xadapt.problems.pairs import PairRegressionProblem

    def broken(self: Any, outputs: Any, batch: Any) -> torch.Tensor:
        return torch.sqrt(outputs.logits.sum() * 0)  # Zero, with a gradient that is not a number.

    monkeypatch.setattr(PairRegressionProblem, "loss", broken)
    refuse(bench, plan_task("stsb"), "training stsb diverged .*not finite", batch_size=24)


def test_weights_beyond_half_precision_are_one_line_and_leave_nothing(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = training.KeepBest.restore

    def huge(self: Any, model: Any) -> None:
        restore(self, model)
        with torch.no_grad():
            next(p for p in model.parameters() if p.requires_grad).fill_(1e6)

    monkeypatch.setattr(training.KeepBest, "restore", huge)
    refuse(bench, plan_task("mnli"), "diverged")


def test_an_unknown_adapter_method_is_one_line_with_examples(bench: Any) -> None:
    for text in ("seq_bm", "seq_bn[reduction=8]", "seq_bn[", "../nowhere.json"):
        with pytest.raises(XadaptError, match=r"--adapter-config .*examples: seq_bn") as caught:
            bench.train(plan_task("mnli"), adapter_config=text)
        assert "\n" not in str(caught.value)


def test_an_adapter_method_that_does_not_fit_the_base_is_one_line(bench: Any) -> None:
    with pytest.raises(XadaptError, match=r"--adapter-config 'compacter'.*divis") as caught:
        bench.train(plan_task("mnli"), adapter_config="compacter")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", ["double_seq_bn", "par_bn", "lora", "compacter[reduction_factor=8]"])
def test_other_adapter_methods_train_and_reload(bench: Any, watch: Any, method: str) -> None:
    made, model, before = watch(bench, plan_task("mnli"), adapter_config=method)
    assert all(".mnli." in name for name in changed(model, before))
    assert bench.assemble("mnli").members["mnli"] == made.run


def test_loggers_of_the_trainer_hear_of_the_run(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import TrainerCallback
    from transformers.integrations import integration_utils

    heard: list[str] = []

    class Logger(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            heard.extend(logs or {})

    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "mine", Logger)
    bench.train(plan_task("mnli"), report_to="mine", epochs=4)
    assert "loss" in heard


def test_an_unknown_logger_is_one_line_with_the_nearest_one(bench: Any) -> None:
    with pytest.raises(XadaptError, match="--report-to 'tensorbord': did you mean 'tensorboard'"):
        bench.train(plan_task("mnli"), report_to="tensorbord")


def test_a_logger_that_is_not_installed_is_one_line(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.integrations import integration_utils

    def absent() -> None:
        raise RuntimeError("it requires a package.\nInstall it.")

    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "absent", absent)
    with pytest.raises(XadaptError, match="--report-to absent: it requires a package") as caught:
        bench.train(plan_task("mnli"), report_to="absent")
    assert "\n" not in str(caught.value)


def test_the_record_says_what_decided_the_run(trained_once: Any) -> None:
    made = trained_once.store.find("fuse(mnli, stsb)", trained_once.backbone.fingerprint)
    record, figures = made.record, made.record["figures"]
    assert record["trains"] == "fusion"
    assert record["tasks"] == record["heads"] == ["mnli", "stsb"]
    assert set(record["members"]) == {"mnli", "stsb"}
    assert record["rows"] == {"mnli": 24, "stsb": 24}
    assert record["decides"]["settings"]["lr"] == 0.01
    assert figures["steps"] == 6
    assert set(figures["dev"]) == {"mnli", "stsb"}
    assert figures["parameters"] > 0
