"""The steps of a recipe, in an order in which each finds what it needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import EvalStep, TrainStep, narrowed, plan_steps


def recipe(**changes: Any) -> Recipe:
    content: dict[str, Any] = {
        "name": "r",
        "title": "R",
        "adapters": {"mnli": {}, "stsb": {}},
        "setups": ["none", "mnli", "fuse(stsb, average(mnli, squad))"],
        "targets": {"xnli": {"train": {"limit": 8}}, "tatoeba": {}},
    }
    return Recipe(**{**content, **changes})


def made(step: Any) -> str:
    return str(step.plan.makes)


def test_adapters_come_first_then_fusions_then_targets_with_their_scores() -> None:
    steps = plan_steps(recipe())
    assert [str(step).removesuffix(", seed 42") for step in steps] == [
        "train mnli",
        "train stsb",
        "train fuse(average(mnli, squad), stsb)",
        "train xnli",
        "evaluate xnli on xnli",
        "train stack(mnli, xnli)",
        "evaluate stack(mnli, xnli) on xnli",
        "train stack(fuse(average(mnli, squad), stsb), xnli)",
        "evaluate stack(fuse(average(mnli, squad), stsb), xnli) on xnli",
        "evaluate none on tatoeba",
        "evaluate mnli on tatoeba",
        "evaluate fuse(average(mnli, squad), stsb) on tatoeba",
    ]


def test_every_step_stands_on_what_an_earlier_step_made_or_the_store_has() -> None:
    steps = plan_steps(recipe(setups=["stack(fuse(mnli, stsb), squad)", "fuse(mnli, stsb)"], seeds=[1, 2]))
    done: set[tuple[int, str]] = set()
    for step in steps:
        if isinstance(step, TrainStep):
            done.add((step.seed, made(step)))
            if step.plan.trains == "target":
                assert (step.seed, "fuse(mnli, stsb)") in done
        elif step.setup.kind == "fuse":
            assert (step.replicate.seed, str(step.setup)) in done


def test_a_fusion_that_several_setups_share_is_trained_once() -> None:
    steps = plan_steps(recipe(setups=["fuse(mnli, stsb)", "fuse(stsb, mnli)", "stack(fuse(mnli, stsb), squad)"]))
    assert [made(s) for s in steps if isinstance(s, TrainStep) and s.plan.trains == "fusion"] == ["fuse(mnli, stsb)"]


def test_a_fusion_learnt_on_a_target_is_trained_on_that_target() -> None:
    fusions = [s for s in plan_steps(recipe(setups=["fuse(mnli, stsb)@xnli"])) if made_fusion(s)]
    assert [[task.name for task in step.plan.tasks] for step in fusions] == [["xnli"]]


def made_fusion(step: Any) -> bool:
    return isinstance(step, TrainStep) and step.plan.trains == "fusion"


def test_each_seed_has_all_steps() -> None:
    one, two = plan_steps(recipe(seeds=[7])), plan_steps(recipe(seeds=[7, 8]))
    assert [str(step) for step in two[: len(one)]] == [str(step) for step in one]
    assert [str(step) for step in two[len(one) :]] == [str(step).replace("seed 7", "seed 8") for step in one]


def test_the_mode_of_a_target_decides_what_is_evaluated() -> None:
    steps = plan_steps(recipe(setups=["mnli"], targets={"xnli": {"train": {}, "mode": "continue"}}))
    assert [str(step.setup) for step in steps if isinstance(step, EvalStep)] == ["continue(mnli, xnli)"]


def test_a_target_without_rows_of_its_own_is_learnt_from_another_task() -> None:
    steps = plan_steps(recipe(setups=["none", "mnli"], targets={"pawsx": {"train": {"limit": 8}, "train_on": "mrpc"}}))
    assert [str(step).removesuffix(", seed 42") for step in steps][2:] == [
        "train mrpc",
        "evaluate mrpc on pawsx",
        "train stack(mnli, mrpc)",
        "evaluate stack(mnli, mrpc) on pawsx",
    ]


@pytest.mark.parametrize(
    ("target", "subject", "advice"),
    [
        ({"train": {"limit": 8}, "train_on": "mnli"}, "mnli", "labels"),
        ({"train_on": "mrpc"}, "train_on", "train budget"),
    ],
)
def test_what_a_target_cannot_be_learnt_from_is_refused(target: dict[str, Any], subject: str, advice: str) -> None:
    with refused("pawsx", subject, advice=advice):
        plan_steps(recipe(setups=["mnli"], targets={"pawsx": target}))


def test_budgets_go_to_their_own_steps() -> None:
    steps = plan_steps(
        recipe(adapters={"mnli": {"epochs": 3}}, fusion={"epochs": 4}, targets={"xnli": {"train": {"epochs": 5}}})
    )
    budgets = {
        step.plan.trains: step.budget.epochs for step in steps if isinstance(step, TrainStep) and made(step) != "xnli"
    }
    assert budgets == {"adapter": 3, "fusion": 4, "target": 5}


@pytest.mark.parametrize("setups", [["mnli"], ["fuse(mnli, stsb)", "none"]])
def test_a_target_may_name_its_own_setups(setups: list[str]) -> None:
    steps = plan_steps(recipe(targets={"tatoeba": {"setups": setups}}))
    assert [str(step.setup) for step in steps if isinstance(step, EvalStep)] == setups


def test_a_dual_encoder_can_be_scored_without_any_adapter() -> None:
    steps = plan_steps(recipe(adapters={}, setups=["none"], targets={"lareqa": {}, "mewslix": {}}))
    assert [(str(step.setup), step.task.name) for step in steps if isinstance(step, EvalStep)] == [
        ("none", "lareqa"),
        ("none", "mewslix"),
    ]


def test_a_recipe_can_be_narrowed_to_some_of_its_targets() -> None:
    whole = recipe(
        setups=["mnli", "fuse(mnli, stsb)"],
        targets={"xnli": {"train": {}}, "tatoeba": {"setups": ["mnli"]}, "sts-multi": {"train": {}}},
    )
    narrow = narrowed(whole, "tatoeba, xnli")
    assert list(narrow.targets) == ["tatoeba", "xnli"]
    some = plan_steps(narrowed(whole, "tatoeba"))
    assert not [step for step in some if "fuse" in str(step)]
    with refused("'xnl'", advice="'xnli'"):
        narrowed(whole, "xnl")
    with refused("only", advice="xnli"):
        narrowed(whole, " , ")


def test_an_intermediate_seed_serves_every_seed() -> None:
    steps = plan_steps(recipe(seeds=[1, 2], intermediate_seed=7, setups=["multitask(mnli, stsb)", "fuse(mnli, stsb)"]))
    trained = [(str(step.plan.makes), step.seed, step.replicate.seed) for step in steps if isinstance(step, TrainStep)]
    assert ("multitask(mnli, stsb)", 7, 1) in trained
    assert ("multitask(mnli, stsb)", 7, 2) in trained
    assert ("fuse(mnli, stsb)", 2, 2) in trained


def test_each_variant_changes_every_budget_and_has_all_steps() -> None:
    variants = {"low": {"adapter_layers": "0"}, "long": {"epochs": 3}}
    steps = plan_steps(recipe(adapters={"mnli": {"epochs": 1}}, setups=["mnli"], seeds=[1, 2], variants=variants))
    assert [(step.replicate.variant, step.replicate.seed) for step in steps][:: len(steps) // 4] == [
        ("low", 1),
        ("low", 2),
        ("long", 1),
        ("long", 2),
    ]
    trained = {
        step.replicate.variant: step.budget
        for step in steps
        if isinstance(step, TrainStep) and step.plan.trains == "adapter"
    }
    assert (trained["low"].adapter_layers, trained["low"].epochs) == ("0", 1)
    assert (trained["long"].adapter_layers, trained["long"].epochs) == (None, 3)
    assert str(steps[0]) == "train mnli, seed 1, low"


def test_what_is_ready_is_not_trained() -> None:
    steps = plan_steps(recipe(adapters={}, setups=["fuse(mnli, stsb)"], ready=["fuse(mnli, stsb)"]))
    assert not [step for step in steps if isinstance(step, TrainStep) and step.plan.trains == "fusion"]
    assert next(str(step.setup) for step in steps if isinstance(step, EvalStep)) == "stack(fuse(mnli, stsb), xnli)"
