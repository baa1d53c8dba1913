import re

from xadapt.analysis.comparison import compare
from xadapt.reports.notes import notes
from xadapt.reports.verdicts import block_title, chosen_by, headline, survey, verdict


def judge(results, examples=None):
    (comparison,) = compare(results, None, examples)
    return verdict(comparison, comparison.blocks[0])


def test_a_losing_fusion_is_called_losing_with_the_distance(fusion_loses):
    text = judge(fusion_loses)
    assert text.startswith("**Fusion loses to the reference by 1.0.**")
    assert "`fuse(mnli, stsb)` reaches 54.0 zero-shot; `mnli`, the reference in English, reaches 55.0." in text
    assert "ahead in 1 of 2 languages" in text


def test_a_winning_fusion_is_called_winning(result):
    singles = result("mnli", {"en": 70.0, "de": 60.0})
    text = judge([singles, result("fuse(mnli, stsb)", {"en": 60.0, "de": 62.5})])
    assert text.startswith("**Fusion beats the best single adapter by 2.5.**")


def test_a_difference_that_prints_as_nothing_is_a_tie(result):
    singles = result("mnli", {"en": 70.0, "de": 60.0})
    text = judge([singles, result("fuse(mnli, stsb)", {"en": 60.0, "de": 60.04})])
    assert text.startswith("**Fusion and the best single adapter tie.**")


def test_a_single_adapter_above_the_fusion_is_mentioned_in_hindsight(fusion_loses):
    assert "In hindsight `stsb` (59.0) stands above it." in judge(fusion_loses)


def test_the_target_alone_is_mentioned(fusion_loses):
    assert "The target's adapter alone reaches 45.0." in judge(fusion_loses)


def test_one_seed_claims_no_significance(fusion_loses):
    assert "With one seed no significance is claimed." in judge(fusion_loses)


def test_several_seeds_show_their_spread_and_claim_nothing_either(result):
    results = []
    for seed, shift in ((1, 0.0), (2, 2.0)):
        results.append(result("mnli", {"en": 70.0, "de": 60.0 + shift}, seed=seed))
        results.append(result("fuse(mnli, stsb)", {"en": 70.0, "de": 63.0 - shift}, seed=seed))
    text = judge(results)
    assert "Not tested: no per-example scores (evaluate again with the same data to make them)." in text
    assert "by 1.4 for the fusion and 1.4 for what it is compared with (2 and 2 seeds)" in text


def test_a_difference_that_is_no_larger_than_its_spread_over_seeds_is_called_that(result):
    results = []
    for seed, shift in ((1, 0.0), (2, 3.0)):
        results.append(result("mnli", {"en": 70.0, "de": 60.0}, seed=seed))
        results.append(result("fuse(mnli, stsb)", {"en": 70.0, "de": 59.5 + shift}, seed=seed))
    assert "by 1.0 ± 2.1, no more than it varies over seeds" in judge(results)


def test_without_a_fusion_the_best_other_composition_in_english_is_judged(result):
    text = judge(
        [
            result("mnli", {"en": 70.0, "de": 60.0}),
            result("average(mnli, stsb)", {"en": 60.0, "de": 65.0}),
            result("mnli + stsb - squad", {"en": 65.0, "de": 58.0}),
        ]
    )
    assert text.startswith("**`mnli + stsb - squad` loses to the best single adapter by 2.0.**")
    assert "(the best in English of 2 compositions)" in text


def test_several_compositions_are_surveyed_with_the_one_that_english_would_choose(result):
    results = [
        result("mnli", {"en": 70.0, "de": 60.0}),
        result("fuse(mnli, stsb)", {"en": 60.0, "de": 61.0}),
        result("average(mnli, stsb)", {"en": 65.0, "de": 62.5}),
        result("ensemble(mnli, stsb)", {"en": 69.0, "de": 59.0}),
    ]
    ((block,),) = (comparison.blocks for comparison in compare(results))
    assert survey(block) == (
        "Of 3 compositions 2 stand above the best single adapter: `average(mnli, stsb)` (+2.5), `fuse(mnli, stsb)` "
        "(+1.0). Chosen by English among them: `ensemble(mnli, stsb)` (−1.0)."
    )


def test_one_composition_needs_no_survey(fusion_loses):
    assert survey(compare(fusion_loses)[0].blocks[0]) == ""


def test_a_member_that_is_not_one_checkpoint_in_all_setups_is_noted(result):
    results = [
        result(setup, {"en": 1.0}, decides={"members": {"mnli": run}})
        for setup, run in (("mnli", "a"), ("stack(mnli, squad)", "b"))
    ]
    assert any("Not the same checkpoint" in note and "`mnli`" in note for note in notes(compare(results)[0]))


def test_of_several_fusions_the_best_in_english_is_judged(result):
    text = judge(
        [
            result("mnli", {"en": 70.0, "de": 60.0}),
            result("fuse(mnli, stsb)", {"en": 65.0, "de": 90.0}),
            result("fuse(mnli, squad)", {"en": 72.0, "de": 50.0}),
        ]
    )
    assert text.startswith("**Fusion loses to the best single adapter by 10.0.**")
    assert "`fuse(mnli, squad)` (the best in English of 2 compositions)" in text


def test_a_fusion_with_a_negative_english_score_is_still_ranked_before_one_without(result):
    results = [
        result("stsb", {"en": 10.0, "de": 10.0}, metric="spearman"),
        result("fuse(a, b)", {"de": 90.0}, metric="spearman"),
        result("fuse(mnli, stsb)", {"en": -5.0, "de": 5.0}, metric="spearman"),
    ]
    assert "`fuse(mnli, stsb)` (the best in English" in judge(results)


def test_without_singles_fusion_or_target_languages_there_is_no_verdict(result):
    fusion, single = result("fuse(mnli, stsb)", {"en": 1.0}), result("mnli", {"en": 1.0})
    assert "no single adapter" in judge([fusion])
    assert "no composition" in judge([single])
    assert "no target language" in judge([fusion, single])


def test_without_english_the_verdict_is_about_the_average_single_adapter(result):
    singles = [result("mnli", {"de": 60.0}), result("stsb", {"de": 58.0})]
    (comparison,) = compare([*singles, result("fuse(mnli, stsb)", {"de": 61.0})])
    assert headline(comparison.blocks[0]) == "Fusion beats the average single adapter by 2.0"
    assert any("No English score exists" in note for note in notes(comparison))


def test_bundled_data_is_called_a_demonstration_and_never_a_benchmark(result):
    (comparison,) = compare([result("mnli", {"en": 1.0}, data="bundled")])
    assert any("demonstration" in note and "never a benchmark" in note for note in notes(comparison))


def test_a_limit_or_a_sample_or_a_mirror_is_noted(result):
    limited, sampled, mirrored, full = (
        " ".join(notes(compare([result("mnli", {"en": 1.0, "de": 1.0}, **other)])[0]))
        for other in ({"limit": 300}, {"details": {"sample": True}}, {"data": "/some/rows"}, {})
    )
    assert "A sample: at most 300 rows" in limited
    assert "A sample: the data holds only a part" in sampled
    assert "mirror, which may hold only a part" in mirrored
    assert full == ""


def test_small_n_is_noted_with_the_standard_error_of_an_accuracy(result):
    (comparison,) = compare([result("mnli", {"en": 50.0, "de": 50.0}, n=100)])
    assert notes(comparison) == [
        "Small N: 100 rows per language. The standard error of one language's score is about 5.0 points."
    ]


def test_languages_left_out_and_unlike_seeds_are_noted(result):
    (comparison,) = compare(
        [
            result("mnli", {"en": 1.0, "de": 1.0, "fr": 1.0, "sw": 1.0}, seed=1),
            result("stsb", {"en": 1.0, "de": 1.0}, seed=2),
        ]
    )
    text = " ".join(notes(comparison))
    assert "fr, sw are left out of the means: not evaluated with `stsb`." in text
    assert "different seeds" in text


def test_a_retrieval_block_is_titled_by_its_layer(result):
    (comparison,) = compare([result("mnli", {"de": 1.0}, details={"layer": 8, "pooling": "mean"})])
    assert block_title(comparison.blocks[0]) == "Layer 8, mean pooling"


def test_without_english_one_single_adapter_is_no_average(result):
    results = [
        result("stack(mnli, xnli)", {"de": 60.0}),
        result("stack(fuse(mnli, stsb), xnli)", {"de": 61.0}),
    ]
    (comparison,) = compare(results)
    assert headline(comparison.blocks[0]) == "Fusion beats the only single adapter by 1.0"


def test_a_significant_loss_is_called_one_with_its_interval(tested_fusion, tmp_path):
    text = judge(tested_fusion, tmp_path / "examples")
    assert re.match(
        r"\*\*Fusion significantly loses to the best single adapter, by \d+\.\d "
        r"\(95 % interval −\d+\.\d to −\d+\.\d, p = 0\.0\d\d\)\.\*\*",
        text,
    )
    assert "over 3 seeds and 600 rows, p adjusted by Holm over the 3 setups tested" in text
    assert re.search(r"; by the seeds alone p [=<] [0-9.]+\.", text)
    assert "significantly above in 0 and below in 2 (Holm over the languages)" in text
    assert "Not tested" not in text


def test_a_difference_that_is_not_significant_is_called_that(measured, tmp_path):
    shares = {"mnli": 0.5, "fuse(mnli, stsb)": 0.51}
    results = [measured(setup, {"en": 0.6, "de": shares[setup]}, seed) for setup in shares for seed in (1, 2, 3)]
    text = judge(results, tmp_path / "examples")
    assert re.match(
        r"\*\*Fusion is (above|below) the best single adapter by \d\.\d, not significantly \(95 % interval −", text
    )


def test_one_seed_is_the_reason_for_no_test(measured, tmp_path):
    results = [measured("mnli", {"en": 0.6, "de": 0.5}), measured("fuse(mnli, stsb)", {"en": 0.6, "de": 0.2})]
    assert "Not tested: there is one seed, which says nothing of others" in judge(results, tmp_path / "examples")


def test_beside_the_reference_the_best_single_adapter_is_compared_with(result):
    results = [
        result("xnli", {"en": 75.0, "de": 65.0}),
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}),
        result("stack(fuse(mnli, stsb), xnli)", {"en": 70.0, "de": 62.0}),
    ]
    text = judge(results)
    assert text.startswith("**Fusion loses to the reference by 3.0.**")
    assert "To the best single adapter, `mnli`, it is +2.0 (not tested)." in text
    assert "The target's adapter alone" not in text, "it is the reference, which is named already"


def test_a_survey_says_how_many_compositions_are_significantly_apart(tested_fusion, tmp_path):
    ((block,),) = (comparison.blocks for comparison in compare(tested_fusion, None, tmp_path / "examples"))
    assert "Significantly above it: none; significantly below: 1." in survey(block)


def test_the_reason_for_no_test_is_given(tested_fusion, tmp_path):
    reason = "Not tested: no per-example scores (evaluate again with the same data to make them)."
    assert reason in judge(tested_fusion, tmp_path / "nothing")
    assert reason in judge(tested_fusion)
    singles = [one.model_copy(update={"languages": {"de": one.languages["de"]}}) for one in tested_fusion]
    assert "Not tested: there is no English score that would choose" in judge(singles, tmp_path / "examples")


def test_the_single_adapter_is_chosen_on_dev_rows_if_all_have_them(result):
    results = [
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}, dev={"xnli": 50.0}),
        result("stack(stsb, xnli)", {"en": 60.0, "de": 58.0}, dev={"xnli": 55.0}),
        result("stack(fuse(mnli, stsb), xnli)", {"en": 60.0, "de": 61.0}),
    ]
    ((block,),) = (comparison.blocks for comparison in compare(results))
    assert (block.reference.label, block.reference.by_dev) == ("stsb", True)
    assert "`stsb`, the best single adapter on English dev rows, reaches 58.0" in judge(results)
    assert chosen_by(block).endswith("the best single adapter is `stsb`, by 55.0 on English dev rows of xnli.")


def test_dev_scores_that_some_lack_or_that_are_of_unlike_tasks_choose_nothing(result):
    for dev in ({}, {"stsb": 90.0}):
        results = [
            result("mnli", {"en": 70.0, "de": 60.0}, dev={"mnli": 50.0}),
            result("stsb", {"en": 60.0, "de": 58.0}, dev=dev),
        ]
        ((block,),) = (comparison.blocks for comparison in compare(results))
        assert (block.reference.label, block.reference.by_dev) == ("mnli", False)
        assert chosen_by(block).endswith("the best single adapter is `mnli`, by 70.0 on English test rows.")


def test_of_several_fusions_english_dev_rows_choose_if_all_have_them(result):
    results = [
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}, dev={"xnli": 60.0}),
        result("stack(fuse(mnli, stsb), xnli)", {"en": 70.0, "de": 61.0}, dev={"xnli": 50.0}),
        result("stack(fuse(mnli, squad), xnli)", {"en": 60.0, "de": 62.0}, dev={"xnli": 55.0}),
    ]
    assert "`fuse(mnli, squad)` (the best in English of 2 compositions)" in judge(results)


def test_dev_scores_are_means_over_seeds(result):
    results = [
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0}, seed=seed, dev={"xnli": score})
        for seed, score in ((1, 50.0), (2, 60.0))
    ]
    ((block,),) = (comparison.blocks for comparison in compare(results))
    assert block.rows[0].dev == 55.0


def test_setups_that_learnt_from_unlabelled_text_are_named(result):
    setups = ("mnli", "distill(mnli)@xnli", "stack(distill(mnli, unlabelled=50)@xnli, xnli)")
    (comparison,) = compare([result(setup, {"en": 60.0, "de": 50.0}) for setup in setups])
    (note,) = (note for note in notes(comparison) if "without its labels" in note)
    assert "unlabelled=50" in note
    assert "`distill(mnli)@xnli`" not in note
