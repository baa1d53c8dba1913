"""The test of a difference, on made-up data whose truth is known."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from tests.error_checks import refused
from xadapt.analysis.significance import (
    Estimate,
    PairedTest,
    leave_out,
    mean_over,
    minus,
    paired_test,
    variance_of,
)
from xadapt.analysis.weighted_scores import mean_difference, micro_f1_difference


def estimate(data: np.ndarray, groups: Sequence[int] = ()) -> Estimate:
    """That of a mean over examples, from differences of shape (seeds, examples), in points."""
    return leave_out(mean_difference(data / 100, np.zeros_like(data)), data.shape[1], groups)


def outcome(data: np.ndarray, groups: Sequence[int] = ()) -> PairedTest:
    """The test of such a mean."""
    return paired_test(estimate(data, groups))


def outcome_over(strata: Sequence[np.ndarray]) -> PairedTest:
    """The test of a mean over strata."""
    return paired_test(mean_over([estimate(one) for one in strata]))


def differences(
    seeds: int, examples: int, effect: float = 0.0, seed: int = 0, by_seed: float = 0.0, by_example: float = 0.0
) -> np.ndarray:
    """Differences of an effect, what varies by seed, what varies by example, and noise of standard deviation 1."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(seeds, examples))
    shared = by_example * generator.normal(size=examples) + by_seed * generator.normal(size=(seeds, 1))
    return effect + noise + shared


def f1_outcome(trial: int, seeds: int, effect: float = 0.0) -> PairedTest:
    """The test of F1 over sentences, with seeds that differ, as in part-of-speech tagging."""
    generator = np.random.default_rng(trial)
    gold = np.broadcast_to(5 + generator.poisson(10, size=60), (2, seeds, 60))
    hard = 0.5 * generator.normal(size=60) + 0.1 * generator.normal(size=(2, seeds, 1))
    chance = stats.norm.cdf(0.4 + hard + effect * np.array([1, 0])[:, None, None])
    right = generator.binomial(gold, chance)
    both = np.stack([right, gold, gold], axis=-1)
    return paired_test(leave_out(micro_f1_difference(*both), 60))


def paragraphs(trial: int, effect: float = 0.0) -> tuple[np.ndarray, list[int]]:
    """Differences of questions on twenty paragraphs, each of which is easy for one of two systems as a whole."""
    generator = np.random.default_rng(trial)
    groups = np.sort(generator.integers(20, size=100))
    data = effect + generator.normal(size=20)[groups] + 0.5 * generator.normal(size=(3, 100))
    return data, groups.tolist()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_true_effect_is_found_with_its_size(sign: int) -> None:
    found = outcome(differences(3, 400, sign * 0.4))
    assert found.p_value < 0.05
    assert found.low < sign * 0.4 < found.high
    assert found.low * found.high > 0
    assert found.difference == pytest.approx(sign * 0.4, abs=0.12)
    assert (found.seeds, found.examples) == (3, 400)


def test_with_no_effect_one_is_found_in_5_per_cent_whatever_chance_comes_from() -> None:
    for seeds, by_seed, by_example in ((3, 0.0, 1.0), (3, 2.0, 0.0), (5, 0.1, 1.0), (5, 0.2, 1.0)):
        found = [
            outcome(differences(seeds, 40, seed=trial, by_seed=by_seed, by_example=by_example)).p_value
            for trial in range(500)
        ]
        assert 0.015 < np.mean(np.array(found) < 0.05) < 0.075, (seeds, by_seed, by_example)


def test_f1_of_seeds_that_differ_keeps_the_level_and_finds_a_clear_effect() -> None:
    wrong = [f1_outcome(trial, 3).p_value < 0.05 for trial in range(400)]
    assert 0.02 < np.mean(wrong) < 0.08
    assert np.mean([f1_outcome(trial, 5, effect=0.4).p_value < 0.05 for trial in range(20)]) > 0.9


def test_questions_on_one_paragraph_are_no_news_to_each_other() -> None:
    grouped, alone = [], []
    for trial in range(300):
        data, groups = paragraphs(trial)
        grouped.append(outcome(data, groups).p_value < 0.05)
        alone.append(outcome(data).p_value < 0.05)
    assert np.mean(grouped) < 0.08
    assert np.mean(alone) > 0.15
    assert np.mean([outcome(*paragraphs(trial, effect=2.0)).p_value < 0.05 for trial in range(20)]) > 0.9


def test_the_interval_leaves_out_0_exactly_where_p_is_below_5_per_cent() -> None:
    found = [outcome(differences(2 + trial % 4, 30, 0.3, seed=trial, by_seed=0.2)) for trial in range(200)]
    significant = [one.p_value < 0.05 for one in found]
    assert significant == [one.low * one.high > 0 for one in found]
    assert 0 < sum(significant) < 200


def test_intervals_cover_the_true_difference_in_about_95_per_cent() -> None:
    covered = 0
    for trial in range(300):
        found = outcome(differences(4, 60, 0.5, seed=trial, by_seed=0.1, by_example=0.8))
        covered += found.low <= 0.5 <= found.high
    assert 0.92 <= covered / 300 <= 0.985


def test_one_seed_is_refused() -> None:
    with refused("two seeds", "1", advice="another seed"):
        outcome(differences(1, 50))


def test_seeds_that_disagree_widen_the_interval() -> None:
    alike = differences(3, 200, 0.5)
    calm, torn = outcome(alike), outcome(alike + np.array([[-1.0], [0.0], [1.0]]))
    assert torn.difference == pytest.approx(calm.difference)
    assert torn.high - torn.low > 3 * (calm.high - calm.low)


def test_seeds_that_answer_alike_know_no_more_than_one() -> None:
    first = differences(1, 100)
    found = outcome(np.tile(first, (4, 1)))
    error = first.std(ddof=1) / 10
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.isf(0.025, 99) * error)
    assert found.seed_p_value is None


def test_the_seed_p_value_is_that_of_a_t_test_over_the_seeds_means_and_bounds_the_other() -> None:
    data = differences(4, 30, 0.2, by_seed=0.3)
    found = outcome(data)
    assert found.seed_p_value == pytest.approx(stats.ttest_1samp(data.mean(axis=1), 0).pvalue)
    assert found.p_value >= found.seed_p_value


def test_where_examples_decide_the_test_is_the_t_test_over_examples() -> None:
    data = np.tile(differences(1, 50, 0.2), (3, 1)) + 1e-6 * differences(3, 50, seed=1)
    assert outcome(data).p_value == pytest.approx(stats.ttest_1samp(data.mean(axis=0), 0).pvalue, rel=0.01)


def test_the_parts_of_the_variance_are_found() -> None:
    parts = [variance_of(estimate(differences(5, 80, seed=trial, by_seed=0.5, by_example=2.0))) for trial in range(200)]
    means = [np.mean([getattr(one, name) for one in parts]) for name in ("seeds", "examples", "noise")]
    assert means == pytest.approx([(0.25 + 1 / 80) / 5, 4 / 80, 1 / 80], rel=0.15)


def test_systems_that_answer_alike_differ_by_nothing() -> None:
    found = outcome(np.zeros((3, 20)))
    assert (found.difference, found.low, found.high, found.p_value, found.seed_p_value) == (0, 0, 0, 1, None)


@pytest.mark.parametrize("constant", [0.1, -3.0])
def test_a_constant_difference_has_an_interval_of_one_point(constant: float) -> None:
    found = outcome(np.full((3, 7), constant))
    assert (found.difference, found.low, found.high) == pytest.approx((constant, constant, constant))
    assert found.p_value < 1e-6
    assert found.seed_p_value is None


def test_many_examples_are_left_out_in_parts_that_are_never_held_at_once() -> None:
    data = differences(3, 20_000, by_example=1.0)
    tracemalloc.start()
    found = outcome(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6
    whole = data.mean(axis=0).std() / np.sqrt(20_000)
    assert (found.high - found.low) / 2 == pytest.approx(1.97 * whole, rel=0.25)


@pytest.mark.parametrize(
    ("given", "subject", "advice"),
    [
        (np.array([[0.0, 1.0, 2.0], [1.0, np.nan, np.inf]]), "seed 1, example 1", ""),
        (np.ones((3, 1)), "examples", "evaluate more rows"),
        (np.ones((0, 5)), "(0, 5)", ""),
    ],
)
def test_differences_that_cannot_be_tested_are_refused_in_one_line(
    given: np.ndarray, subject: str, advice: str
) -> None:
    with refused(subject, advice=advice):
        outcome(given)


def test_groups_that_do_not_fit_are_refused() -> None:
    with refused("2 groups", "5 examples", advice="one an example"):
        outcome(np.ones((2, 5)), [0, 1])
    with refused("groups", "all 5", advice="evaluate more"):
        outcome(np.ones((2, 5)), [0] * 5)


def test_a_score_that_is_not_finite_without_an_example_is_refused() -> None:
    with refused("scores", "not finite"):
        leave_out(lambda weights: np.where(weights[:, :1] == 0, np.nan, 1.0), 10)


def languages(trial: int, seeds: int, sizes: list[int], effect: float = 0.0, hard: float = 0.0) -> list[np.ndarray]:
    """Differences in several languages, whose questions of one number are hard or easy together."""
    generator = np.random.default_rng(trial)
    questions = hard * generator.normal(size=max(sizes))
    return [effect + questions[:size] + generator.normal(size=(seeds, size)) for size in sizes]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_true_effect_is_found_in_the_mean_over_strata_of_unlike_sizes(sign: int) -> None:
    data = languages(0, 3, [15, 40, 200], sign * 0.6)
    found = outcome_over(data)
    assert found.p_value < 0.05
    assert found.low < sign * 0.6 < found.high
    # Each stratum counts alike, however many examples it has.
    assert found.difference == pytest.approx(np.mean([one.mean() for one in data]))
    assert (found.seeds, found.examples) == (3, 255)


@pytest.mark.parametrize("sizes", [[40] * 8, [20, 30, 40, 50, 60]])
def test_translated_questions_are_no_news_in_every_language(sizes: list[int]) -> None:
    wrong = [
        outcome_over(languages(trial, 3, sizes, hard=2.0 * (len(set(sizes)) == 1))).p_value for trial in range(200)
    ]
    assert np.mean(np.array(wrong) < 0.05) < 0.085


def test_seeds_are_the_same_in_all_strata() -> None:
    by_seed = np.array([[-1.0], [0.0], [1.0]])
    one = by_seed + 0.001 * differences(3, 30)
    alone, many = (
        outcome_over([one + 0.001 * differences(3, 30, seed=trial) for trial in range(count)]) for count in (1, 20)
    )
    # Seeds of their own in each of twenty strata would shrink the interval to less than a quarter.
    assert many.high - many.low == pytest.approx(alone.high - alone.low, rel=0.05)


def test_one_stratum_is_itself() -> None:
    data = differences(3, 40, 0.2)
    assert outcome_over([data]) == outcome(data)


@pytest.mark.parametrize("seeds", [[], [2, 3]])
def test_strata_without_common_seeds_are_refused(seeds: list[int]) -> None:
    with refused("strata", "seeds"):
        outcome_over([differences(count, 10) for count in seeds])


def test_what_two_systems_differ_by_from_a_third_says_how_they_differ_from_each_other() -> None:
    one, other = differences(3, 30, 0.5), differences(3, 30, seed=1)
    through, direct = paired_test(minus(estimate(one), estimate(other))), outcome(one - other)
    assert (through.low, through.high, through.p_value) == pytest.approx((direct.low, direct.high, direct.p_value))
