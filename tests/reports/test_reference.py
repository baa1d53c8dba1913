import pytest

from tests.reports.blocks import only_block, row_of
from xadapt.analysis.comparison import compare
from xadapt.analysis.costs import Cost, Timing
from xadapt.reports import make_report


def test_measured_times_come_to_their_setups_with_the_ratio_to_the_best_single_adapter(fusion_loses, measurement):
    record = measurement({})
    timing = Timing(record.tasks["xnli"], record)
    times = {"stack(mnli, xnli)": (10.0, 20.0, 10.0), "stack(fuse(mnli, stsb), xnli)": (15.0, 30.0, 40.0)}
    (comparison,) = compare(fusion_loses, {("e5-small", "xnli"): Cost(timing, times)})
    (block,) = comparison.blocks
    assert comparison.timed == timing
    assert row_of(block, "fuse(mnli, stsb)").ratio == 1.5
    assert row_of(block, "stsb").milliseconds == ()
    assert row_of(block, "stsb").ratio is None


def test_the_best_single_adapter_is_chosen_by_english_and_not_by_target_languages(fusion_loses):
    block = only_block(fusion_loses)
    assert block.reference.label == "mnli"
    assert block.reference.chosen
    assert row_of(block, "stsb").zero_shot > block.reference.zero_shot


def test_differences_are_to_the_best_single_adapter(fusion_loses):
    block = only_block(fusion_loses)
    fusion = row_of(block, "fuse(mnli, stsb)")
    assert fusion.difference == pytest.approx(54.0 - 55.0)
    assert fusion.differences == {"en": 1.0, "de": 1.0, "sw": -3.0}
    assert fusion.ahead == 1
    assert row_of(block, "mnli").difference == 0.0


def test_the_target_alone_and_composed_setups_are_never_the_best_single_adapter(result):
    block = only_block(
        [
            result("xnli", {"en": 90.0, "de": 90.0}),
            result("stack(fuse(mnli, stsb), xnli)", {"en": 80.0, "de": 80.0}),
            result("stack(mnli, xnli)", {"en": 70.0, "de": 70.0}),
        ]
    )
    assert block.reference.label == "mnli"


def test_without_english_scores_the_reference_is_the_mean_of_the_single_adapters(result):
    block = only_block(
        [
            result("mnli", {"de": 60.0, "fr": 70.0}, task="tatoeba"),
            result("stsb", {"de": 80.0, "fr": 70.0}, task="tatoeba"),
            result("fuse(mnli, stsb)", {"de": 71.0, "fr": 71.0}, task="tatoeba"),
        ]
    )
    assert not block.reference.chosen
    assert block.reference.scores == {"de": 70.0, "fr": 70.0}
    assert row_of(block, "fuse(mnli, stsb)").difference == pytest.approx(1.0)


def test_target_languages_choose_the_best_single_adapter_only_when_asked_and_that_is_noted(fusion_loses, tmp_path):
    asked = compare(fusion_loses, by_targets=True)
    (block,) = asked[0].blocks
    assert (block.reference.label, block.reference.by_targets) == ("stsb", True)
    usual = compare(fusion_loses)
    assert usual[0].blocks[0].reference.label == "mnli"
    sentence = "the target languages' own test rows chose"
    assert sentence in make_report(fusion_loses, by_targets=True).write(tmp_path / "asked").read_text()
    assert "own test rows chose" in (tmp_path / "asked" / "report.html").read_text()
    assert sentence not in make_report(fusion_loses).write(tmp_path / "usual").read_text()
