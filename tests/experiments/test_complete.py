"""Setups that name ``target`` are complete, straight ones need nothing, and a target may have seeds of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from tests.experiments.test_execute import SMALL, Log, carry_out
from tests.experiments.test_foresight import TEXT, look
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import EvalStep, TrainStep, plan_steps

TRAIN = {"epochs": 3, "lr": 0.002, "batch_size": 4, "limit": 8}


def recipe(*setups: str, targets: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    given = targets or {"xnli": {"train": TRAIN}}
    return Recipe(**{"name": "r", "title": "R", "setups": setups, "targets": given, **changes})


def lines(made: Recipe) -> list[str]:
    return [str(step).removesuffix(", seed 42") for step in plan_steps(made)]


def budgets(made: Recipe) -> dict[str, Any]:
    return {str(step.plan.makes): step.budget for step in plan_steps(made) if isinstance(step, TrainStep)}


def test_nothing_is_put_on_top_of_a_complete_setup_and_each_part_is_trained_once() -> None:
    setups = ["target", "stack(mnli, target)", "continue(mnli, target)", "fuse(mnli, stsb, target)@target"]
    assert lines(recipe(*setups, "ensemble(continue(mnli, target), stack(stsb, target))")) == [
        "train xnli",
        "evaluate xnli on xnli",
        "train stack(mnli, xnli)",
        "evaluate stack(mnli, xnli) on xnli",
        "train continue(mnli, xnli)",
        "evaluate continue(mnli, xnli) on xnli",
        "train fuse(mnli, stsb, xnli)@xnli",
        "evaluate fuse(mnli, stsb, xnli)@xnli on xnli",
        "train stack(stsb, xnli)",
        "evaluate ensemble(continue(mnli, xnli), stack(stsb, xnli)) on xnli",
    ]


def test_members_come_before_what_is_made_of_them() -> None:
    assert lines(recipe("fuse(average(continue(a, target), target), b)@target")) == [
        "train continue(a, xnli)",
        "train xnli",
        "train fuse(average(continue(a, xnli), xnli), b)@xnli",
        "evaluate fuse(average(continue(a, xnli), xnli), b)@xnli on xnli",
    ]


def test_what_lies_under_a_target_adapter_is_made_before_it() -> None:
    assert lines(recipe("stack(fuse(mnli, stsb), target)")) == [
        "train fuse(mnli, stsb)",
        "train stack(fuse(mnli, stsb), xnli)",
        "evaluate stack(fuse(mnli, stsb), xnli) on xnli",
    ]


def test_a_setup_that_is_listed_in_both_ways_is_measured_once() -> None:
    made = lines(recipe("none", "target", "mnli", "stack(mnli, target)"))
    assert len(made) == len(set(made)) == 4


def test_a_target_that_shares_its_adapter_learns_that_one() -> None:
    mlqa = recipe("target", "continue(a, target)", "fuse(a, target)@target", targets={"mlqa": {"train": TRAIN}})
    assert lines(mlqa)[-1] == "evaluate fuse(a, xquad)@xquad on mlqa"
    pawsx = recipe("continue(a, target)", targets={"pawsx": {"train": TRAIN, "train_on": "mrpc"}})
    assert lines(pawsx) == ["train continue(a, mrpc)", "evaluate continue(a, mrpc) on pawsx"]


def test_what_is_learnt_on_a_target_sees_its_rows_as_often_but_at_its_own_rate() -> None:
    made = budgets(recipe("fuse(a, target)@target", "stack(fuse(mnli, stsb), target)", fusion={"batch_size": 2}))
    of_target, fused, other = made["xnli"], made["fuse(a, xnli)@xnli"], made["fuse(mnli, stsb)"]
    assert (of_target.epochs, of_target.lr, of_target.limit) == (3, 0.002, 8)
    assert (fused.epochs, fused.lr, fused.limit, fused.batch_size) == (3, None, 8, 2)
    assert (other.epochs, other.lr, other.limit, other.batch_size) == (None, None, None, 2)


def test_a_part_that_is_ready_is_not_trained() -> None:
    made = recipe("fuse(a, target)@target", ready=["fuse(a, target)@target", "target"])
    assert lines(made) == ["evaluate fuse(a, xnli)@xnli on xnli"]


def test_straight_setups_are_scored_beside_those_under_a_target_adapter() -> None:
    targets = {"xnli": {"train": TRAIN, "straight": ["mnli", "multitask(mnli, stsb)"]}}
    assert lines(recipe("mnli", targets=targets)) == [
        "train multitask(mnli, stsb)",
        "train stack(mnli, xnli)",
        "evaluate stack(mnli, xnli) on xnli",
        "evaluate mnli on xnli",
        "evaluate multitask(mnli, stsb) on xnli",
    ]


@pytest.mark.parametrize("setup", ["continue(mnli, target)", "none"])
def test_what_has_no_head_yet_is_not_straight(setup: str) -> None:
    with refused(setup, advice="straight"):
        plan_steps(recipe("mnli", targets={"xnli": {"train": TRAIN, "straight": [setup]}}))


@pytest.mark.parametrize(("target", "advice"), [("xnli", "train budget"), ("tatoeba", "no training set")])
def test_a_complete_setup_needs_a_target_that_is_trained(target: str, advice: str) -> None:
    with refused(target, advice=advice):
        plan_steps(recipe("continue(mnli, target)", targets={target: {}}))


def test_two_budgets_for_one_run_are_refused() -> None:
    made = recipe("mnli", targets={"xnli": {"train": TRAIN, "setups": ["fuse(a, b)@xnli", "fuse(a, b)@target"]}})
    with refused("fuse(a, b)@xnli", advice="two budgets"):
        plan_steps(made)


@pytest.mark.parametrize(
    ("old", "new", "line", "subjects"),
    [
        ("  - mnli", "  - stack(squad, target)", 7, ("squad", "xadapt train-task squad")),
        ("  - mnli", "  - fuse(mnli, xnli, target)@target", 7, ("xnli", "twice")),
        ("    languages: en,de", "    straight: [stsb]", 12, ("stsb", "cannot answer xnli")),
        ("    languages: en,de", "    straight: [fuse(mnli, target)]", 12, ("straight",)),
    ],
)
def test_a_wrong_setup_names_its_line(
    lab: Any, tmp_path: Path, old: str, new: str, line: int, subjects: tuple[str, ...]
) -> None:
    assert old in TEXT
    with refused(f"recipe.yaml:{line}: ", *subjects):
        look(lab, tmp_path, TEXT.replace(old, new).replace("  stsb:\n    setups: [stsb]\n", ""))


def test_a_target_with_seeds_of_its_own_has_those_alone() -> None:
    targets = {"xnli": {"train": TRAIN, "setups": ["target"]}, "stsb": {"setups": ["stsb"], "seeds": [2, 3]}}
    steps = plan_steps(recipe("mnli", targets=targets, seeds=[1, 2], adapters={"mnli": {}, "stsb": {}}))
    measured = [(step.task.name, step.replicate.seed) for step in steps if isinstance(step, EvalStep)]
    assert measured == [("xnli", 1), ("xnli", 2), ("stsb", 2), ("stsb", 3)]
    # Seed 3 trains the members of stsb's setups, and no others.
    assert [str(step) for step in steps if step.replicate.seed == 3] == [
        "train stsb, seed 3",
        "evaluate stsb on stsb, seed 3",
    ]


def test_complete_and_straight_setups_are_carried_out_with_the_runs_of_their_own_seed(lab: Any) -> None:
    setups = ["continue(mnli, target)", "fuse(mnli, target)@target"]
    target = {"train": SMALL, "limit": 6, "setups": setups, "straight": ["mnli"], "languages": "en"}
    asked = recipe("mnli", targets={"xnli": target}, adapters={"mnli": SMALL}, fusion=SMALL, seeds=[1, 2])
    results = carry_out(lab, Log(), asked)
    made = ["continue(mnli, xnli)", "fuse(mnli, xnli)@xnli", "mnli"]
    assert [(one.setup, one.seed) for one in results] == [(setup, seed) for seed in (1, 2) for setup in made]
    runs = {(one.seed, name): run for one in results for name, run in one.members.items()}
    for seed in (1, 2):
        fused = lab.store.by_run(runs[seed, "fuse(mnli, xnli)@xnli"])
        assert fused.record.members == {name: runs[seed, name] for name in ("mnli", "xnli")}
        assert lab.store.by_run(runs[seed, "xnli"]).seed == seed
    log = Log()
    assert carry_out(lab, log, asked) == results
    assert log.work == []


def test_runs_of_a_setup_differ_in_seed_and_share_its_members() -> None:
    steps = plan_steps(recipe("runs(fuse(mnli, target)@target, n=3)", seeds=[1, 2]))
    assert [str(step) for step in steps if step.replicate.seed == 2] == [
        "train xnli, seed 2",
        *(f"train fuse(mnli, xnli)@xnli, seed {seed}" for seed in (2, 1002, 2002)),
        "evaluate runs(fuse(mnli, xnli)@xnli, n=3) on xnli, seed 2",
    ]


def test_runs_that_need_no_target_are_trained_before_all_targets() -> None:
    targets = {"xnli": {"setups": ["runs(mnli, n=2)", "runs(multitask(mnli, stsb), n=2)"]}}
    steps = plan_steps(recipe("mnli", targets=targets, adapters={"mnli": {}}, intermediate_seed=7))
    assert [str(step) for step in steps][:4] == [
        "train mnli, seed 7",
        "train multitask(mnli, stsb), seed 7",
        "train mnli, seed 1007",
        "train multitask(mnli, stsb), seed 1007",
    ]


def test_replicates_whose_runs_would_be_the_same_are_refused(lab: Any, tmp_path: Path) -> None:
    text = TEXT.replace("title: Small", "title: Small\nseeds: [42, 1042]")
    with refused("recipe.yaml:3: seeds", "1042"):
        look(
            lab,
            tmp_path,
            text.replace("  - mnli", '  - "runs(continue(mnli, target), n=2)"').split("  stsb:\n    s")[0],
        )


def test_runs_that_are_neither_trained_nor_there_are_refused_before_the_recipe_runs(
    trained: Any, tmp_path: Path
) -> None:
    text = TEXT.replace("    languages: en,de", "    straight: ['runs(mnli, n=2)']")
    text = text.replace("adapters:\n  mnli: {limit: 8}\n  stsb: {limit: 8}\n", "")
    with refused("recipe.yaml:9: ", "run 2", "--seed 1042"):
        look(trained, tmp_path, text)


def test_runs_are_carried_out_each_with_its_seed_and_found_again(lab: Any) -> None:
    target = {"train": SMALL, "limit": 6, "languages": "en", "setups": ["runs(continue(mnli, target), n=2)"]}
    asked = recipe("mnli", targets={"xnli": target}, adapters={"mnli": SMALL}, seeds=[1, 2])
    results = carry_out(lab, Log(), asked)
    assert [one.seed for one in results] == [1, 2]
    for seed, one in zip((1, 2), results, strict=True):
        made = [lab.store.by_run(run) for run in one.members.values()]
        assert [checkpoint.seed for checkpoint in made] == [seed, seed + 1000]
        # The member that both started from.
        (member,) = {checkpoint.record.members["mnli"] for checkpoint in made}
        assert lab.store.by_run(member).seed == seed
    log = Log()
    assert carry_out(lab, log, asked) == results
    assert {done for _, done, _ in log.looks} == {8}


def test_a_recipe_has_one_method_for_all_adapters_whose_budgets_name_none() -> None:
    method = {"adapter_config": "seq_bn[reduction_factor=4]", "adapter_layers": "1"}
    train = {**TRAIN, "adapter_layers": "all"}
    made = recipe(
        "lingnli", "target", targets={"xnli": {"train": train}}, adapters={"lingnli": {"epochs": 1}}, **method
    )
    found = {name: (one.adapter_config, one.adapter_layers) for name, one in budgets(made).items()}
    assert found["lingnli"] == ("seq_bn[reduction_factor=4]", "1")
    assert found["xnli"] == found["stack(lingnli, xnli)"] == ("seq_bn[reduction_factor=4]", "all")


def test_a_later_run_of_a_factored_fusion_has_a_full_one_of_its_own(lab: Any) -> None:
    setups = ["fuse(mnli, target)@target", "runs(fuse(mnli, target, rank=3)@target, n=2)"]
    target = {"train": SMALL, "limit": 6, "languages": "en", "setups": setups}
    asked = recipe("mnli", targets={"xnli": target}, adapters={"mnli": SMALL}, fusion=SMALL)
    full, runs = carry_out(lab, Log(), asked)
    made = [lab.store.by_run(run) for name, run in runs.members.items() if "rank" in name]
    first, second = (checkpoint.record.figures.full.run for checkpoint in made)
    assert first == full.members["fuse(mnli, xnli)@xnli"]
    assert lab.store.by_run(second).seed == 1042


def test_runs_are_distilled_each_time_from_the_same_teachers(lab: Any) -> None:
    taught = "distill(runs(continue(mnli, target), n=2))@target"
    target = {"train": SMALL, "limit": 6, "languages": "en", "setups": [f"runs({taught}, n=2)"]}
    (result,) = carry_out(lab, Log(), recipe("mnli", targets={"xnli": target}, adapters={"mnli": SMALL}))
    students = [lab.store.by_run(run) for name, run in result.members.items() if name.startswith("distill")]
    assert [student.seed for student in students] == [42, 1042]
    first, second = (student.record.members for student in students)
    assert first == second
    assert sorted(lab.store.by_run(run).seed for name, run in first.items() if "continue" in name) == [42, 1042]
