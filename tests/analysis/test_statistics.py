import json

import numpy as np
import pytest

from tests.made_up_results import run_of
from tests.stored_records import change_record
from xadapt.analysis.comparison import compare
from xadapt.analysis.statistics import paired_runs
from xadapt.analysis.tested import Untested


def rows_of(results, examples):
    ((block,),) = (comparison.blocks for comparison in compare(results, None, examples))
    return {row.label: row for row in block.rows}


def rewrite(folder, **change):
    for path in folder.glob("*.json"):
        change_record(path, **change)


def test_damaged_scores_of_examples_are_named_and_the_rest_is_tested(tested_fusion, tmp_path):
    run = next(result.run for result in tested_fusion if "fuse" in result.setup)
    (tmp_path / "examples" / run / "de.json").write_text("{")
    rows = rows_of(tested_fusion, tmp_path / "examples")
    fused, average = (next(row for label, row in rows.items() if word in label) for word in ("fuse", "average"))
    assert fused.untested is Untested.DAMAGED
    assert average.untested is None


def test_a_true_difference_is_significant_and_none_is_not(tested_fusion, tmp_path):
    rows = rows_of(tested_fusion, tmp_path / "examples")
    fusion, average = rows["fuse(mnli, stsb)"], rows["average(mnli, stsb)"]
    assert fusion.tested.significant
    assert fusion.tested.low < fusion.tested.difference < fusion.tested.high < 0
    assert fusion.tested.p_value >= fusion.tested.seed_p_value
    assert not average.tested.significant
    assert average.tested.low < 0 < average.tested.high
    assert (fusion.tested.seeds, fusion.tested.examples) == (3, 600)
    assert rows["mnli"].tested is None


def test_the_tested_difference_is_the_one_in_the_table(tested_fusion, tmp_path):
    for row in rows_of(tested_fusion, tmp_path / "examples").values():
        if row.label != "mnli":
            assert row.tested.difference == pytest.approx(row.difference)
            assert {code: test.difference for code, test in row.tests.items()} == pytest.approx(dict(row.differences))


def test_languages_are_tested_and_counted_without_english(tested_fusion, tmp_path):
    fusion = rows_of(tested_fusion, tmp_path / "examples")["fuse(mnli, stsb)"]
    assert {code for code, test in fusion.tests.items() if test.significant} == {"de", "nl"}
    assert set(fusion.tests) == {"en", "de", "nl", "sw"}
    tally = fusion.tally
    assert (tally.significantly_better, tally.significantly_worse) == (0, 2)
    assert tally.worse >= 2
    assert tally.better + tally.worse <= 3


def test_p_values_are_adjusted_over_languages_and_over_setups(tested_fusion, tmp_path):
    rows = rows_of(tested_fusion, tmp_path / "examples")
    tests = rows["fuse(mnli, stsb)"].tests
    smallest = min(("de", "nl", "sw"), key=lambda code: tests[code].p_value)
    assert tests[smallest].adjusted == pytest.approx(3 * tests[smallest].p_value)
    assert tests["en"].adjusted == tests["en"].p_value
    means = [row.tested for row in rows.values() if row.tested]
    assert len(means) == 3
    assert min(test.adjusted for test in means) == pytest.approx(3 * min(test.p_value for test in means))


def test_the_effect_is_the_difference_over_the_noise_of_seeds(tested_fusion, tmp_path):
    fusion = rows_of(tested_fusion, tmp_path / "examples")["fuse(mnli, stsb)"]
    scores = {
        (result.setup, result.seed): [result.languages[code].score for code in ("de", "nl", "sw")]
        for result in tested_fusion
    }
    differences = np.array(
        [
            np.subtract(scores["stack(fuse(mnli, stsb), xnli)", seed], scores["stack(mnli, xnli)", seed])
            for seed in (1, 2, 3)
        ]
    )
    noise = np.sqrt(differences.var(axis=0, ddof=1).mean())
    assert fusion.effect == pytest.approx(differences.mean() / noise)


def test_without_examples_nothing_is_tested_and_the_reason_is_given(tested_fusion, tmp_path):
    row = rows_of(tested_fusion, tmp_path / "nothing")["fuse(mnli, stsb)"]
    assert (row.tested, row.tests, row.tally) == (None, {}, None)
    assert row.untested is Untested.NO_EXAMPLES


def alike(measured, setups, shares, seeds=(1, 2)):
    return [measured(setup, shares, seed) for seed in seeds for setup in setups]


def test_other_rows_are_not_compared(measured, tmp_path):
    results = alike(measured, ["mnli", "fuse(mnli, stsb)"], {"en": 0.6, "de": 0.5})
    languages = {code: one.model_copy(update={"rows": "others"}) for code, one in results[1].languages.items()}
    results[1] = results[1].model_copy(update={"languages": languages})
    rewrite(tmp_path / "examples" / results[1].run, rows="others")
    row = rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"]
    assert row.tested is None
    assert row.untested is Untested.OTHER_ROWS


@pytest.mark.parametrize("change", [{"rows": "older"}, {"score": "f1"}])
def test_examples_of_rows_or_scores_that_the_result_does_not_have_are_left_alone(measured, tmp_path, change):
    results = alike(measured, ["mnli", "fuse(mnli, stsb)"], {"en": 0.6, "de": 0.5})
    rewrite(tmp_path / "examples" / results[1].run, **change)
    assert rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"].tested is None


def test_one_seed_tests_nothing_and_is_the_reason(measured, tmp_path):
    results = alike(measured, ["mnli", "fuse(mnli, stsb)"], {"en": 0.6, "de": 0.2}, seeds=(1,))
    row = rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"]
    assert (row.tested, row.tests, row.effect) == (None, {}, None)
    assert row.untested is Untested.ONE_SEED


def test_rows_of_one_paragraph_are_left_out_together(measured, tmp_path):
    results = alike(measured, ["mnli", "fuse(mnli, stsb)"], {"en": 0.6, "de": 0.5}, seeds=(1, 2, 3))
    alone = rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"].tested
    for result in results:
        rewrite(tmp_path / "examples" / result.run, groups=[number % 2 for number in range(200)])
    together = rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"].tested
    assert together.difference == alone.difference
    assert together.p_value != alone.p_value
    for result in results:
        rewrite(tmp_path / "examples" / result.run, groups=[0] * 200)
    assert rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"].untested is Untested.FEW_ROWS


def test_where_none_is_the_reference_the_best_single_adapter_is_tested_beside_it(measured, tmp_path):
    shares = {"xnli": 0.7, "stack(mnli, xnli)": 0.4, "stack(stsb, xnli)": 0.3, "stack(fuse(mnli, stsb), xnli)": 0.69}
    results = [
        measured(setup, {"en": share, "de": share, "sw": share - 0.05}, seed)
        for seed in (1, 2, 3)
        for setup, share in shares.items()
    ]
    rows = rows_of(results, tmp_path / "examples")
    fusion = rows["fuse(mnli, stsb)"]
    assert not fusion.tested.significant
    assert fusion.single_tested.significant
    assert (
        fusion.single_tested.difference
        == pytest.approx(fusion.single_difference)
        == pytest.approx(fusion.zero_shot - rows["mnli"].zero_shot)
    )
    assert rows["target only"].single_tested.difference == pytest.approx(-rows["mnli"].difference)
    assert (rows["target only"].tested, rows["mnli"].single_tested) == (None, None)
    # As if the single adapter had been the reference.
    without = [one for one in results if one.setup != "xnli"]
    direct = rows_of(without, tmp_path / "examples")["fuse(mnli, stsb)"].tested
    assert fusion.single_tested.p_value == pytest.approx(direct.p_value)
    assert (fusion.single_tested.low, fusion.single_tested.high) == pytest.approx((direct.low, direct.high))


def used(*members):
    return {"members": dict(members)}


def test_a_checkpoint_that_all_seeds_use_counts_for_each_of_them(measured, tmp_path):
    single = measured("mnli", {"en": 0.6, "de": 0.5}, 42, decides=used(("mnli", "a")))
    fusions = [
        measured("fuse(mnli, stsb)", {"en": 0.6, "de": 0.5}, seed, decides=used(("mnli", made), ("fusion", f"{seed}")))
        for seed, made in ((42, "a"), (43, "a"))
    ]
    assert rows_of([single, *fusions], tmp_path / "examples")["fuse(mnli, stsb)"].tested.seeds == 2


def test_a_checkpoint_of_one_seed_only_counts_for_no_other(measured, tmp_path):
    single = measured("mnli", {"en": 0.6, "de": 0.5}, 42, decides=used(("mnli", "a")))
    fusions = [
        measured("fuse(mnli, stsb)", {"en": 0.6, "de": 0.5}, seed, decides=used(("mnli", made)))
        for seed, made in ((42, "a"), (43, "b"))
    ]
    row = rows_of([single, *fusions], tmp_path / "examples")["fuse(mnli, stsb)"]
    assert row.tested is None
    assert row.untested is Untested.NO_PAIRS


def test_of_several_seeds_those_that_both_have_are_paired(measured, tmp_path):
    results = [measured("mnli", {"en": 0.6, "de": 0.5}, seed) for seed in (1, 2, 3)]
    results += [measured("fuse(mnli, stsb)", {"en": 0.6, "de": 0.5}, seed) for seed in (2, 3, 4)]
    rows = rows_of(results, tmp_path / "examples")
    fusion, single = rows["fuse(mnli, stsb)"], rows["mnli"]
    assert [(one.seed, other.seed) for one, other in paired_runs(fusion, single)] == [(2, 2), (3, 3)]
    assert fusion.tested.seeds == 2


@pytest.mark.parametrize(
    ("kind", "metric", "better", "worse"),
    [
        ("spearman", "spearman", [[float(n), float(n)] for n in range(40)], [[n * 7 % 40, n] for n in range(40)]),
        ("micro_f1", "f1", [[2, 2, 2]] * 40, [[1, 2, 2]] * 20 + [[0, 2, 2]] * 20),
    ],
)
def test_scores_that_are_no_means_are_tested_too(result, tmp_path, kind, metric, better, worse):
    results = []
    for setup, values, score, seed in (
        (*one, seed) for one in (("mnli", better, 100.0), ("fuse(mnli, stsb)", worse, 20.0)) for seed in (1, 2)
    ):
        run = run_of(f"{setup} {seed}")
        made = result(setup, {"en": score, "de": score}, 40, metric=metric, run=run, seed=seed)
        for code in made.languages:
            path = tmp_path / run / f"{code}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({"kind": kind, "score": metric, "rows": "same", "values": values}))
        languages = {code: one.model_copy(update={"rows": "same"}) for code, one in made.languages.items()}
        made = made.model_copy(update={"languages": languages})
        results.append(made)
    row = rows_of(results, tmp_path)["fuse(mnli, stsb)"]
    assert row.tested.significant
    assert row.tested.difference < -50


def test_pairs_with_english_are_read_under_their_own_name(measured, tmp_path):
    shares = {"en-en": 0.6, "en-de": 0.5}
    results = alike(measured, ["mnli", "fuse(mnli, stsb)"], shares)
    assert "en" in rows_of(results, tmp_path / "examples")["fuse(mnli, stsb)"].tests


def test_without_an_english_choice_there_is_a_reason_why_nothing_is_tested(measured, tmp_path):
    results = [measured(setup, {"de": 0.5}) for setup in ("mnli", "stsb", "fuse(mnli, stsb)")]
    (comparison,) = compare(results, None, tmp_path / "examples")
    assert comparison.blocks[0].reference.chosen is False
    assert {row.untested for row in comparison.blocks[0].rows} == {Untested.NO_CHOICE}
