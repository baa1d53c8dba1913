"""A recipe's results become the scores of suites, one set for each setup and seed."""

from __future__ import annotations

from typing import Any

import pytest

from xadapt.analysis.suites import SetupOnSuite, score_setups


def partials(scored: SetupOnSuite) -> dict[str, float | None]:
    """The mean over what is there of each task that has anything."""
    return {task.task: task.partial for task in scored.score.tasks if task.rows}


def test_each_setup_and_seed_is_scored_by_itself(result: Any) -> None:
    results = [
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}),
        result("stack(mnli, xnli)", {"en": 50.0, "de": 40.0}, seed=1),
        result("stack(stsb, xnli)", {"en": 30.0, "de": 20.0}),
    ]
    scored = score_setups(results, ["xtreme-r"])
    assert [(one.facts["setup"], one.facts["seed"], one.score.tasks[0].partial) for one in scored] == [
        ("mnli", 42, pytest.approx(65.0)),
        ("mnli", 1, pytest.approx(45.0)),
        ("stsb", 42, pytest.approx(25.0)),
    ]


def test_the_target_adapter_comes_before_the_setup_itself(result: Any) -> None:
    straight, target = result("mnli", {"en": 10.0}), result("stack(mnli, xnli)", {"en": 70.0})
    for order in ([straight, target], [target, straight]):
        (scored,) = score_setups(order, ["xtreme"])
        assert partials(scored)["xnli"] == 70.0


def test_a_shared_target_adapter_counts_for_the_setup_below_it(result: Any) -> None:
    exact = {"exact_match": {"en": 40.0}}
    mlqa = result("stack(mnli, xquad)", {"en": 60.0}, task="mlqa", metric="f1", others=exact)
    (scored,) = score_setups([mlqa], ["xtreme"])
    assert scored.facts["setup"] == "mnli"
    assert partials(scored) == {"mlqa": 50.0}


def test_a_setup_without_a_task_of_the_suite_has_no_score(result: Any) -> None:
    assert score_setups([result("mnli", {"en": 60.0}, task="mnli")], ["xtreme"]) == []


def test_an_adapter_of_one_seed_counts_under_the_target_adapters_of_all_seeds(result: Any) -> None:
    results = [
        result("stack(mnli, xnli)", {"en": 70.0}, seed=1),
        result("mnli", {"de": 30.0}, task="tatoeba", seed=42),
        result("stack(mnli, xnli)", {"en": 60.0}, seed=2),
    ]
    scored = score_setups(results, ["xtreme"])
    assert [(one.facts["seed"], partials(one)) for one in scored] == [
        (1, {"xnli": 70.0, "tatoeba": 30.0}),
        (2, {"xnli": 60.0, "tatoeba": 30.0}),
    ]


def test_each_seed_keeps_its_own_scores_where_it_has_some(result: Any) -> None:
    results = [
        result(setup, {"de": score}, task=task, seed=seed)
        for seed, score in ((1, 10.0), (2, 20.0))
        for setup, task in (("stack(mnli, xnli)", "xnli"), ("mnli", "tatoeba"))
    ]
    scored = score_setups(results, ["xtreme"])
    assert [(one.facts["seed"], set(partials(one).values())) for one in scored] == [
        (1, {10.0}),
        (2, {20.0}),
    ]


def test_a_stacked_setup_and_a_continued_one_are_scored_apart(result: Any) -> None:
    results = [
        result("mnli", {"de": 30.0}, task="tatoeba"),
        result("stack(mnli, xnli)", {"en": 70.0}),
        result("continue(mnli, xnli)", {"en": 60.0}),
    ]
    scored = {one.facts["setup"]: partials(one) for one in score_setups(results, ["xtreme"])}
    assert scored == {
        "mnli": {"xnli": 70.0, "tatoeba": 30.0},
        "continue(mnli, target)": {"xnli": 60.0, "tatoeba": 30.0},
    }
    asked = score_setups(results, ["xtreme"], ["continue(mnli, target)"])
    assert "continue(mnli, target)" in {one.facts["setup"] for one in asked}


def test_setups_that_name_the_target_are_found_by_that_name(result: Any) -> None:
    results = [
        result(f"fuse(mnli, stsb, {task})@{task}", {"en": 70.0, "sw": 60.0}, task=task, seed=1)
        for task in ("xnli", "xcopa")
    ] + [result("continue(mnli, xnli)", {"en": 60.0}, seed=1)]
    (fusion,) = score_setups(results, ["xtreme-r"], ["fuse(mnli, stsb, target)@target"])
    assert set(partials(fusion)) == {"xnli", "xcopa"}
    (alone,) = score_setups(results, ["xtreme-r"], ["continue(mnli, target)"])
    assert partials(alone) == {"xnli": 60.0}


def test_only_the_setups_asked_for_are_scored(result: Any) -> None:
    results = [result("stack(mnli, xnli)", {"en": 70.0}), result("stack(stsb, xnli)", {"en": 30.0})]
    (scored,) = score_setups(results, ["xtreme"], ["stsb"])
    assert scored.facts["setup"] == "stsb"
