"""The noise of seeds, and wins and losses by language."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.error_checks import refused
from xadapt.analysis.effects import effect_size, seed_noise, tally_languages
from xadapt.analysis.significance import PairedTest, Variance


def judged(difference: float, p_value: float) -> PairedTest:
    return PairedTest(difference, difference - 1, difference + 1, p_value, None, 3, 100, Variance(1.0, 1.0, 0.0, 9.0))


def test_seed_noise_pools_the_variances_of_the_languages() -> None:
    # Variances 1 and 7 by hand, languages far apart.
    assert seed_noise([[10.0, 80.0], [11.0, 81.0], [12.0, 85.0]]) == pytest.approx(((1 + 7) / 2) ** 0.5)
    assert seed_noise([[5.0], [5.0]]) == 0


def test_seed_noise_finds_the_true_standard_deviation() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(scale=2.0, size=(3, 500)) + 20 * generator.normal(size=500)
    assert seed_noise(scores) == pytest.approx(2.0, rel=0.1)


def test_seed_noise_of_one_seed_or_of_no_number_is_refused() -> None:
    with refused("seed", "1", advice="train with another seed"):
        seed_noise([[60.0, 70.0]])
    with refused("1 of 4 scores", "seed 1, language 0"):
        seed_noise([[60.0, 70.0], [float("nan"), 70.0]])


def test_an_effect_is_measured_in_noise_and_by_no_noise_not_at_all() -> None:
    assert effect_size(-3.0, 2.0) == -1.5
    assert effect_size(3.0, 0.0) is None


def test_wins_are_counted_after_holm_and_by_sign() -> None:
    adjusted, tally = tally_languages(
        {
            "sw": judged(2.0, 0.001),
            "de": judged(1.0, 0.02),
            "fr": judged(-3.0, 0.002),
            "el": judged(-0.1, 0.9),
            "zh": judged(0.0, 1.0),
        }
    )
    # German is significant alone but not among five: 0.02 · 3.
    assert adjusted == pytest.approx({"de": 0.06, "el": 1.0, "fr": 0.008, "sw": 0.005, "zh": 1.0})
    assert (tally.significantly_better, tally.significantly_worse) == (1, 1)
    assert (tally.better, tally.worse) == (2, 2)
    assert tally.sign_p_value == 1


def test_the_sign_test_counts_ties_for_neither() -> None:
    one_sided = {f"{number}": judged(1.0, 0.5) for number in range(9)} | {"zero": judged(0.0, 1.0)}
    assert tally_languages(one_sided)[1].sign_p_value == pytest.approx(2 * 0.5**9)
    mixed = one_sided | {"lost": judged(-1.0, 0.5)}
    assert tally_languages(mixed)[1].sign_p_value == pytest.approx(stats.binomtest(9, 10).pvalue)
    assert tally_languages({"de": judged(0.0, 1.0)})[1].sign_p_value == 1


def test_what_rounding_leaves_of_no_difference_is_a_tie() -> None:
    _, tally = tally_languages({"de": judged(0.1 + 0.2 - 0.3, 1.0), "fr": judged(0.3 - 0.2 - 0.1, 1.0)})
    assert (tally.better, tally.worse) == (0, 0)


def test_no_languages_are_refused() -> None:
    with refused("languages", advice="evaluate both"):
        tally_languages({})
