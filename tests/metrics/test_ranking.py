import numpy as np
import pytest

from tests.error_checks import refused
from xadapt.metrics import compute


def average_precision(ranked, relevant):
    return compute("map@20", [ranked], [relevant])["map@20"]


def test_average_precision_sums_the_precisions_at_the_relevant_candidates():
    # Relevant at ranks 1 and 3 of three relevant ones: (1/1 + 2/3) / 3.
    assert average_precision(["a", "x", "b", "y"], ["b", "c", "a"]) == pytest.approx(100 * (1 + 2 / 3) / 3)


def test_queries_are_averaged():
    assert compute("map@20", [["a"], ["x", "b"]], [["a"], ["b"]]) == {"map@20": pytest.approx(75.0)}


def test_candidates_beyond_the_twentieth_do_not_count():
    wrong = [f"x{number}" for number in range(20)]
    assert average_precision([*wrong[:19], "a"], ["a"]) == pytest.approx(100 / 20)
    assert average_precision([*wrong, "a"], ["a"]) == 0.0


def test_more_relevant_ids_than_twenty_can_still_score_a_hundred():
    relevant = list(range(25))
    assert average_precision(relevant, relevant) == 100.0
    assert average_precision(relevant[:10], relevant) == pytest.approx(50.0)


@pytest.mark.parametrize("ranked", [[], ["x", "y"]])
def test_few_candidates_none_of_them_relevant_score_zero(ranked):
    assert average_precision(ranked, ["a"]) == 0.0


def test_a_candidate_that_comes_again_counts_once_and_keeps_its_rank():
    assert average_precision(["a", "a", "b"], ["a", "b"]) == pytest.approx(100 * (1 + 2 / 3) / 2)


def test_a_relevant_id_given_twice_counts_once():
    assert average_precision(["a"], ["a", "a"]) == 100.0


@pytest.mark.parametrize("rank", [1, 2, 7, 20])
def test_with_one_relevant_id_it_is_the_reciprocal_rank_which_mewsli_x_reports(rank):
    ranked = [f"x{number}" for number in range(25)]
    ranked.insert(rank - 1, "Q42")
    assert average_precision(ranked, ["Q42"]) == pytest.approx(100 / rank)


def test_ids_may_be_numbers_and_rows_arrays():
    assert compute("map@20", np.array([[3, 1], [2, 0]]), [[1], ["2"]])["map@20"] == pytest.approx(75.0)


@pytest.mark.parametrize(
    ("ranked", "relevant", "subjects"),
    [
        ([["a"]], [[]], ("reference 0", "empty")),
        ([["a"]], [["a"], ["b"]], ("1 predictions", "2 references")),
        (["a"], [["a"]], ("prediction 0", "'a'", "list of ids")),
        ([["a"]], [3], ("reference 0", "3", "list of ids")),
        ([[0.5]], [["a"]], ("prediction 0", "0.5", "id")),
        ([], [], ("map@20", "references", "empty")),
    ],
)
def test_anything_but_lists_of_ids_is_refused(ranked, relevant, subjects):
    with refused(*subjects):
        compute("map@20", ranked, relevant)
