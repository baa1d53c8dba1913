"""The best single adapter, noise of seeds, wins and losses, the gap to English."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xadapt.analysis.effects import best_single, effect_size, gap_to_english, seed_noise, wins_and_losses
from xadapt.analysis.significance import PairedBootstrap
from xadapt.errors import XadaptError


def judged(difference: float, p_value: float, seed_p_value: float | None = None) -> PairedBootstrap:
    return PairedBootstrap(difference, difference - 1, difference + 1, p_value, seed_p_value, 3, 100, 1000)


def test_the_best_single_adapter_is_the_highest_on_english_dev_and_of_equals_the_first_by_name() -> None:
    assert best_single({"squad": 40.0, "mnli": 60.0, "stsb": None}) == "mnli"
    assert best_single({"squad": 60.0, "mnli": 60.0, "anli": 59.9}) == "mnli"
    assert best_single({"squad": 0.0, "stsb": -3.0}) == "squad"


@pytest.mark.parametrize(
    ("dev", "message"),
    [
        ({"squad": None, "mnli": None}, r"no single adapter \(mnli, squad\) has an English dev score: evaluate one"),
        ({}, "no single adapter has an English dev score"),
        ({"mnli": 60.0, "squad": float("nan")}, "the English dev score of 'squad' is nan"),
    ],
)
def test_without_a_dev_score_no_adapter_is_chosen(dev: dict[str, float | None], message: str) -> None:
    with pytest.raises(XadaptError, match=message):
        best_single(dev)


def test_seed_noise_pools_the_variances_of_the_languages() -> None:
    # Variances 1 and 7 by hand, languages far apart.
    assert seed_noise([[10.0, 80.0], [11.0, 81.0], [12.0, 85.0]]) == pytest.approx(((1 + 7) / 2) ** 0.5)
    assert seed_noise([[5.0], [5.0]]) == 0


def test_seed_noise_finds_the_true_standard_deviation() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(scale=2.0, size=(3, 500)) + 20 * generator.normal(size=500)
    assert seed_noise(scores) == pytest.approx(2.0, rel=0.1)


def test_seed_noise_of_one_seed_or_of_no_number_is_refused() -> None:
    with pytest.raises(XadaptError, match="needs two seeds or more, there is 1: train with another seed"):
        seed_noise([[60.0, 70.0]])
    with pytest.raises(XadaptError, match="1 of 4 scores are not finite, the first at seed 1, language 0"):
        seed_noise([[60.0, 70.0], [float("nan"), 70.0]])


def test_an_effect_is_measured_in_noise_and_by_no_noise_not_at_all() -> None:
    assert effect_size(-3.0, 2.0) == -1.5
    assert effect_size(3.0, 0.0) is None


def test_wins_are_counted_after_holm_and_by_sign() -> None:
    found = wins_and_losses(
        {
            "sw": judged(2.0, 0.001),
            "de": judged(1.0, 0.02),
            "fr": judged(-3.0, 0.002),
            "el": judged(-0.1, 0.9),
            "zh": judged(0.0, 1.0),
        }
    )
    # German is significant alone but not among five: 0.02 · 3.
    assert found.adjusted == pytest.approx({"de": 0.06, "el": 1.0, "fr": 0.008, "sw": 0.005, "zh": 1.0})
    assert (found.significant.wins, found.significant.losses) == (("sw",), ("fr",))
    assert found.significant.ties == ("de", "el", "zh")
    assert (found.by_sign.wins, found.by_sign.losses, found.by_sign.ties) == (("de", "sw"), ("el", "fr"), ("zh",))
    assert found.sign_p_value == 1


def test_a_win_that_may_be_luck_of_the_seeds_is_not_confirmed() -> None:
    found = wins_and_losses({"sw": judged(2.0, 0.001, 0.2), "de": judged(3.0, 0.001, 0.01), "fr": judged(-1, 0.01)})
    assert (found.significant.wins, found.significant.losses) == (("de", "sw"), ("fr",))
    assert (found.confirmed.wins, found.confirmed.losses, found.confirmed.ties) == (("de",), ("fr",), ("sw",))


def test_the_sign_test_counts_ties_for_neither() -> None:
    one_sided = {f"{place}": judged(1.0, 0.5) for place in range(9)} | {"zero": judged(0.0, 1.0)}
    assert wins_and_losses(one_sided).sign_p_value == pytest.approx(2 * 0.5**9)
    mixed = one_sided | {"lost": judged(-1.0, 0.5)}
    assert wins_and_losses(mixed).sign_p_value == pytest.approx(stats.binomtest(9, 10).pvalue)
    assert wins_and_losses({"de": judged(0.0, 1.0)}).sign_p_value == 1


def test_what_rounding_leaves_of_no_difference_is_a_tie() -> None:
    found = wins_and_losses({"de": judged(0.1 + 0.2 - 0.3, 1.0), "fr": judged(0.3 - 0.2 - 0.1, 1.0)})
    assert found.by_sign.ties == ("de", "fr")


def test_alpha_decides_what_is_significant() -> None:
    given = {"de": judged(1.0, 0.03)}
    assert wins_and_losses(given, 0.05).significant.wins == ("de",)
    assert wins_and_losses(given, 0.01).significant.ties == ("de",)
    assert wins_and_losses(given, 0.01).alpha == 0.01


def test_no_languages_and_a_senseless_alpha_are_refused() -> None:
    with pytest.raises(XadaptError, match="no languages to count wins in"):
        wins_and_losses({})
    with pytest.raises(XadaptError, match="alpha is 5: choose a level"):
        wins_and_losses({"de": judged(1.0, 0.03)}, 5)


def test_the_gap_is_english_minus_each_language_and_minus_their_mean() -> None:
    found = gap_to_english({"sw": 50.0, "en": 80.0, "de": 81.0})
    assert found.english == 80.0
    assert list(found.gaps.items()) == [("de", -1.0), ("sw", 30.0)]
    assert found.mean == 14.5


@pytest.mark.parametrize("scores", [{"de": 1.0, "fr": 2.0}, {"en": 1.0}, {}])
def test_no_gap_without_english_and_another_language(scores: dict[str, float]) -> None:
    with pytest.raises(XadaptError, match=r"no gap to English among .*: score en and others"):
        gap_to_english(scores)


def test_a_gap_to_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(XadaptError, match="the score of 'de' is nan"):
        gap_to_english({"en": 1.0, "de": float("nan")})
