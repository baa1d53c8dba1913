"""The verdict on a block as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.reports.blocks import only_block
from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Untested
from xadapt.analysis.verdict import Outcome, decide, outcomes


def test_a_losing_fusion_is_below_with_its_difference(fusion_loses: Any) -> None:
    found = decide(only_block(fusion_loses))
    assert (found.outcome, found.row.label, found.reference.label) == (Outcome.BELOW, "fuse(mnli, stsb)", "mnli")
    assert found.difference == pytest.approx(-1.0)
    assert (found.tested, found.significant) == (None, False)


def test_a_difference_that_prints_as_nothing_is_level(result: Any) -> None:
    setups = {"mnli": 60.0, "fuse(mnli, stsb)": 60.04}
    found = decide(only_block([result(setup, {"en": 70.0, "de": score}) for setup, score in setups.items()]))
    assert found.outcome is Outcome.LEVEL


def test_the_best_composition_in_english_is_judged_and_never_the_best_elsewhere(result: Any) -> None:
    english = {"mnli": 70.0, "average(mnli, stsb)": 73.0, "fuse(mnli, stsb)": 72.0}
    others = {"mnli": 60.0, "average(mnli, stsb)": 50.0, "fuse(mnli, stsb)": 65.0}
    found = decide(only_block([result(setup, {"en": english[setup], "de": others[setup]}) for setup in english]))
    assert found.row.setup == "average(mnli, stsb)"


@pytest.mark.parametrize(
    "beaten",
    [
        "ensemble(continue(mnli, xnli), continue(stsb, xnli))",
        "runs(continue(mnli, xnli), n=3)",
        "greedy_ensemble(continue(mnli, xnli), xnli)@xnli",
        "distill(continue(mnli, xnli), unlabelled=10)@xnli",
    ],
)
def test_what_is_several_models_or_read_target_languages_is_not_judged_beside_what_is_not(
    result: Any, beaten: str
) -> None:
    setups = {"stack(mnli, xnli)": 70.0, beaten: 90.0, "gate(mnli, stsb)@xnli": 71.0}
    found = decide(only_block([result(setup, {"en": score, "de": 60.0}) for setup, score in setups.items()]))
    assert found.row.setup == "gate(mnli, stsb)@xnli"


@pytest.mark.parametrize(
    ("setups", "outcome"),
    [
        (["fuse(mnli, stsb)"], Outcome.NO_SINGLE),
        (["mnli", "stsb"], Outcome.NO_COMPOSITION),
    ],
)
def test_where_nothing_can_be_judged_the_reason_is_the_outcome(
    result: Any, setups: list[str], outcome: Outcome
) -> None:
    found = decide(only_block([result(setup, {"en": 70.0, "de": 60.0}) for setup in setups]))
    assert (found.outcome, found.row) == (outcome, None)


def test_setups_without_a_common_language_cannot_be_judged(result: Any) -> None:
    results = [result("mnli", {"en": 70.0, "de": 60.0}), result("fuse(mnli, stsb)", {"en": 70.0})]
    assert decide(only_block(results)).outcome is Outcome.NO_LANGUAGE


def test_a_tested_verdict_has_the_test_and_an_untested_one_the_reason(tested_fusion: Any, tmp_path: Path) -> None:
    (tested,) = compare(tested_fusion, None, tmp_path / "examples")[0].blocks
    found = decide(tested)
    assert found.significant
    assert found.difference == found.tested.difference
    assert decide(compare(tested_fusion, None, tmp_path / "nothing")[0].blocks[0]).untested is Untested.NO_EXAMPLES
    counted = outcomes(tested.rows)
    assert (counted.above, counted.tests) == (0, 3)
    assert counted.below + counted.undecided == 3


def test_a_difference_within_its_spread_over_seeds_is_marked_as_such(result: Any) -> None:
    results = []
    for seed, shift in ((1, 0.0), (2, 3.0)):
        results.append(result("mnli", {"en": 70.0, "de": 60.0}, seed=seed))
        results.append(result("fuse(mnli, stsb)", {"en": 70.0, "de": 59.5 + shift}, seed=seed))
    assert decide(only_block(results)).within_seeds
