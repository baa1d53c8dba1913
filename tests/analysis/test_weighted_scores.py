"""Scores with other examples each time, many at once, against plain code on one."""

from __future__ import annotations

import numpy as np
from scipy import stats

from tests.error_checks import refused
from xadapt.analysis.significance import leave_out, paired_test
from xadapt.analysis.weighted_scores import mean_difference, micro_f1_difference, spearman_difference
from xadapt.metrics.spans import span_scores

GENERATOR = np.random.default_rng(0)
GOLD = GENERATOR.normal(size=80).round(1)
GOOD = GOLD + 0.4 * GENERATOR.normal(size=(3, 80))
#: Rounded, so that there are ties besides those of drawing an example twice.
POOR = (GOLD + 1.5 * GENERATOR.normal(size=(3, 80))).round()


def drawn(examples: int, rows: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Positions that were drawn, and how often each was."""
    positions = np.random.default_rng(1).integers(examples, size=(rows, examples))
    return positions, np.stack([np.bincount(row, minlength=examples) for row in positions]).astype(float)


def test_spearman_is_that_of_scipy_on_every_draw_and_seed() -> None:
    positions, counts = drawn(80)
    found = spearman_difference(GOOD, POOR, GOLD)(counts)
    expected = [
        [
            100 * (stats.spearmanr(one[row], GOLD[row])[0] - stats.spearmanr(other[row], GOLD[row])[0])
            for one, other in zip(GOOD, POOR, strict=True)
        ]
        for row in positions
    ]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_spearman_without_an_example_is_that_of_scipy() -> None:
    found = spearman_difference(GOOD, POOR, GOLD)(1 - np.eye(80)[:5])
    for left, scores in enumerate(found):
        kept = np.arange(80) != left
        expected = [
            100 * (stats.spearmanr(one[kept], GOLD[kept])[0] - stats.spearmanr(other[kept], GOLD[kept])[0])
            for one, other in zip(GOOD, POOR, strict=True)
        ]
        np.testing.assert_allclose(scores, expected, atol=1e-9)


def test_a_mean_is_over_the_examples_that_count() -> None:
    setup, other = np.array([[1.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 0.5]])
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [2.0, 1.0, 0.0]])
    np.testing.assert_allclose(mean_difference(setup, other)(weights), [[50.0], [25.0], [200 / 3]])


def test_a_better_correlation_is_found_and_the_same_one_is_not() -> None:
    better = paired_test(leave_out(spearman_difference(GOOD, POOR, GOLD), 80))
    assert better.p_value < 0.01
    assert 0 < better.low < better.difference < better.high
    assert paired_test(leave_out(spearman_difference(GOOD, GOOD, GOLD), 80)).p_value == 1


def test_a_system_that_says_the_same_of_all_has_a_correlation_of_0() -> None:
    counts = drawn(80)[1]
    with_constant = spearman_difference(GOOD, np.full_like(GOOD, 3.7), GOLD)(counts)
    reversed_sign = spearman_difference(-GOOD, np.full_like(GOOD, -1.0), GOLD)(counts)
    np.testing.assert_allclose(with_constant, -reversed_sign)
    assert (with_constant > 50).all()


def test_one_example_drawn_every_time_gives_no_correlation() -> None:
    assert spearman_difference(GOOD, POOR, GOLD)(80.0 * np.eye(80)[:1]).tolist() == [[0, 0, 0]]


def tags(seed: int, rate: float, gold: list[list[str]]) -> list[list[str]]:
    generator = np.random.default_rng(seed)
    kinds = ["O", "B-PER", "I-PER", "B-LOC"]
    return [[str(generator.choice(kinds)) if generator.random() < rate else tag for tag in row] for row in gold]


def tallied(given: list[list[str]], gold: list[list[str]]) -> np.ndarray:
    from xadapt.metrics.spans import tag_spans

    spans = [(tag_spans([one]), tag_spans([other])) for one, other in zip(given, gold, strict=True)]
    return np.array([[len(one & other), len(one), len(other)] for one, other in spans])


def test_micro_f1_is_that_of_the_metric_on_every_draw_and_seed() -> None:
    gold = tags(0, 1.0, [["O"] * 6] * 40)
    good, poor = ([tags(seed, rate, gold) for seed in (1, 2)] for rate in (0.1, 0.5))
    score = micro_f1_difference([tallied(one, gold) for one in good], [tallied(one, gold) for one in poor])
    positions, counts = drawn(40)

    def f1(given: list[list[str]], row: np.ndarray) -> float:
        return span_scores([given[index] for index in row], [gold[index] for index in row])["f1"]

    expected = [[f1(one, row) - f1(other, row) for one, other in zip(good, poor, strict=True)] for row in positions]
    np.testing.assert_allclose(score(counts), expected)
    assert paired_test(leave_out(score, 40)).p_value < 0.05


def test_micro_f1_where_there_is_nothing_to_find_is_0() -> None:
    nothing = np.zeros((1, 5, 3))
    found = np.tile([2.0, 2.0, 2.0], (1, 5, 1))
    assert micro_f1_difference(nothing, nothing)(np.ones((1, 5))).tolist() == [[0.0]]
    assert micro_f1_difference(found, nothing)(np.ones((1, 5))).tolist() == [[100.0]]


def test_systems_on_other_seeds_or_examples_are_refused() -> None:
    with refused("(3, 80)", "(2, 80)", advice="the same seeds"):
        spearman_difference(GOOD, POOR[:2], GOLD)
    with refused("(3, 80)", "(79,)", advice="the same examples"):
        spearman_difference(GOOD, POOR, GOLD[:-1])
    with refused("(2, 5)", "(3, 5)", advice="the same seeds"):
        mean_difference(np.ones((2, 5)), np.ones((3, 5)))
    with refused("(1, 5, 3)", "(2, 5, 3)", advice="the same seeds"):
        micro_f1_difference(np.ones((1, 5, 3)), np.ones((2, 5, 3)))
    with refused("1 of 80 gold scores", "example 4"):
        spearman_difference(GOOD, POOR, np.where(np.arange(80) == 4, np.nan, GOLD))
