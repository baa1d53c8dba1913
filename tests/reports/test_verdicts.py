from xadapt.reports import compare
from xadapt.reports.verdicts import block_title, headline, notes, verdict


def judge(results):
    (comparison,) = compare(results)
    return verdict(comparison, comparison.blocks[0])


def test_a_losing_fusion_is_called_losing_with_the_distance(fusion_loses):
    text = judge(fusion_loses)
    assert text.startswith("**Fusion loses to the best single adapter by 1.0.**")
    assert (
        "`fuse(mnli, stsb)` reaches 54.0 zero-shot; `mnli`, the best single adapter in English, reaches 55.0." in text
    )
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
    assert "No significance is tested or claimed" in text
    assert "by 1.4 for the fusion and 1.4 for the single adapter (2 and 2 seeds)" in text


def test_of_several_fusions_the_best_in_english_is_judged(result):
    text = judge(
        [
            result("mnli", {"en": 70.0, "de": 60.0}),
            result("fuse(mnli, stsb)", {"en": 65.0, "de": 90.0}),
            result("fuse(mnli, squad)", {"en": 72.0, "de": 50.0}),
        ]
    )
    assert text.startswith("**Fusion loses to the best single adapter by 10.0.**")
    assert "`fuse(mnli, squad)` (the best in English of 2 fusions)" in text


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
    assert "no fusion" in judge([single])
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
        [result("mnli", {"en": 1.0, "de": 1.0, "fr": 1.0}, seed=1), result("stsb", {"en": 1.0, "de": 1.0}, seed=2)]
    )
    text = " ".join(notes(comparison))
    assert "fr is left out of the means: not evaluated with `stsb`." in text
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
