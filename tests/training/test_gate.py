"""Gates are learnt with a target's adapter from two starts, of which English dev chooses one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.methods.adapter import adapter_state
from xadapt.problems import make_problem
from xadapt.store.store import Store
from xadapt.tasks import get_task
from xadapt.training import gate as gates_of
from xadapt.training import loop
from xadapt.training.plan import plan_first, plan_fusion, plan_gate, plan_target, plan_task

PLAN = plan_gate(["mnli", "stsb"], "xnli")
SETUP = "gate(mnli, stsb)@xnli"


def logits(lab: Any, setup: str, task: str = "xnli") -> torch.Tensor:
    problem = make_problem(get_task(task), lab.backbone.tokenizer, 48)
    batch = problem.collate(problem.encode(lab.source.dev(get_task(task), 6).rows, labelled=False))
    with torch.no_grad():
        return problem.forward(lab.assemble(setup).model, batch, task).logits


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """By start, what the head and the gates were when it began."""
    seen: dict[str, dict[str, Any]] = {}
    learn = gates_of.learn

    def spy(run: Any, data: Any, partial: Path, **more: Any) -> Any:
        model = run.assembly.model
        seen[partial.name] = {
            "gates": gates_of.trained_gates(model, "gate[mnli+stsb]@xnli:members"),
            "head": {key: value.clone() for key, value in model.heads["xnli"].state_dict().items()},
            "adapter": {key: value.clone() for key, value in adapter_state(model, "gate[mnli+stsb]@xnli").items()},
            "trainable": {name for name, value in model.named_parameters() if value.requires_grad},
        }
        return learn(run, data, partial, **more)

    monkeypatch.setattr(gates_of, "learn", spy)
    return seen


def test_it_is_started_closed_and_at_the_best_member(trained: Any, learnt: dict[str, dict[str, Any]]) -> None:
    made = trained.train(PLAN)
    gated = made.record.figures.gated
    assert set(gated.singles) == {"mnli", "stsb"}
    best = max(gated.singles, key=lambda member: gated.singles[member])
    assert list(gated.starts) == ["none", best]
    open_at = torch.tensor([float(member == best) for member in ("mnli", "stsb")])
    closed, single = learnt["start-0"], learnt["start-1"]
    assert [values.tolist() for values in closed["gates"].values()] == [[0.0, 0.0]] * 2
    assert all(torch.equal(values, open_at) for values in single["gates"].values())
    assert all(torch.equal(value, single["adapter"][key]) for key, value in closed["adapter"].items())


def test_gates_adapter_and_head_are_trained_and_nothing_else(trained: Any, learnt: dict[str, dict[str, Any]]) -> None:
    made = trained.train(PLAN)
    trainable = learnt["start-0"]["trainable"]
    gates = {name for name in trainable if name.endswith(":members.adapter_up.moved")}
    assert len(gates) == 2
    rest = trainable - gates
    assert all("adapters.gate[mnli+stsb]@xnli." in name or name.startswith("heads.xnli.") for name in rest)
    alone = trained.train(plan_target("xnli", "stsb"))
    # A gate for each of two members in each of two layers.
    assert made.parameters == alone.parameters + 4


def test_a_start_at_a_member_begins_with_its_head_and_the_closed_one_with_a_fresh_one(
    trained: Any, learnt: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates_of, "_score", lambda job, single: float("mnli" in str(single.setup)))
    trained.train(PLAN)
    spoken = load_file(
        trained.store.find("mnli", trained.backbone.fingerprint).path / "heads/mnli/model_head.safetensors"
    )
    begun = {key: learnt[start]["head"] for key, start in (("closed", "start-0"), ("single", "start-1"))}
    for key, value in begun["single"].items():
        (stored,) = [tensor for name, tensor in spoken.items() if name.endswith(f".{key}")]
        assert torch.equal(value, stored.float())
    assert any(not torch.equal(value, begun["single"][key]) for key, value in begun["closed"].items())


def test_a_member_without_such_a_head_gives_none(
    trained: Any, learnt: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates_of, "_score", lambda job, single: float("stsb" in str(single.setup)))
    trained.train(PLAN)
    closed, single = learnt["start-0"]["head"], learnt["start-1"]["head"]
    assert all(torch.equal(value, single[key]) for key, value in closed.items())


@pytest.mark.parametrize("wins", [0, 1])
def test_english_dev_decides_between_the_starts(trained: Any, monkeypatch: pytest.MonkeyPatch, wins: int) -> None:
    made: list[Any] = []
    learn = gates_of.learn

    def spy(run: Any, data: Any, partial: Path, **more: Any) -> Any:
        figures = learn(run, data, partial, **more)
        score = 80.0 if len(made) == wins else 40.0
        gates = gates_of.trained_gates(run.assembly.model, "gate[mnli+stsb]@xnli:members")
        head = {key: value.clone() for key, value in run.assembly.model.heads["xnli"].state_dict().items()}
        made.append((gates, head))
        return figures.model_copy(update={"dev": {"xnli": {"accuracy": score}}})

    monkeypatch.setattr(gates_of, "learn", spy)
    checkpoint = trained.train(PLAN)
    gated = checkpoint.record.figures.gated
    assert gated.start == list(gated.starts)[wins]
    assert sorted(gated.starts.values()) == [40.0, 80.0]
    gates, head = made[wins]
    stored = load_file(checkpoint.path / "gates.safetensors")
    assert {place: values.tolist() for place, values in stored.items()} == {
        place: values.tolist() for place, values in gates.items()
    }
    for place, by_member in gated.gates.items():
        assert list(by_member.values()) == pytest.approx(gates[place].tolist(), abs=1e-4)
    kept = load_file(checkpoint.path / "heads/xnli/model_head.safetensors")
    for name, value in kept.items():
        assert any(torch.equal(value.float(), other) for key, other in head.items() if name.endswith(key))


def test_what_is_stored_computes_what_was_measured(trained: Any) -> None:
    made = trained.train(PLAN)
    task = get_task("xnli")
    answerer = answer_with(trained.context, parse(SETUP), task, max_length=48)
    rows = trained.source.dev(task, 6).rows
    scores = answerer.problem.score(answerer.predict(rows), rows)
    assert made.scores["xnli"] == {key: round(value, 4) for key, value in scores.items()}


def test_its_record_and_card_say_what_was_tried(trained: Any) -> None:
    made = trained.train(PLAN)
    figures = made.record.figures
    assert made.record.members.keys() == {"mnli", "stsb"}
    assert set(made.record.decides["singles"]) == {"mnli", "stsb"}
    assert [entry["start"] for entry in figures.history] == list(figures.gated.starts)
    assert "gates.safetensors" in made.record.files
    alone = trained.train(plan_target("xnli", "stsb")).record.figures
    assert figures.steps == alone.steps
    card = (made.path / "README.md").read_text()
    assert "| trained | gates (" in card
    assert "xadapt export" in card
    assert f"started at {figures.gated.start}" in card
    assert all(f"{size:.2f} {member}" in card for member, size in figures.gated.sizes.items())


def test_target_adapters_on_each_member_are_trained_once_with_the_same_settings(trained: Any) -> None:
    made = trained.train(PLAN, lr=0.02)
    runs = made.record.decides["singles"]
    assert runs["stsb"] == trained.train(plan_target("xnli", "stsb"), lr=0.02).run
    single = trained.store.by_run(runs["mnli"])
    assert made.record.figures.gated.singles["mnli"] == pytest.approx(single.scores["xnli"]["accuracy"])
    assert trained.train(PLAN, lr=0.03).record.decides["singles"] != runs


def test_it_is_used_without_the_target_adapters_of_the_members(trained: Any) -> None:
    made = trained.train(PLAN)
    expected = logits(trained, SETUP)
    for run in made.record.decides["singles"].values():
        shutil.rmtree(trained.store.run_path(run))
    assert torch.equal(logits(trained, SETUP), expected)


def test_what_is_there_is_not_trained_again(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, lines = trained.train(PLAN), []
    monkeypatch.setattr(gates_of, "learn", lambda *_, **__: pytest.fail("trained again"))
    monkeypatch.setattr(loop, "_run", lambda *_: pytest.fail("trained again"))
    assert trained.train(PLAN, SpyDisplay(lines.append)).run == made.run
    assert lines[-1] == f"{SETUP} is there already: {made.path}"


def test_the_target_adapter_on_the_bare_base_can_be_a_member(trained: Any) -> None:
    trained.train(plan_task("xnli"))
    made = trained.train(plan_gate(["mnli", "xnli"], "xnli"))
    alone = trained.store.find("xnli", trained.backbone.fingerprint)
    assert made.record.decides["singles"]["xnli"] == alone.run
    assert made.record.members.keys() == {"mnli", "xnli"}
    assert logits(trained, "gate(mnli, xnli)@xnli").shape == (6, 3)


def test_members_can_be_put_together_themselves(trained: Any) -> None:
    made = trained.train(plan_gate(["average(mnli, stsb)", "squad"], "xnli"))
    assert made.record.figures.gated.singles.keys() == {"average(mnli, stsb)", "squad"}
    assert logits(trained, made.setup).shape == (6, 3)


def test_a_run_that_was_cut_in_its_second_start_goes_on_to_the_same_weights(
    trained: Any, tmp_path: Path, stored: Any
) -> None:
    options = {"epochs": 2, "batch_size": 4, "save_steps": 3}
    for member in ("mnli", "stsb"):
        trained.train(plan_target("xnli", member), **options)
    shutil.copytree(trained.store.root, tmp_path / "elsewhere", copy_function=shutil.copy2)
    elsewhere = trained.with_store(Store(tmp_path / "elsewhere", shipped=trained.store.shipped))
    whole = elsewhere.train(PLAN, **options)
    begun: list[int] = []

    def tick(now: int, steps: int, loss: float | None) -> None:
        begun.extend([now] if now == 1 else [])
        if len(begun) == 2 and now == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained.train(PLAN, SpyDisplay(tick=tick), **options)
    resumed = trained.train(PLAN, **options)
    assert resumed.record.figures.resumed
    assert resumed.record.figures.gated == whole.record.figures.gated
    left, right = stored(whole.path), stored(resumed.path)
    assert left.keys() == right.keys()
    assert all(torch.equal(value, right[key]) for key, value in left.items())


def test_a_task_that_comes_after_another_goes_on_from_its_gates(trained: Any) -> None:
    # At such a rate nothing moves, so that what is stored is what it began with.
    made = trained.train(plan_gate(["mnli", "stsb"], "xcopa"), lr=1e-12)
    first = trained.store.find("gate(mnli, stsb)@siqa", trained.backbone.fingerprint)
    assert first.record.figures.gated.start is not None
    assert (made.record.figures.gated.start, made.record.figures.gated.starts) == (None, {})
    assert made.record.figures.gated.gates == first.record.figures.gated.gates
    assert made.record.members.keys() == {"mnli", "stsb", "gate(mnli, stsb)@siqa"}
    head = [load_file(one.path / f"heads/{one.heads[0]}/model_head.safetensors") for one in (first, made)]
    values = zip(*(sorted(one.items()) for one in head), strict=True)
    assert all(torch.allclose(one.float(), other.float(), atol=1e-5) for (_, one), (_, other) in values)
    assert logits(trained, "gate(mnli, stsb)@xcopa", "xcopa").shape[0] == 6


def test_members_that_have_learnt_what_comes_first_are_enough() -> None:
    assert plan_first(plan_gate(["mnli", "siqa"], "xcopa")) is None


def test_members_of_another_method_are_refused_before_anything_is_trained(trained: Any) -> None:
    trained.train(plan_task("siqa"), adapter_config="lora[r=4]")
    with refused("siqa", "lora", advice="seq_bn"):
        trained.train(plan_gate(["mnli", "siqa"], "xnli"))
    assert trained.store.find("stack(siqa, xnli)", trained.backbone.fingerprint) is None


def test_a_fusion_is_no_member() -> None:
    with refused("fuse(mnli, stsb)", "gate"):
        plan_gate([str(plan_fusion(["mnli", "stsb"]).makes), "squad"], "xnli")
