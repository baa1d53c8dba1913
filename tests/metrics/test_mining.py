import pytest

from tests.error_checks import refused
from xadapt.metrics import compute

GOLD = [("s1", "t1"), ("s2", "t2"), ("s3", "t3")]


def test_pairs_are_scored_at_the_threshold_with_the_best_f1():
    mined = [(0.9, "s1", "t1"), (0.8, "s2", "t2"), (0.7, "s9", "t9"), (0.6, "s3", "t3"), (0.2, "s8", "t8")]
    # F1 with the first one, two, ...: 1/2, 4/5, 2/3, 6/7, 3/4; the threshold lies between the fourth and the fifth.
    scores = compute("mining", mined, GOLD)
    assert scores["threshold"] == pytest.approx(0.4)
    assert scores["f1"] == pytest.approx(600 / 7)
    assert scores["precision"] == pytest.approx(75.0)
    assert scores["recall"] == pytest.approx(100.0)


def test_the_order_of_candidates_with_different_scores_does_not_matter():
    mined = [(0.2, "s8", "t8"), (0.9, "s1", "t1"), (0.5, "s9", "t9"), (0.8, "s2", "t2")]
    assert compute("mining", mined, GOLD) == compute("mining", mined[::-1], GOLD)


def test_the_fixed_threshold_needs_no_gold_pairs_and_takes_what_equals_it():
    mined = [(1.5, "s1", "t1"), (1.06, "s2", "t2"), (1.05, "s3", "t3"), (1.2, "s9", "t9")]
    scores = compute("mining", mined, GOLD)
    assert {key: scores[f"fixed_{key}"] for key in ("f1", "precision", "recall")} == pytest.approx(
        {"f1": 200 / 3, "precision": 200 / 3, "recall": 200 / 3}
    )


def test_a_best_threshold_between_equal_scores_takes_all_of_them_as_officially():
    # With the first two candidates F1 is 1, but the third has the second's score.
    scores = compute("mining", [(0.9, "s1", "t1"), (0.5, "s2", "t2"), (0.5, "s9", "t9")], GOLD[:2])
    assert scores["threshold"] == 0.5
    assert scores["f1"] == pytest.approx(80.0)
    assert scores["precision"] == pytest.approx(200 / 3)


def test_the_first_of_equally_good_thresholds_is_taken():
    # F1 is 2/3 with one candidate, 1/2 with two, 2/5 with three, 2/3 with four of gold two.
    mined = [(0.9, "s1", "t1"), (0.8, "s8", "t8"), (0.7, "s9", "t9"), (0.6, "s2", "t2"), (0.1, "s7", "t7")]
    assert compute("mining", mined, GOLD[:2])["threshold"] == pytest.approx(0.85)


def test_where_every_candidate_is_taken_the_threshold_is_the_lowest_score():
    scores = compute("mining", [(0.9, "s1", "t1"), (0.6, "s2", "t2")], GOLD[:2])
    assert (scores["threshold"], scores["f1"]) == (0.6, 100.0)


@pytest.mark.parametrize("mined", [[], [(0.9, "s1", "t2")]])
def test_where_nothing_right_is_mined_everything_is_zero(mined):
    assert set(compute("mining", mined, GOLD).values()) == {0.0}


def test_a_pair_mined_twice_counts_once_with_its_higher_score():
    mined = [(0.3, "s1", "t1"), (0.5, "s9", "t9"), (0.9, "s1", "t1")]
    scores = compute("mining", mined, GOLD[:1])
    assert (scores["threshold"], scores["f1"]) == (pytest.approx(0.7), 100.0)


def test_a_gold_pair_given_twice_counts_once():
    assert compute("mining", [(0.9, "s1", "t1")], [GOLD[0], GOLD[0]])["recall"] == 100.0


def test_a_source_may_have_several_targets():
    scores = compute("mining", [(0.9, "s1", "t1"), (0.8, "s1", "t2")], [("s1", "t1"), ("s1", "t2")])
    assert scores["f1"] == 100.0


def test_ids_may_be_numbers():
    assert compute("mining", [(0.9, 1, "7")], [["1", 7]])["f1"] == 100.0


def test_scores_that_differ_beyond_single_precision_are_no_tie():
    mined = [(1.0 + 2e-12, "s1", "t1"), (1.0, "s9", "t9")]
    assert compute("mining", mined, GOLD[:1])["f1"] == 100.0


@pytest.mark.parametrize(
    ("mined", "gold", "subjects"),
    [
        ([("s1", "t1")], GOLD, ("prediction 0", "('s1', 't1')", "(score, source id, target id)")),
        (["0.9\ts1\tt1"], GOLD, ("prediction 0", "(score, source id, target id)")),
        ([("s1", 0.9, "t1")], GOLD, ("prediction 0", "score", "'s1'", "finite")),
        ([(float("nan"), "s1", "t1")], GOLD, ("prediction 0", "score", "nan")),
        ([(0.9, "s1", None)], GOLD, ("prediction 0", "None", "id")),
        ([(0.9, "s1", "t1")], [(0.9, "s1", "t1")], ("reference 0", "(source id, target id)")),
        ([(0.9, "s1", "t1")], [("s1", 1.5)], ("reference 0", "1.5", "id")),
        ([(0.9, "s1", "t1")], [], ("mining", "references", "empty")),
    ],
)
def test_anything_but_candidates_and_pairs_is_refused(mined, gold, subjects):
    with refused(*subjects):
        compute("mining", mined, gold)
