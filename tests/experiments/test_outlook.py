"""What a store holds of a plan, and how long the rest takes."""

from __future__ import annotations

from typing import Any

import pytest

from xadapt.experiments.outlook import Expected, Pace, look_ahead
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import EvalStep, Step, TrainStep, plan_steps
from xadapt.store.result_record import Result
from xadapt.store.store import Store

BUDGET = {"epochs": 2, "batch_size": 8, "limit": 100}
MINE = {"name": "x", "fingerprint": "f" * 64}


def recipe(**options: Any) -> Recipe:
    given = {
        "name": "small",
        "title": "Small",
        "setups": ["mnli", "ensemble(mnli, stsb)"],
        "targets": {"xnli": {"train": BUDGET, "limit": 10, "languages": "de,fr"}},
        **options,
    }
    return Recipe(**given)


def record(setup: str, run: str, **options: Any) -> dict[str, Any]:
    settings = {"epochs": 2, "batch_size": 8, "limit": 100, **options.pop("settings", {})}
    return {
        "setup": setup,
        "run": run,
        "base": MINE,
        "seed": 42,
        "heads": [],
        "files": {},
        "trains": "target",
        "tasks": [setup.rstrip(")").split(", ")[-1].split("(")[-1]],
        "members": {},
        "rows": {},
        "decides": {"settings": settings},
        "figures": {"steps": 25, "seconds": 50.0},
        **options,
    }


def result(task: str, setup: str, **options: Any) -> dict[str, Any]:
    return {
        "run": "r",
        "task": task,
        "kind": "pair-classification",
        "setup": setup,
        "base": "x",
        "seed": 42,
        "data": "mirror:m",
        "limit": 10,
        "metric": "accuracy",
        "head": "xnli",
        "details": {},
        "languages": {"de": {"n": 10, "accuracy": 50.0}, "fr": {"n": 10, "accuracy": 50.0}},
        "mean": {},
        "seconds": 4.0,
        "decides": {"members": {}},
        **options,
    }


@pytest.fixture
def holding(store: Store) -> Any:
    from xadapt.store.files import atomic_write_json

    def fill(records: list[dict[str, Any]], results: list[dict[str, Any]] = []) -> Store:  # noqa: B006
        for one in records:
            atomic_write_json(store.run_path(one["run"]) / "xadapt.json", {"format": 1, **one})
        for number, one in enumerate(results):
            store.write_result(Result.of({**one, "run": str(number)}, "a made-up result"))
        return store

    return fill


def looked(store: Store, given: Recipe) -> dict[str, Expected]:
    return {str(one.step): one for one in look_ahead(plan_steps(given), store, "x", "mirror:m")}


MEMBERS = [record("mnli", "a"), record("stsb", "b")]


def test_a_training_with_the_same_budget_on_the_same_members_is_done(holding: Any) -> None:
    made = record("stack(mnli, xnli)", "c", members={"mnli": "a"})
    seen = looked(holding([*MEMBERS, made]), recipe())
    assert seen["train stack(mnli, xnli), seed 42"].done
    assert not seen["train stack(stsb, xnli), seed 42"].done


@pytest.mark.parametrize(("layers", "done"), [("5-9", True), ("6-9", False), ("all", False)])
def test_layers_of_a_training_count_as_a_part_of_its_method(holding: Any, layers: str, done: bool) -> None:
    made = record("stack(mnli, xnli)", "c", members={"mnli": "a"}, settings={"adapter_config": "seq_bn@5-9"})
    given = recipe().model_copy(update={"adapter_config": "seq_bn", "adapter_layers": layers})
    assert looked(holding([*MEMBERS, made]), given)["train stack(mnli, xnli), seed 42"].done is done


@pytest.mark.parametrize(
    "other",
    [
        {"settings": {"limit": 50}},
        {"seed": 43},
        {"members": {"mnli": "another"}},
        {"base": {"name": "y", "fingerprint": "0" * 64}},
    ],
)
def test_a_training_of_another_budget_seed_member_or_base_is_not_done(holding: Any, other: dict[str, Any]) -> None:
    made = record("stack(mnli, xnli)", "c", **{"members": {"mnli": "a"}, **other})
    assert not looked(holding([*MEMBERS, made]), recipe())["train stack(mnli, xnli), seed 42"].done


def test_an_evaluation_is_done_when_it_stood_on_what_the_plan_makes(holding: Any) -> None:
    made = record("stack(mnli, xnli)", "c", members={"mnli": "a"})
    title = "evaluate stack(mnli, xnli) on xnli, seed 42"
    right = result("xnli", "stack(mnli, xnli)", decides={"members": {"stack(mnli, xnli)": "c"}})
    assert looked(holding([*MEMBERS, made], [right]), recipe())[title].done
    wrong = result("xnli", "stack(mnli, xnli)", decides={"members": {"stack(mnli, xnli)": "older"}})
    assert not looked(holding([], [wrong]), recipe())[title].done


def test_what_stands_on_a_training_to_come_is_not_done(holding: Any) -> None:
    older = record("fuse(mnli, stsb)", "d", settings={"limit": 7})
    above = record("stack(fuse(mnli, stsb), xnli)", "e", members={"fuse(mnli, stsb)": "d"})
    given = recipe(setups=["fuse(mnli, stsb)"], fusion={"limit": 9})
    seen = looked(holding([*MEMBERS, older, above]), given)
    assert [one.done for one in seen.values()] == [False, False, False]


def test_a_step_is_estimated_from_the_rows_and_times_of_its_task(holding: Any) -> None:
    made = record("stack(mnli, xnli)", "c", members={"mnli": "a"}, seed=7)
    seen = looked(holding([*MEMBERS, made], [result("xnli", "stack(mnli, xnli)", limit=5)]), recipe())
    # 50 s for 200 rows, and 4 s for 20.
    assert seen["train stack(mnli, xnli), seed 42"].seconds == pytest.approx(3 + 200 * 0.25)
    assert seen["evaluate stack(mnli, xnli) on xnli, seed 42"].seconds == pytest.approx(3 + 20 * 0.2)
    ensemble = "evaluate ensemble(stack(mnli, xnli), stack(stsb, xnli)) on xnli, seed 42"
    assert seen[ensemble].seconds == pytest.approx(3 + 2 * 20 * 0.2)


def test_what_is_trained_twice_takes_twice_as_long_and_says_nothing_else_of_a_row(holding: Any) -> None:
    # 25 steps of 8 rows in 50 s, once and in each of two starts.
    alone = record("stack(mnli, xnli)", "bb" * 8, rows={"xnli": 100})
    figures = {"steps": 25, "seconds": 100.0, "gated": {"starts": {"none": 40.0, "mnli": 50.0}}}
    gated = record("gate(a, b)@xnli", "cc" * 8, tasks=["xnli"], rows={"xnli": 100}, figures=figures)
    asked = recipe(setups=["gate(mnli, stsb)@target"])
    found = [looked(holding(records), asked) for records in ([alone], [gated])]
    seconds = {one["train gate(mnli, stsb)@xnli, seed 42"].seconds for one in found}
    assert seconds == {3 + 2 * 50}


def test_members_that_weights_are_chosen_for_read_the_dev_rows_once(holding: Any) -> None:
    setup = "greedy_ensemble(stack(mnli, target), target)@target"
    asked = recipe(setups=[setup], compositions={"ensemble": {"dev_limit": 40}})
    seen = looked(holding([*MEMBERS, record("stack(mnli, xnli)", "c")]), asked)
    assert seen[f"train {setup.replace('target', 'xnli')}, seed 42"].seconds == pytest.approx(3 + 0.45 * 0.25 * 40 * 2)


def test_a_task_that_was_never_timed_takes_the_rate_of_its_kind(holding: Any) -> None:
    slow = record("squad", "s", figures={"steps": 1, "seconds": 800.0})
    seen = looked(holding([*MEMBERS, slow]), recipe())
    assert seen["train stack(mnli, xnli), seed 42"].seconds == pytest.approx(3 + 200 * 0.25)


def test_nothing_is_guessed_where_nothing_was_timed(store: Store) -> None:
    assert {one.seconds for one in looked(store, recipe()).values()} == {None}


def test_a_run_that_another_seed_shares_is_counted_once(holding: Any) -> None:
    given = recipe(seeds=[1, 2], intermediate_seed=1, adapters={"mnli": BUDGET}, setups=["mnli"])
    seen = look_ahead(plan_steps(given), holding(MEMBERS), "x", "mirror:m")
    trained = [one.done for one in seen if isinstance(one.step, TrainStep) and str(one.step.plan.makes) == "mnli"]
    assert trained == [False, True]
    assert [one.done for one in seen if isinstance(one.step, EvalStep)] == [False, False]


def test_the_pace_of_a_run_corrects_what_was_expected() -> None:
    step: Step = plan_steps(recipe())[0]
    pace = Pace()
    assert pace.seconds([Expected(step, False, 100.0), Expected(step, False, None)]) == 100.0
    pace.note(Expected(step, True, 0.0), 5.0)
    assert pace.spent == 0.0
    pace.note(Expected(step, False, 100.0), 150.0)
    assert pace.seconds([Expected(step, False, 100.0)]) == pytest.approx(150.0)
