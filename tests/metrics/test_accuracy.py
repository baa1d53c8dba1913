import pytest

from tests.error_checks import refused
from xadapt.metrics import compute


def test_accuracy_is_the_share_of_right_labels_in_per_cent():
    assert compute("accuracy", [0, 1, 2, 2], [0, 1, 2, 0]) == {"accuracy": 75.0}


def test_a_label_that_is_no_integer_is_refused_and_not_rounded():
    with refused("prediction 1", "0.7"):
        compute("accuracy", [0, 0.7], [0, 0])


def test_fewer_predictions_than_references_are_refused():
    with refused("1 predictions", "2 references", advice="one prediction per reference"):
        compute("accuracy", [0], [0, 1])


def test_f1_is_that_of_label_one():
    # Three of five are right; two of three predicted ones, two of three gold ones.
    scores = compute("accuracy_f1", [1, 1, 0, 0, 1], [1, 0, 1, 0, 1])
    assert scores == {"accuracy": pytest.approx(60.0), "f1": pytest.approx(200 / 3)}


def test_precision_and_recall_of_label_one_both_count():
    # One of one predicted one, one of three gold ones: 2*1/(1+3).
    assert compute("accuracy_f1", [1, 0, 0, 0], [1, 1, 1, 0]) == {"accuracy": 50.0, "f1": 50.0}


def test_without_any_one_the_f1_is_zero():
    assert compute("accuracy_f1", [0, 0], [0, 0]) == {"accuracy": 100.0, "f1": 0.0}


@pytest.mark.parametrize(
    ("given", "gold", "subjects"),
    [
        ([0, 2], [0, 1], ("prediction 1", "2", "0 or 1")),
        ([0, 1], [-1, 1], ("reference 0", "-1", "0 or 1")),
        ([0, 0.5], [0, 1], ("prediction 1", "0.5", "integer")),
        ([0], [0, 1], ("1 predictions", "2 references")),
    ],
)
def test_anything_but_zeros_and_ones_one_for_one_is_refused(given, gold, subjects):
    with refused(*subjects):
        compute("accuracy_f1", given, gold)


def test_retrieval_counts_queries_whose_item_is_the_gold_one():
    assert compute("retrieval", [2, 0, 1, 3, 3], [2, 1, 0, 3, 4]) == {"accuracy": 40.0}


def test_an_index_of_no_item_is_wrong():
    assert compute("retrieval", [-1, 1], [0, 1]) == {"accuracy": 50.0}
