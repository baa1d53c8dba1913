import math
import warnings

import pytest

from tests.error_checks import refused
from xadapt.metrics import compute


def test_correlation_agrees_with_a_hand_computed_case():
    scores = compute("correlation", [1.0, 2.0, 3.0, 10.0], [1.0, 3.0, 2.0, 4.0])
    # Ranks 1 2 3 4 against 1 3 2 4: 1 - 6*2/(4*15) = 0.8.  Deviations -3 -2 -1 6 and -1.5 .5 -.5 1.5: 13 / sqrt(50*5).
    assert scores["spearman"] == pytest.approx(80.0)
    assert scores["pearson"] == pytest.approx(100 * 13 / math.sqrt(250))


def test_tied_predictions_get_their_mean_rank():
    # Ranks 1.5 1.5 3 against 1 2 3: covariance 1.5, variances 1.5 and 2.
    assert compute("correlation", [0.0, 0.0, 1.0], [1.0, 2.0, 3.0])["spearman"] == pytest.approx(
        100 * 1.5 / math.sqrt(1.5 * 2)
    )


def test_a_reversed_order_is_minus_a_hundred():
    assert compute("correlation", [3.0, 2.0, 1.0], [1.0, 2.0, 3.0])["spearman"] == pytest.approx(-100.0)


@pytest.mark.parametrize(("given", "gold"), [([2.5, 2.5, 2.5], [1.0, 2.0, 3.0]), ([1.0, 2.0], [4.0, 4.0])])
def test_constant_numbers_score_zero_without_a_warning(given, gold):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compute("correlation", given, gold) == {"spearman": 0.0, "pearson": 0.0}


def test_numbers_that_differ_beyond_single_precision_are_no_tie():
    scores = compute("correlation", [1.0, 1.0 + 1e-9, 1.0 + 2e-9], [1.0, 2.0, 3.0])
    assert scores["spearman"] == pytest.approx(100.0)


def test_a_prediction_that_is_not_a_number_is_refused():
    with refused("prediction 1", "nan"):
        compute("correlation", [0.0, float("nan")], [0.0, 1.0])
