"""Paired bootstrap and Holm's adjustment, on made-up data whose truth is known."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import stats

from tests.error_checks import refused
from xadapt.analysis.significance import PairedBootstrap, Score, holm, mean_over, resample, summarise


def mean_difference(data: np.ndarray) -> tuple[Score, int]:
    """What scores a mean over examples, from differences of shape (seeds, examples), and the number of examples."""
    return lambda counts: counts @ data.T / data.shape[1], data.shape[1]


def bootstrap(data: np.ndarray, resamples: int = 10_000, seed: int = 0) -> PairedBootstrap:
    """The test of a mean over examples."""
    return summarise(resample(*mean_difference(data), resamples, seed), seed)


def bootstrap_strata(strata: list[np.ndarray], resamples: int = 10_000, seed: int = 0) -> PairedBootstrap:
    """The test of a mean over strata."""
    return summarise(mean_over([resample(*mean_difference(one), resamples, seed) for one in strata]), seed)


def joint(found: PairedBootstrap) -> float:
    """The larger of both p-values."""
    return found.p_value if found.seed_p_value is None else max(found.p_value, found.seed_p_value)


def differences(
    seeds: int, examples: int, effect: float = 0.0, seed: int = 0, by_seed: float = 0.0, by_example: float = 0.0
) -> np.ndarray:
    """Differences of an effect, what varies by seed, what varies by example, and noise of standard deviation 1."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(seeds, examples))
    shared = by_example * generator.normal(size=examples) + by_seed * generator.normal(size=(seeds, 1))
    return effect + noise + shared


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seeds", [1, 3])
def test_a_true_effect_is_found_with_its_size(seeds: int, sign: int) -> None:
    found = bootstrap(differences(seeds, 400, sign * 0.3), 2000)
    assert found.p_value < 0.01
    assert found.low < sign * 0.3 < found.high
    assert found.low * found.high > 0
    assert found.difference == pytest.approx(sign * 0.3, abs=0.12)
    assert (found.seeds, found.examples, found.resamples) == (seeds, 400, 2000)


def test_p_values_are_about_uniform_where_there_is_no_effect() -> None:
    found = np.array([bootstrap(differences(1, 60, seed=trial), 200, trial).p_value for trial in range(200)])
    assert 0.01 <= np.mean(found < 0.05) <= 0.10
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_intervals_over_ten_seeds_and_their_examples_cover_the_true_difference_in_about_95_per_cent() -> None:
    covered = 0
    for trial in range(200):
        data = differences(10, 60, 0.5, seed=trial, by_seed=0.1, by_example=0.8)
        found = bootstrap(data, 200, trial)
        covered += found.low <= 0.5 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_three_seeds_that_disagree_mislead_the_bootstrap_but_not_the_larger_p_value() -> None:
    found = [bootstrap(differences(3, 60, seed=trial, by_seed=2.0), 200, trial) for trial in range(200)]
    assert np.mean([one.p_value < 0.05 for one in found]) > 0.15
    assert np.mean([joint(one) < 0.05 for one in found]) < 0.10


def test_with_one_seed_only_examples_are_resampled_and_there_is_no_p_over_seeds() -> None:
    data = differences(3, 50, 0.5, by_seed=1.0)
    one, three = bootstrap(data[:1], 500), bootstrap(data, 500)
    assert (one.seeds, one.seed_p_value) == (1, None)
    assert (three.seeds, three.seed_p_value is None) == (3, False)


def test_seeds_that_disagree_widen_the_interval() -> None:
    alike = differences(3, 200, 0.5)
    apart = alike + np.array([[-1.0], [0.0], [1.0]])
    calm, torn = bootstrap(alike, 1000), bootstrap(apart, 1000)
    assert torn.difference == pytest.approx(calm.difference)
    assert torn.high - torn.low > 3 * (calm.high - calm.low)


def test_a_drawn_example_is_the_same_in_every_drawn_seed() -> None:
    first = differences(1, 100)
    one, four = bootstrap(first, 4000), bootstrap(np.tile(first, (4, 1)), 4000)
    # Four seeds that answer alike know no more than one; examples of their own would halve the interval.
    assert four.high - four.low == pytest.approx(one.high - one.low, rel=0.1)


def test_the_seed_p_value_is_that_of_a_t_test_over_the_seeds_means() -> None:
    data = differences(4, 30, 0.2, by_seed=0.3)
    expected = stats.ttest_1samp(data.mean(axis=1), 0).pvalue
    assert bootstrap(data, 50).seed_p_value == pytest.approx(expected)


def test_the_interval_and_p_value_are_those_of_the_normal_distribution_where_it_fits() -> None:
    data = differences(1, 1000)
    data += 0.06 - data.mean()
    found = bootstrap(data, 10_000)
    error = data.std() / np.sqrt(1000)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(0.06 / error), abs=0.01)


def test_systems_that_answer_alike_differ_by_nothing() -> None:
    found = bootstrap(np.zeros((3, 20)), 99)
    assert (found.difference, found.low, found.high, found.p_value, found.seed_p_value) == (0, 0, 0, 1, None)


@pytest.mark.parametrize("constant", [0.1, -3.0])
def test_a_constant_difference_has_an_interval_of_one_point_and_the_least_p_value_there_is(constant: float) -> None:
    found = bootstrap(np.full((3, 7), constant), 99)
    assert (found.difference, found.low, found.high) == pytest.approx((constant, constant, constant))
    assert found.p_value == 1 / 100
    assert found.seed_p_value is None


@pytest.mark.parametrize("size", [0.1, 0.3, 0.7, 1.1, 2.3])
def test_resamples_exactly_as_far_off_as_what_was_observed_count_however_sums_are_rounded(size: float) -> None:
    # Of two examples, 0 and twice the mean, half of all resamples hold one of them twice.
    found = bootstrap(np.tile([0.0, size], (3, 1)), 2000)
    assert found.p_value == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_result_and_another_one_another() -> None:
    data = differences(2, 30)
    assert bootstrap(data, 200, 1) == bootstrap(data, 200, 1)
    assert bootstrap(data, 200, 1) != bootstrap(data, 200, 2)


def test_ten_thousand_resamples_are_never_held_at_once() -> None:
    data = differences(3, 2500)
    tracemalloc.start()
    bootstrap(data, 2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


@pytest.mark.parametrize(
    ("given", "subject", "advice"),
    [
        (np.array([[0.0, 1.0, 2.0], [1.0, np.nan, np.inf]]), "resample 0, seed 1", ""),
        (np.ones((3, 1)), "examples", "evaluate more rows"),
        (np.ones((0, 5)), "(1, 0)", ""),
    ],
)
def test_differences_that_cannot_be_resampled_are_refused_in_one_line(
    given: np.ndarray, subject: str, advice: str
) -> None:
    with refused(subject, advice=advice):
        bootstrap(given)


def test_no_resamples_are_refused() -> None:
    with refused("resamples", "0", advice="1 or more"):
        bootstrap(np.ones((1, 5)), 0)


def test_a_score_that_is_not_finite_on_a_resample_is_refused() -> None:
    def score(counts: np.ndarray) -> np.ndarray:
        return np.where(counts[:, :1] == 0, np.nan, 1.0)

    with refused("scores", "not finite"):
        resample(score, 10, 50)


def test_a_mean_as_a_score_of_its_own_gives_the_same_as_differences() -> None:
    data = differences(2, 40, 0.2)

    def score(counts: np.ndarray) -> np.ndarray:
        drawn = [np.repeat(np.arange(40), row.astype(int)) for row in counts]
        return np.array([[one[chosen].mean() for one in data] for chosen in drawn])

    whole, own = bootstrap(data, 300, 5), summarise(resample(score, 40, 300, 5), 5)
    assert (own.difference, own.low, own.high) == pytest.approx((whole.difference, whole.low, whole.high))
    assert own.p_value == whole.p_value


def languages(trial: int, seeds: int, sizes: list[int], effect: float = 0.0, hard: float = 0.0) -> list[np.ndarray]:
    """Differences in several languages, whose questions of one number are hard or easy together."""
    generator = np.random.default_rng(trial)
    questions = hard * generator.normal(size=max(sizes))
    return [effect + questions[:size] + generator.normal(size=(seeds, size)) for size in sizes]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_true_effect_is_found_in_the_mean_over_strata_of_unlike_sizes(sign: int) -> None:
    data = languages(0, 3, [15, 40, 200], sign * 0.4)
    found = bootstrap_strata(data, 2000)
    assert found.p_value < 0.01
    assert found.low < sign * 0.4 < found.high
    # Each stratum counts alike, however many examples it has.
    assert found.difference == pytest.approx(np.mean([one.mean() for one in data]))
    assert (found.seeds, found.examples) == (3, 255)


@pytest.mark.parametrize("sizes", [[50] * 8, [20, 30, 40, 50, 60]])
def test_no_effect_is_called_one_at_about_the_nominal_rate_over_strata(sizes: list[int]) -> None:
    found = [bootstrap_strata(languages(trial, 1, sizes), 200, trial).p_value for trial in range(200)]
    assert 0.01 <= np.mean(np.array(found) < 0.05) <= 0.11


def test_translated_questions_are_no_news_in_every_language() -> None:
    together, apart = [], []
    for trial in range(120):
        data = languages(trial, 1, [40] * 10, hard=1.0)
        together.append(bootstrap_strata(data, 200, trial).p_value)
        drawn = [resample(*mean_difference(one), 200, 1000 * trial + number) for number, one in enumerate(data)]
        apart.append(summarise(mean_over(drawn), trial).p_value)
    assert np.mean(np.array(together) < 0.05) <= 0.13
    assert np.mean(np.array(apart) < 0.05) > 0.25


def test_seeds_are_drawn_once_for_all_strata() -> None:
    by_seed = np.array([[-1.0], [0.0], [1.0]])
    one = by_seed + 0.001 * differences(3, 30)
    alone = bootstrap_strata([one], 1000)
    many = bootstrap_strata([one + 0.001 * differences(3, 30, seed=trial) for trial in range(20)], 1000)
    # Seeds drawn for each of twenty strata would shrink the interval to less than a quarter.
    assert many.high - many.low == pytest.approx(alone.high - alone.low, rel=0.05)


def test_one_stratum_is_a_bootstrap() -> None:
    data = differences(3, 40, 0.2)
    assert bootstrap_strata([data], 300) == bootstrap(data, 300)


def test_strata_of_unlike_sizes_are_drawn_independently() -> None:
    # The mean number that is drawn; random bits that both sizes share would show in the first resamples.
    small, large = (resample(*mean_difference(np.arange(float(size))[None, :]), 30) for size in (60, 61))
    assert abs(np.corrcoef(small.drawn[:, 0], large.drawn[:, 0])[0, 1]) < 0.4


@pytest.mark.parametrize("seeds", [[], [2, 3]])
def test_strata_without_common_seeds_are_refused(seeds: list[int]) -> None:
    with refused("strata", "seeds"):
        bootstrap_strata([differences(count, 10) for count in seeds], 10)


def test_holm_multiplies_the_smallest_by_all_and_never_lets_a_larger_one_fall_below() -> None:
    # By hand: 0.01 · 4; 0.02 · 3; 0.03 · 2 = 0.06, not below 0.06; 0.4 · 1.
    assert holm([0.03, 0.01, 0.4, 0.02]) == pytest.approx((0.06, 0.04, 0.4, 0.06))
    assert holm([0.04, 0.03, 0.02]) == pytest.approx((0.06, 0.06, 0.06))
    assert holm([0.9, 0.6]) == pytest.approx((1.0, 1.0))
    assert holm([0.05]) == (0.05,)
    assert holm([]) == ()


def test_holm_keeps_false_findings_below_alpha_and_is_stronger_than_bonferroni() -> None:
    generator = np.random.default_rng(0)
    false_alarms = stronger = 0
    for _ in range(400):
        p_values = np.concatenate([generator.uniform(size=8), generator.uniform(0, 0.002, size=6)])
        adjusted = np.array(holm(list(p_values)))
        false_alarms += (adjusted[:8] < 0.05).any()
        stronger += (adjusted < 0.05).sum() - (p_values * 14 < 0.05).sum()
    assert 0.01 < false_alarms / 400 < 0.07
    assert stronger > 0


@pytest.mark.parametrize("wrong", [float("nan"), -0.1, 1.1])
def test_holm_refuses_what_is_no_p_value(wrong: float) -> None:
    with refused("p-value 1", wrong, advice="between 0 and 1"):
        holm([0.5, wrong])
