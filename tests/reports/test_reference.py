import pytest

from tests.reports.blocks import only_block, row_of
from xadapt.analysis.comparison import compare
from xadapt.analysis.costs import Cost, Timing
from xadapt.reports import make_report


def test_measured_times_come_to_their_setups_with_the_ratio_to_the_reference(fusion_loses, measurement):
    record = measurement({})
    timing = Timing(record.tasks["xnli"], record)
    times = {"stack(mnli, xnli)": (10.0, 20.0, 10.0), "stack(fuse(mnli, stsb), xnli)": (15.0, 30.0, 40.0)}
    (comparison,) = compare(fusion_loses, {("e5-small", "xnli"): Cost(timing, times)})
    (block,) = comparison.blocks
    assert comparison.timed == timing
    assert row_of(block, "fuse(mnli, stsb)").ratio == 1.5
    assert row_of(block, "stsb").milliseconds == ()
    assert row_of(block, "stsb").ratio is None


def test_the_reference_is_chosen_by_english_and_not_by_target_languages(fusion_loses):
    block = only_block(fusion_loses)
    assert block.reference.label == "mnli"
    assert block.reference.chosen
    assert row_of(block, "stsb").zero_shot > block.reference.zero_shot


def test_differences_are_to_the_reference(fusion_loses):
    block = only_block(fusion_loses)
    fusion = row_of(block, "fuse(mnli, stsb)")
    assert fusion.difference == pytest.approx(54.0 - 55.0)
    assert fusion.differences == {"en": 1.0, "de": 1.0, "sw": -3.0}
    assert fusion.ahead == 1
    assert row_of(block, "mnli").difference == 0.0


def test_none_can_be_the_reference_and_the_best_single_adapter_stands_beside_it(result):
    block = only_block(
        [
            result("xnli", {"en": 90.0, "de": 90.0}),
            result("stack(fuse(mnli, stsb), xnli)", {"en": 95.0, "de": 80.0}),
            result("stack(mnli, xnli)", {"en": 70.0, "de": 70.0}),
            result("stack(stsb, xnli)", {"en": 60.0, "de": 75.0}),
        ]
    )
    assert (block.reference.label, block.reference.with_none, block.single.label) == ("target only", True, "mnli")
    fusion = row_of(block, "fuse(mnli, stsb)")
    assert (fusion.difference, fusion.single_difference) == (-10.0, 10.0)


def test_where_a_single_adapter_is_the_reference_no_other_stands_beside_it(fusion_loses):
    block = only_block(fusion_loses)
    assert block.single is None
    assert {row.single_difference for row in block.rows} == {None}


def graded(result, devs, **straight):
    """Results of setups with scores on English dev rows of xnli; all are as good in the target language."""
    made = [result(setup, {"en": 50.0, "de": 50.0}, dev={"xnli": dev}) for setup, dev in devs.items()]
    return made + [result(setup, {"en": 99.0, "de": 99.0}, dev=dev) for setup, dev in straight.items()]


@pytest.mark.parametrize(
    ("devs", "label"),
    [
        ({"xnli": 50.0, "stack(mnli, xnli)": 60.0, "continue(mnli, xnli)": 61.0}, "mnli (continued)"),
        ({"xnli": 60.004, "stack(mnli, xnli)": 60.0, "continue(mnli, xnli)": 60.001}, "target only"),
        ({"xnli": 50.0, "stack(stsb, xnli)": 60.0, "continue(mnli, xnli)": 60.001}, "stsb"),
        ({"xnli": 50.0, "stack(stsb, xnli)": 60.0, "stack(mnli, xnli)": 60.0}, "mnli"),
        ({"xnli": 50.0, "stack(stsb, xnli)": 60.02, "stack(mnli, xnli)": 60.0}, "stsb"),
    ],
)
def test_of_equals_to_two_decimals_the_simpler_is_the_reference(result, devs, label):
    assert only_block(graded(result, devs)).reference.label == label


def test_a_straight_setup_is_the_reference_only_by_dev_rows_of_the_target(result):
    devs = {"xnli": 50.0, "stack(mnli, xnli)": 60.0}
    assert only_block(graded(result, devs, mnli={"mnli": 90.0})).reference.label == "mnli"
    assert only_block(graded(result, devs, stsb={"xnli": 90.0})).reference.label == "stsb (straight)"


def test_dev_scores_of_all_seeds_choose(result):
    results = [
        result(setup, {"en": 50.0, "de": 50.0}, seed=seed, dev={"xnli": dev})
        for setup, devs in {"stack(mnli, xnli)": (50.0, 70.0), "stack(stsb, xnli)": (65.0, 50.0)}.items()
        for seed, dev in enumerate(devs)
    ]
    assert only_block(results).reference.label == "mnli"


def test_a_target_adapter_on_no_single_one_leaves_the_best_straight_adapter_as_reference(result):
    setups = {"xnli": 90.0, "mnli": 70.0, "stsb": 60.0, "fuse(mnli, stsb)@xnli": 80.0}
    block = only_block([result(setup, {"en": score, "de": score}) for setup, score in setups.items()])
    assert (block.reference.label, block.reference.with_none) == ("mnli (straight)", False)


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


def test_target_languages_choose_the_reference_only_when_asked_and_that_is_noted(fusion_loses, tmp_path):
    asked = compare(fusion_loses, by_targets=True)
    (block,) = asked[0].blocks
    assert (block.reference.label, block.reference.by_targets) == ("stsb", True)
    usual = compare(fusion_loses)
    assert usual[0].blocks[0].reference.label == "mnli"
    sentence = "the target languages' own test rows chose"
    assert sentence in make_report(fusion_loses, by_targets=True).write(tmp_path / "asked").read_text()
    assert "own test rows chose" in (tmp_path / "asked" / "report.html").read_text()
    assert sentence not in make_report(fusion_loses).write(tmp_path / "usual").read_text()
