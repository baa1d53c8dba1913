"""A recipe carried out: each thing once, each with the checkpoints that it made itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from xadapt.display import Display, RowProgress, Tick
from xadapt.experiments.execute import Outcome, execute
from xadapt.experiments.outlook import Expected
from xadapt.experiments.recipe import Budget, Recipe, Target
from xadapt.store.result_record import Result
from xadapt.training.plan import plan_fusion, plan_task

SMALL = {"epochs": 1, "batch_size": 8, "lr": 0.01, "limit": 16, "dev_limit": 6, "max_length": 48}
RECIPE = Recipe(
    name="small",
    title="Small",
    adapters={"mnli": SMALL, "stsb": SMALL},
    fusion=SMALL,
    setups=["none", "mnli", "fuse(mnli, stsb)"],
    targets={"xnli": {"train": SMALL, "limit": 6}, "tatoeba": {}},
)


class Log(Display):
    """What was done, as a person would see it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[str] = []
        self.work: list[str] = []
        self.cut: str | None = None
        self.looks: list[tuple[int, int, float]] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def training(self, title: str) -> Iterator[Tick]:
        self.steps.append(title)

        def tick(step: int, steps: int, loss: float | None) -> None:
            if self.cut and self.cut in title:
                raise KeyboardInterrupt
            self.work.append(title)

        yield tick

    @contextmanager
    def rows(self, title: str) -> Iterator[RowProgress]:
        self.steps.append(title)
        yield RowProgress(start=lambda language, rows: self.work.append(f"{title}: {language}"))

    def look(self, expected: Sequence[Expected], behind: int, left: float) -> None:
        self.looks.append((behind, sum(one.done for one in expected), left))


def run(lab: Any, log: Log, recipe: Recipe = RECIPE, **options: Any) -> Outcome:
    return execute(replace(lab.context, display=log), recipe, look=log.look, **options)


def carry_out(lab: Any, log: Log, recipe: Recipe = RECIPE) -> list[Result]:
    return run(lab, log, recipe).results


def without_times(results: list[Result]) -> list[Any]:
    return [(one.task, one.setup, one.run, one.seed, one.means, one.decides) for one in results]


def test_a_recipe_done_twice_does_the_work_once(lab: Any) -> None:
    first, second = Log(), Log()
    results = carry_out(lab, first)
    assert [(result.task, result.setup) for result in results] == [
        ("xnli", "xnli"),
        ("xnli", "stack(mnli, xnli)"),
        ("xnli", "stack(fuse(mnli, stsb), xnli)"),
        ("tatoeba", "none"),
        ("tatoeba", "mnli"),
        ("tatoeba", "fuse(mnli, stsb)"),
    ]
    assert first.steps[0] == "[1/12] train mnli, seed 42"
    assert first.work
    assert carry_out(lab, second) == results
    assert len(first.steps) == 12
    # A training that is there shows no progress.
    assert second.steps == [title for title in first.steps if "] evaluate " in title]
    assert second.work == []


def test_the_libraries_are_set_aside_from_garbage_collection_before_the_first_training(lab: Any) -> None:
    carry_out(lab, Log())
    # Tens of thousands of objects come with the libraries alone.
    assert gc.get_freeze_count() > 50_000


def test_before_each_step_it_is_known_what_is_done_and_the_time_left_falls(lab: Any) -> None:
    first, second = Log(), Log()
    carry_out(lab, first)
    assert [behind for behind, _, _ in first.looks] == list(range(12))
    assert {done for _, done, _ in first.looks} == {0}
    carry_out(lab, second)
    assert {(done, left) for _, done, left in second.looks} == {(12, 0.0)}


def test_when_the_time_is_up_no_step_is_begun_and_what_is_done_is_returned(lab: Any) -> None:
    log = Log()
    outcome = run(lab, log, hours=0.0)
    assert (outcome.results, outcome.steps, outcome.left, log.work) == ([], 12, 12, [])
    whole = carry_out(lab, Log())
    again = run(lab, Log(), hours=0.0)
    assert (again.results, again.left) == (whole, 0)


def test_without_resuming_a_cut_training_begins_again(lab: Any) -> None:
    log, again = Log(), Log()
    log.cut = "train mnli"
    with pytest.raises(KeyboardInterrupt):
        run(lab, log)
    (partial,) = (lab.store.root / "partial").iterdir()
    (partial / "left-over").touch()
    assert run(lab, again, resume=False).left == 0
    assert not list((lab.store.root / "partial").iterdir())


def test_one_seed_of_an_intermediate_adapter_serves_targets_of_several(lab: Any) -> None:
    recipe = RECIPE.model_copy(
        update={
            "seeds": (1, 2),
            "intermediate_seed": 1,
            "adapters": {"mnli": RECIPE.adapters["mnli"]},
            "setups": ("mnli",),
        }
    )
    log = Log()
    results = carry_out(lab, log, recipe)
    assert len({result.decides["members"]["mnli"] for result in results}) == 1
    assert len({result.run for result in results if result.task == "xnli"}) == 2
    assert len({title for title in log.work if "train mnli" in title}) == 1


def test_variants_are_trained_apart_and_their_results_named(lab: Any) -> None:
    recipe = RECIPE.model_copy(
        update={
            "adapters": {"mnli": RECIPE.adapters["mnli"]},
            "setups": ("mnli",),
            "targets": {"xnli": Target(limit=6)},
            "variants": {"first": Budget(adapter_layers="0"), "both": Budget()},
        }
    )
    results = carry_out(lab, Log(), recipe)
    assert [result.named for result in results] == ["first", "both"]
    configs = [
        lab.store.finished(result.decides["members"]["mnli"]).record.settings["adapter_config"] for result in results
    ]
    assert configs[0].endswith("@0")
    assert "@" not in configs[1]


def test_a_target_learnt_from_another_task_is_measured_with_that_tasks_adapter(lab: Any) -> None:
    recipe = RECIPE.model_copy(
        update={
            "adapters": {"stsb": RECIPE.adapters["stsb"]},
            "setups": ("stsb",),
            "targets": {"xnli": Target(train=Budget(**SMALL), train_on="mnli", limit=6)},
        }
    )
    (result,) = carry_out(lab, Log(), recipe)
    assert (result.task, result.setup, result.target) == ("xnli", "stack(stsb, mnli)", "mnli")


def test_an_interrupted_recipe_goes_on_where_it_was_cut(lab: Any) -> None:
    log, again = Log(), Log()
    log.cut = "train stack(mnli, xnli)"
    with pytest.raises(KeyboardInterrupt):
        carry_out(lab, log)
    carry_out(lab, again)
    assert not [title for title in again.work if title in log.work]
    assert [title for title in again.work if "train stack(mnli, xnli)" in title]


def test_a_recipe_uses_its_own_checkpoints_although_the_store_has_newer_ones(lab: Any) -> None:
    results = carry_out(lab, Log())
    lab.train(plan_task("mnli"), lr=0.02)
    lab.train(plan_fusion(["mnli", "stsb"]), lr=0.02)
    again = Log()
    assert without_times(carry_out(lab, again)) == without_times(results)
    assert again.work == []


def test_adapters_that_the_recipe_does_not_train_come_from_the_store(trained: Any) -> None:
    recipe = RECIPE.model_copy(update={"adapters": {}, "setups": ("mnli",)})
    results = carry_out(trained, log := Log(), recipe)
    known = trained.store.find("mnli", trained.backbone.fingerprint).run
    assert {result.decides["members"]["mnli"] for result in results} == {known}
    assert not [title for title in log.steps if "train mnli" in title]


def test_each_seed_uses_the_checkpoints_of_that_seed(lab: Any) -> None:
    recipe = RECIPE.model_copy(
        update={"seeds": (1, 2), "adapters": {"mnli": RECIPE.adapters["mnli"]}, "setups": ("mnli",)}
    )
    results = carry_out(lab, Log(), recipe)
    assert [result.seed for result in results] == [1, 1, 2, 2]
    for result in results:
        for run in result.decides["members"].values():
            assert lab.store.finished(run).seed == result.seed


def test_every_checkpoint_that_an_evaluation_used_is_reported(lab: Any) -> None:
    log = Log()
    run(lab, log)
    used = {line.removeprefix("uses ").split(": run ")[0] for line in log.lines if line.startswith("uses ")}
    assert {"mnli", "stsb", "fuse(mnli, stsb)", "xnli", "stack(fuse(mnli, stsb), xnli)"} <= used
