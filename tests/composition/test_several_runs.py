"""``runs(…)`` is an ensemble of runs of one setup, each of its own seed, with the members of the first one's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.error_checks import refused
from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.evaluation.run_suite import candidates
from xadapt.training.plan import plan_target, plan_targets, plan_task

SETUP = "runs(continue(mnli, xnli), n=2)"


@pytest.fixture
def several(trained: Any) -> Any:
    """Two runs of one setup, whose members are the same, and a third of a seed that is none of theirs."""
    plan = plan_target("xnli", "mnli", "continue")
    for seed in (42, 1042, 7):
        trained.train(plan, seed=seed)
    return trained


@pytest.mark.parametrize(
    ("setup", "subject"),
    [
        ("runs(mnli)", "n=3"),
        ("runs(mnli, n=1)", "2"),
        ("runs(mnli, n=21)", "20"),
        ("runs(mnli, n=2.5)", "whole"),
        ("runs(mnli, stsb, n=2)", "one member"),
        ("runs(none, n=2)", "none"),
        ("runs(average(mnli, stsb), n=2)", "average(mnli, stsb)"),
        ("runs(stack(mnli, fuse(stsb, squad)), n=2)", "stack"),
        ("runs(ensemble(mnli, stsb), n=2)", "ensemble"),
        ("stack(runs(mnli, n=2), xnli)", "runs(stack"),
        ("average(runs(mnli, n=2), stsb)", "runs(average"),
    ],
)
def test_what_has_no_several_runs_is_refused(setup: str, subject: str) -> None:
    with refused(subject):
        parse(setup)


def test_it_is_printed_as_it_is_read_and_is_as_many_models() -> None:
    node = parse("ensemble(runs( continue(mnli,xnli), n=3), stsb)")
    assert parse(str(node)) == node
    assert [(str(model.setup), model.run) for model in node.models] == [
        ("continue(mnli, xnli)", 0),
        ("continue(mnli, xnli)", 1),
        ("continue(mnli, xnli)", 2),
        ("stsb", None),
    ]


def test_its_answers_are_the_mean_of_the_runs_of_its_seeds(several: Any) -> None:
    task = several.tasks["xnli"]
    rows = several.source.dev(task, 6).rows

    def answers(setup: str, seed: int = 42) -> Any:
        answerer = answer_with(several.context.seeded(seed), parse(setup), task, max_length=48)
        odds = np.exp(np.stack(answerer.outputs(rows)[0]))
        return odds / odds.sum(axis=-1, keepdims=True)

    one, two = answers("continue(mnli, xnli)"), answers("continue(mnli, xnli)", 1042)
    assert not np.allclose(one, two)
    np.testing.assert_allclose(answers(SETUP), (one + two) / 2, atol=1e-6)


def test_its_result_names_every_run_and_has_the_first_ones_seed_and_the_mean_dev_score(several: Any) -> None:
    result = several.evaluate(SETUP, "xnli", "de", limit=4)
    runs = {name: several.store.by_run(run) for name, run in result.members.items()}
    assert {name: one.seed for name, one in runs.items() if "continue" in name} == {
        "continue(mnli, xnli)": 42,
        "continue(mnli, xnli), run 2": 1042,
    }
    assert result.seed == 42
    scores = [one.scores["xnli"]["accuracy"] for name, one in runs.items() if "continue" in name]
    assert result.dev == {"xnli": pytest.approx(sum(scores) / 2, abs=1e-3)}


def test_a_run_that_is_not_there_is_named_with_the_command_and_the_seed_that_make_it(several: Any) -> None:
    with refused("run 3", "2042", advice='xadapt train-target xnli --on "mnli" --mode continue --seed 2042'):
        several.evaluate("runs(continue(mnli, xnli), n=3)", "xnli", "de", limit=4)


def test_another_seeds_run_is_never_taken_for_the_first(several: Any) -> None:
    with refused("run 1", "seed 43"):
        several.evaluate(SETUP, "xnli", "de", limit=4, seed=43)


def test_a_stacked_run_that_is_not_there_is_named_too(trained: Any) -> None:
    trained.train(plan_task("xnli"))
    with refused("run 2", advice='xadapt train-target xnli --on "mnli" --seed 1042'):
        trained.evaluate("runs(stack(mnli, xnli), n=2)", "xnli", "de", limit=4)


def test_it_is_not_pushed_as_one_setup(several: Any) -> None:
    with refused("several runs", advice="seed"):
        several.push(SETUP, "someone/something")


@pytest.mark.parametrize("setup", ["runs(mnli, n=2)", "ensemble(runs(mnli, n=2), stsb)"])
def test_a_suite_puts_nothing_on_top_of_several_runs(setup: str, several: Any) -> None:
    assert candidates(parse(setup), several.tasks["xnli"]) == []


def test_it_predicts_and_is_neither_explained_nor_exported_nor_trained_on(several: Any, tmp_path: Any) -> None:
    rows = several.source.dev(several.tasks["xnli"], 2).rows
    assert len(several.predict(SETUP, "xnli", rows)) == 2
    with refused("continue(mnli, xnli)"):
        several.explain(SETUP, "xnli", "de", limit=2)
    with refused("several models"):
        several.export(SETUP, tmp_path / "out", "adapterhub")
    with refused("several runs"):
        plan_targets("xnli", SETUP)
