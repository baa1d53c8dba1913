import re

import pytest

from tests.made_up_results import run_of
from xadapt.analysis.comparison import compare
from xadapt.reports.conclusion import conclude


def sentences(text):
    return re.findall(r"[.!?](?=\s|$)", text)


def three_seeds(measured, shares, **other):
    return [
        measured(setup, {"en": 0.6, "de": de}, seed, run=run_of(f"{other} {setup} {seed}"), **other)
        for seed in (1, 2, 3)
        for setup, de in shares.items()
    ]


def test_it_is_three_sentences_that_say_how_often_where_and_on_what(tested_fusion, tmp_path):
    found = conclude(compare(tested_fusion, None, tmp_path / "examples"))
    assert [len(sentences(text)) for text in found] == [1, 1, 1]
    overall, where, basis = found
    assert overall.startswith("No: of 1 task, the fusion is significantly above the best single adapter on 0, ")
    assert "significantly below on 1, not distinguishable from it on 0, by −" in overall
    assert "of all 2 tests of a composition, 0 found it significantly above, 1 significantly below" in overall
    assert re.match(
        r"The fusion ends up on xnli with −\d+\.\d against `mnli`, 95 % interval −\d+\.\d to −\d+\.\d, from ", where
    )
    assert re.search(r"to −\d+\.\d \(significant\) in (de|nl)\.$", where)
    assert "3 seeds, 200 rows a language and the base `e5-small`, and so few seeds find only large differences" in basis


def test_a_fusion_that_wins_is_the_answer_yes(measured, tmp_path):
    results = three_seeds(measured, {"mnli": 0.3, "fuse(mnli, stsb)": 0.7})
    overall, _, basis = conclude(compare(results, None, tmp_path / "examples"))
    assert overall.startswith("Yes: of 1 task, the fusion is significantly above the best single adapter on 1, ")
    assert "3 seeds, 200 rows a language" in basis


def test_one_seed_is_not_tested_and_called_one(measured, tmp_path):
    results = [measured("mnli", {"en": 0.6, "de": 0.3}), measured("fuse(mnli, stsb)", {"en": 0.6, "de": 0.7})]
    overall, _, basis = conclude(compare(results, None, tmp_path / "examples"))
    assert overall.startswith("Nothing was tested for significance")
    assert "1 seed, 200 rows a language" in basis
    assert "says nothing about other seeds" in basis


def test_nothing_significant_is_neither_yes_nor_no(measured, tmp_path):
    results = three_seeds(measured, {"mnli": 0.5, "fuse(mnli, stsb)": 0.5})
    overall = conclude(compare(results, None, tmp_path / "examples"))[0]
    assert overall.startswith("Not as far as can be told: ")
    assert "not distinguishable from it on 1" in overall


def test_without_tests_no_significance_is_claimed(fusion_loses):
    overall, where, _ = conclude(compare(fusion_loses))
    assert overall == (
        "Nothing was tested for significance: the fusion is above the best of none and single adapters on 0 of 1 "
        "task, by −1.0 points zero-shot."
    )
    assert where == ("The fusion ends up on xnli with −1.0 against `mnli`, not tested, from +1.0 in de to −3.0 in sw.")


def test_several_tasks_have_a_mean_a_best_and_a_worst(measured, tmp_path):
    results = []
    for task, share in (("xnli", 0.7), ("paws-x", 0.5), ("xcopa", 0.2)):
        results += three_seeds(measured, {"mnli": 0.5, "fuse(mnli, stsb)": share}, task=task, limit=200)
    overall, where, basis = conclude(compare(results, None, tmp_path / "examples"))
    assert overall.startswith("In places: of 3 tasks, the fusion is significantly above the best single adapter on 1, ")
    assert "significantly below on 1, not distinguishable from it on 1, on average by " in overall
    assert re.search(r"The fusion does best on xnli with \+.*, and worst on xcopa with −", where)
    assert "200 sampled rows a language" in basis


def test_what_a_fusion_costs_is_given_if_it_was_measured(result):
    costs = {"parameters": 100, "head_parameters": 1}
    results = [
        result("mnli", {"en": 70.0, "de": 60.0}, **costs),
        result("fuse(mnli, stsb)", {"en": 70.0, "de": 61.0}, **{**costs, "parameters": 3000}),
    ]
    assert conclude(compare(results))[2].endswith("; on xnli `fuse(mnli, stsb)` has 3,000 parameters, `mnli` 100.")


def test_a_task_counts_once_with_the_setups_that_were_trained_on_it(result):
    results = [
        result("mnli", {"en": 70.0, "de": 60.0}),
        result("fuse(mnli, stsb)", {"en": 70.0, "de": 90.0}),
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}),
        result("stack(fuse(mnli, stsb), xnli)", {"en": 70.0, "de": 58.0}),
    ]
    assert "on 0 of 1 task, by −2.0 points" in conclude(compare(results))[0]


def test_without_a_fusion_another_composition_is_judged_and_called_so(result):
    results = [result("mnli", {"en": 70.0, "de": 60.0}), result("average(mnli, stsb)", {"en": 70.0, "de": 61.0})]
    assert "the judged composition is above" in conclude(compare(results))[0]


@pytest.mark.parametrize("setups", [["mnli"], ["fuse(mnli, stsb)"], ["mnli", "stsb"]])
def test_where_nothing_can_be_compared_there_is_no_conclusion(result, setups):
    assert conclude(compare([result(setup, {"en": 70.0, "de": 60.0}) for setup in setups])) == []
