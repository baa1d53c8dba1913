"""A recipe's results become the scores of suites, one set for each setup and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xadapt.reports.suites import suite_summary, write_suites


def test_each_setup_and_seed_is_scored_by_itself(result: Any, tmp_path: Path) -> None:
    results = [
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}),
        result("stack(mnli, xnli)", {"en": 50.0, "de": 40.0}, seed=1),
        result("stack(stsb, xnli)", {"en": 30.0, "de": 20.0}),
    ]
    scored = write_suites(results, ["xtreme-r"], tmp_path)
    assert [(facts["setup"], facts["seed"], score.tasks[0].partial) for score, facts in scored] == [
        ("mnli", 42, pytest.approx(65.0)),
        ("mnli", 1, pytest.approx(45.0)),
        ("stsb", 42, pytest.approx(25.0)),
    ]
    assert (tmp_path / "xtreme-r" / "mnli-1" / "suite.md").is_file()


def test_the_target_adapter_comes_before_the_setup_itself(result: Any, tmp_path: Path) -> None:
    straight, target = result("mnli", {"en": 10.0}), result("stack(mnli, xnli)", {"en": 70.0})
    for order in ([straight, target], [target, straight]):
        ((score, _),) = write_suites(order, ["xtreme"], tmp_path)
        assert score.tasks[[task.task for task in score.tasks].index("xnli")].partial == 70.0


def test_a_shared_target_adapter_counts_for_the_setup_below_it(result: Any, tmp_path: Path) -> None:
    exact = {"exact_match": {"en": 40.0}}
    mlqa = result("stack(mnli, xquad)", {"en": 60.0}, task="mlqa", metric="f1", others=exact)
    ((score, facts),) = write_suites([mlqa], ["xtreme"], tmp_path)
    assert facts["setup"] == "mnli"
    assert {task.task: task.partial for task in score.tasks if task.rows} == {"mlqa": 50.0}


def test_a_setup_without_a_task_of_the_suite_has_no_score(result: Any, tmp_path: Path) -> None:
    assert write_suites([result("mnli", {"en": 60.0}, task="mnli")], ["xtreme"], tmp_path) == []


def test_a_summary_says_that_a_suite_is_not_complete_and_where_its_tables_are(result: Any, tmp_path: Path) -> None:
    ((score, facts),) = write_suites([result("stack(mnli, xnli)", {"en": 70.0})], ["xtreme-r"], tmp_path)
    (line,) = suite_summary(score, facts)
    assert "XTREME-R is not complete" in line
    assert (tmp_path / line.rsplit("(", 1)[1].rstrip(")")).is_file()


def test_an_adapter_of_one_seed_counts_under_the_target_adapters_of_all_seeds(result: Any, tmp_path: Path) -> None:
    results = [
        result("stack(mnli, xnli)", {"en": 70.0}, seed=1),
        result("mnli", {"de": 30.0}, task="tatoeba", seed=42),
        result("stack(mnli, xnli)", {"en": 60.0}, seed=2),
    ]
    scored = write_suites(results, ["xtreme"], tmp_path)
    assert [
        (facts["seed"], {task.task: task.partial for task in score.tasks if task.rows}) for score, facts in scored
    ] == [
        (1, {"xnli": 70.0, "tatoeba": 30.0}),
        (2, {"xnli": 60.0, "tatoeba": 30.0}),
    ]


def test_each_seed_keeps_its_own_scores_where_it_has_some(result: Any, tmp_path: Path) -> None:
    results = [
        result(setup, {"de": score}, task=task, seed=seed)
        for seed, score in ((1, 10.0), (2, 20.0))
        for setup, task in (("stack(mnli, xnli)", "xnli"), ("mnli", "tatoeba"))
    ]
    scored = write_suites(results, ["xtreme"], tmp_path)
    assert [(facts["seed"], {task.partial for task in score.tasks if task.rows}) for score, facts in scored] == [
        (1, {10.0}),
        (2, {20.0}),
    ]


def test_only_the_setups_asked_for_are_scored(result: Any, tmp_path: Path) -> None:
    results = [result("stack(mnli, xnli)", {"en": 70.0}), result("stack(stsb, xnli)", {"en": 30.0})]
    ((_, facts),) = write_suites(results, ["xtreme"], tmp_path, ["stsb"])
    assert facts["setup"] == "stsb"
    assert not (tmp_path / "xtreme" / "mnli-42").exists()
