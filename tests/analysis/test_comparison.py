from statistics import stdev

import pytest

from tests.made_up_results import run_of
from tests.reports.blocks import only_block, row_of
from xadapt.analysis.comparison import compare
from xadapt.analysis.costs import Cost
from xadapt.reports.verdicts import block_title


def test_a_row_has_english_zero_shot_gap_spread_and_size(result):
    row = only_block([result("mnli", {"en": 70.0, "de": 60.0, "sw": 50.0}, n=100)]).rows[0]
    assert (row.english, row.zero_shot, row.gap, row.language_spread) == (70.0, 55.0, 15.0, 5.0)
    assert row.total == 300
    assert row.seed_spread is None


def test_seeds_are_averaged_and_their_spread_is_that_of_the_zero_shot_means(result):
    scores = [{"en": 70.0, "de": 60.0, "sw": 50.0}, {"en": 72.0, "de": 62.0, "sw": 56.0}]
    row = only_block([result("mnli", each, seed=seed) for seed, each in enumerate(scores)]).rows[0]
    assert row.seeds == (0, 1)
    assert row.scores == {"en": 71.0, "de": 61.0, "sw": 53.0}
    assert row.zero_shot == 57.0
    assert row.seed_spread == pytest.approx(stdev([55.0, 59.0]))
    assert row.total == 6000


def test_every_language_has_its_spread_over_seeds(result):
    scores = [{"en": 70.0, "de": 60.0}, {"en": 72.0, "de": 66.0}]
    row = only_block([result("mnli", each, seed=seed) for seed, each in enumerate(scores)]).rows[0]
    assert row.spreads == pytest.approx({"en": stdev([70.0, 72.0]), "de": stdev([60.0, 66.0])})
    assert only_block([result("mnli", scores[0])]).rows[0].spreads == {}


def test_a_difference_spreads_over_pairs_of_runs_of_one_seed(result):
    results = [result("mnli", {"en": 70.0, "de": 60.0 + seed}, seed=seed) for seed in range(3)]
    results += [result("stsb", {"en": 60.0, "de": 58.0 + seed}, seed=seed) for seed in range(3)]
    results += [result("fuse(mnli, stsb)", {"en": 60.0, "de": 61.0 - seed}, seed=seed) for seed in range(3)]
    block = only_block(results)
    fusion, stsb, best = (row_of(block, label) for label in ("fuse(mnli, stsb)", "stsb", "mnli"))
    assert (fusion.difference, fusion.difference_spread) == (pytest.approx(-1.0), pytest.approx(stdev([1, -1, -3])))
    assert (stsb.difference, stsb.difference_spread) == (-2.0, 0.0)
    assert best.difference_spread is None


def test_a_difference_between_other_seeds_has_no_spread(result):
    results = [result("mnli", {"en": 70.0, "de": 60.0 + seed}, seed=seed) for seed in (1, 2)]
    results += [result("stsb", {"en": 60.0, "de": 60.0 + seed}, seed=seed) for seed in (1, 3)]
    row = row_of(only_block(results), "stsb")
    assert row.seed_spread is not None
    assert row.difference_spread is None


def made_of(runs):
    return {"decides": {"members": runs}}


@pytest.mark.parametrize(
    ("runs", "rows"), [("aaa", 1), ("abc", 1), ("aab", 3)], ids=["one for all", "one for each", "mixed"]
)
def test_seeds_are_averaged_only_if_a_member_is_one_checkpoint_for_all_or_another_for_each(result, runs, rows):
    results = [
        result("stack(mnli, xnli)", {"en": 1.0 + seed}, seed=seed, run=f"run-{seed}", **made_of({"mnli": runs[seed]}))
        for seed in range(3)
    ]
    assert len(only_block(results).rows) == rows


def test_a_member_that_is_another_checkpoint_in_another_setup_is_named(result):
    one, other, same = (
        result(setup, {"en": 1.0}, seed=seed, **made_of({"mnli": run, "squad": "s"}))
        for setup, seed, run in (("mnli", 1, "a"), ("stack(mnli, squad)", 1, "b"), ("average(mnli, squad)", 2, "b"))
    )
    assert compare([one, other])[0].unlike == ("mnli",)
    assert compare([one, same])[0].unlike == ()


def test_stored_bytes_are_two_a_parameter_of_adapters_and_heads(result):
    old = result("mnli", {"en": 1.0}, seed=1, parameters=1000)
    new = result("mnli", {"en": 1.0}, seed=2, parameters=1000, head_parameters=10)
    assert only_block([old, new]).rows[0].stored_bytes == 2020
    assert only_block([old]).rows[0].stored_bytes is None


def test_times_of_another_base_or_task_are_not_taken(fusion_loses):
    times = {"stack(mnli, xnli)": (10.0,)}
    (comparison,) = compare(
        fusion_loses, {("xlmr", "xnli"): Cost(None, times), ("e5-small", "pawsx"): Cost(None, times)}
    )
    assert comparison.timed is None
    assert row_of(comparison.blocks[0], "mnli").milliseconds == ()


def test_straight_stacked_and_continued_setups_are_compared_under_names_of_their_own(result):
    setups = {"mnli": 50.0, "fuse(mnli, stsb)": 60.0, "stack(mnli, xnli)": 70.0, "continue(mnli, xnli)": 65.0}
    block = only_block([result(setup, {"en": score, "de": score}) for setup, score in setups.items()])
    assert {row.label: row.difference for row in block.rows} == {
        "mnli": 0.0,
        "mnli (continued)": -5.0,
        "mnli (straight)": -20.0,
        "fuse(mnli, stsb) (straight)": -10.0,
    }
    assert block_title(block) == "Trained on the target's English rows, or straight"


def test_where_nothing_was_trained_on_the_target_nothing_is_called_straight(result):
    block = only_block([result(setup, {"en": 1.0, "de": 1.0}) for setup in ("none", "mnli")])
    assert [row.label for row in block.rows] == ["none", "mnli"]
    assert not block.with_target


def test_a_target_adapter_learnt_from_another_task_is_taken_off_as_the_targets_own_is(result):
    setups = {"xnli": 40.0, "stack(stsb, xnli)": 50.0, "stack(fuse(stsb, squad), xnli)": 60.0}
    block = only_block(
        [result(setup, {"en": score, "de": score}, task="lingnli", target="xnli") for setup, score in setups.items()]
    )
    assert {row.label: row.family for row in block.rows} == {
        "target only": "none",
        "stsb": "single",
        "fuse(squad, stsb)": "fuse",
    }
    assert block_title(block) == "Trained on English rows of xnli, not of the target"


def test_zero_shot_means_cover_only_languages_all_setups_have(result):
    (comparison,) = compare(
        [
            result("mnli", {"en": 70.0, "de": 60.0, "sw": 10.0}),
            result("stsb", {"en": 60.0, "de": 50.0, "fr": 90.0}),
        ]
    )
    assert comparison.languages == ("de",)
    assert comparison.left_out == {"fr": ("mnli",), "sw": ("stsb",)}
    assert [row.zero_shot for row in comparison.blocks[0].rows] == [60.0, 50.0]


def test_languages_are_common_to_both_blocks_even_where_setups_share_a_short_name(result):
    (comparison,) = compare(
        [result("mnli", {"en": 1.0, "de": 1.0}), result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0, "fr": 1.0})]
    )
    assert comparison.languages == ("de",)
    assert comparison.left_out == {"fr": ("mnli",)}


def test_a_setup_scored_in_english_alone_takes_no_language_from_the_others(result):
    (comparison,) = compare([result("mnli", {"en": 70.0}), result("stsb", {"en": 60.0, "de": 50.0})])
    assert comparison.languages == ("de",)
    assert row_of(comparison.blocks[0], "mnli").zero_shot is None


@pytest.mark.parametrize("key", ["task", "base", "data", "limit"])
def test_results_that_differ_in_what_was_measured_are_never_compared(result, key):
    other = {"task": "pawsx", "base": "xlmr", "data": "bundled", "limit": 100}[key]
    results = [result("mnli", {"en": 1.0}), result("mnli", {"en": 2.0}, **{key: other})]
    assert [len(comparison.blocks[0].rows) for comparison in compare(results)] == [1, 1]


def test_retrieval_at_another_layer_is_a_block_of_its_own_in_the_order_of_layers(result):
    results = [
        result("mnli", {"de": float(layer)}, task="tatoeba", details={"layer": layer, "pooling": "mean"})
        for layer in (12, 8)
    ]
    (comparison,) = compare(results)
    assert [block.variant for block in comparison.blocks] == ["layer 8, mean pooling", "layer 12, mean pooling"]


def test_a_setup_written_in_another_order_is_the_same_setup(result):
    block = only_block([result("fuse(a, b)", {"en": 1.0}, seed=1), result("fuse(b, a)", {"en": 3.0}, seed=2)])
    assert [(row.label, row.english) for row in block.rows] == [("fuse(a, b)", 2.0)]


def test_the_same_run_twice_counts_once(result):
    (row,) = only_block([result("mnli", {"en": 1.0}), result("mnli", {"en": 1.0})]).rows
    assert row.seeds == (42,)


def test_two_runs_of_one_seed_are_two_rows_and_no_average(result):
    block = only_block([result("mnli", {"en": 60.0}, run="aaaaaaaaaa"), result("mnli", {"en": 80.0}, run="bbbbbbbbbb")])
    assert {row.label: row.english for row in block.rows} == {"mnli, run aaaaaaaa": 60.0, "mnli, run bbbbbbbb": 80.0}


def test_two_heads_on_one_setup_are_two_rows(result):
    block = only_block([result("mnli", {"en": 60.0}, head="mnli"), result("mnli", {"en": 80.0}, head="rte", run="r")])
    assert {row.label: row.english for row in block.rows} == {"mnli, head mnli": 60.0, "mnli, head rte": 80.0}


def test_a_continued_adapter_and_a_stacked_one_have_names_of_their_own(result):
    block = only_block([result("stack(mnli, xnli)", {"en": 2.0}), result("continue(mnli, xnli)", {"en": 1.0})])
    assert [row.label for row in block.rows] == ["mnli", "mnli (continued)"]


def test_setups_that_share_a_short_name_go_by_their_whole_one(result):
    setups = ["average(continue(a, xnli), continue(b, xnli))", "continue(average(a, b), xnli)"]
    assert {row.label for row in only_block([result(setup, {"en": 1.0}) for setup in setups]).rows} == set(setups)


def test_other_scores_are_averaged_over_the_same_languages(result):
    exact = {"exact_match": {"en": 50.0, "de": 40.0, "fr": 20.0}}
    found = result("squad", {"en": 60.0, "de": 50.0, "fr": 40.0}, metric="f1", task="xquad", others=exact)
    assert only_block([found]).rows[0].others == {"exact_match": 30.0}


def test_languages_scored_on_different_numbers_of_rows_are_named(result):
    (comparison,) = compare([result("mnli", {"en": 1.0}, n=100), result("stsb", {"en": 1.0}, n=90)])
    assert comparison.uneven == ("en",)
    assert comparison.counts == {"en": 90}


def test_no_results_are_no_comparisons():
    assert compare([]) == []


def test_a_threshold_is_no_score_beside_the_others(result):
    others = {"fixed_f1": {"de": 40.0, "fr": 40.0}, "threshold": {"de": 1.07, "fr": 1.07}}
    mined = result("none", {"de": 50.0, "fr": 70.0}, task="bucc", kind="mining", metric="f1", others=others)
    (row,) = only_block([mined]).rows
    assert row.others == {"fixed_f1": 40.0}


def test_english_beside_itself_is_english_where_languages_are_pairs(result):
    pairs = result("stsb", {"en-en": 80.0, "en-de": 70.0, "ko-ko": 60.0}, task="sts17", metric="spearman")
    (row,) = only_block([pairs]).rows
    assert (row.english, row.zero_shot) == (80.0, 65.0)


def test_ways_that_a_recipe_names_are_lines_of_their_own(result):
    named = [
        result("mnli", {"en": score, "de": score - 5}, named=name, seed=seed, run=run_of(f"{name}{seed}"))
        for name, score in (("all layers", 60.0), ("upper half", 55.0))
        for seed in (1, 2)
    ]
    (comparison,) = compare(named)
    (block,) = comparison.blocks
    assert [(row.label, row.seeds) for row in block.rows] == [
        ("mnli, all layers", (1, 2)),
        ("mnli, upper half", (1, 2)),
    ]
    assert block.rows[1].difference == pytest.approx(-5.0)
