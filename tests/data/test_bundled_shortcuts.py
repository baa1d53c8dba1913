"""The bundled suite is balanced, and a shallow heuristic gets little from it."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from tests.data.bundled_parts import ENGLISH_SPLITS, splits, words
from xadapt.data.bundled import rows
from xadapt.tasks import Row

CHANCE = 100 / 3


@pytest.mark.parametrize(("language", "split"), splits("sts"))
def test_sts_has_every_grade_and_nothing_between(language: str, split: str) -> None:
    scores = [row["score"] for row in rows("sts", language, split)]
    assert set(scores) == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}
    assert all(isinstance(score, float) for score in scores)


@pytest.mark.parametrize("split", ENGLISH_SPLITS)
def test_the_sts_score_is_not_the_token_overlap(split: str) -> None:
    overlaps = defaultdict(list)
    for row in rows("sts", "en", split):
        one, other = set(words(row["first"])), set(words(row["second"]))
        overlaps[row["score"]].append(len(one & other) / len(one | other))
    mean = {score: sum(found) / len(found) for score, found in overlaps.items()}
    assert mean[5.0] < mean[3.0], "paraphrases must share fewer words than sentences with an important difference"
    pairs = [(overlap, score) for score, found in overlaps.items() for overlap in found]
    assert correlation(pairs) < 0.6


def correlation(pairs: list[tuple[float, float]]) -> float:
    means = [sum(column) / len(pairs) for column in zip(*pairs, strict=True)]
    covariance = sum((one - means[0]) * (other - means[1]) for one, other in pairs)
    spread = [math.sqrt(sum((pair[side] - means[side]) ** 2 for pair in pairs)) for side in (0, 1)]
    return covariance / (spread[0] * spread[1])


@pytest.mark.parametrize(("language", "split"), splits("nli"))
def test_nli_labels_are_exactly_balanced(language: str, split: str) -> None:
    labels = Counter(row["label"] for row in rows("nli", language, split))
    assert set(labels) == {0, 1, 2}
    assert len(set(labels.values())) == 1


@pytest.mark.parametrize(("language", "split"), splits("nli"))
def test_every_hypothesis_has_every_label_equally_often(language: str, split: str) -> None:
    labels = defaultdict(list)
    for row in rows("nli", language, split):
        labels[row["second"]].append(row["label"])
    assert all(sorted(found) == sorted([0, 1, 2] * (len(found) // 3)) for found in labels.values())


def test_negation_words_occur_in_entailments_as_well_as_in_contradictions() -> None:
    negated = Counter(
        row["label"]
        for row in rows("nli", "en", "test")
        if {"not", "no", "none", "never", "nobody", "nothing", "neither"} & set(words(row["second"]))
    )
    assert min(negated[label] for label in (0, 1, 2)) >= 3


def accuracy(classify: Callable[[Row], int]) -> float:
    test = rows("nli", "en", "test")
    return 100 * sum(classify(row) == row["label"] for row in test) / len(test)


def two_thresholds(measure: Callable[[Row], float]) -> Callable[[Row], int]:
    """Fit the two cuts of `measure`, and a label for each of the three ranges, that do best on the training rows."""
    train = [(measure(row), row["label"]) for row in rows("nli", "en", "train")]
    values = sorted({value for value, _ in train})
    cuts = values[:: len(values) // 40 + 1]

    def label_of_ranges(low: float, high: float) -> list[tuple[int, int]]:
        ranges = [Counter({0: 0}), Counter({0: 0}), Counter({0: 0})]
        for value, label in train:
            ranges[(value >= low) + (value >= high)][label] += 1
        return [found.most_common(1)[0] for found in ranges]

    def right(pair: tuple[float, float]) -> int:
        return sum(count for _, count in label_of_ranges(*pair))

    low, high = max(itertools.combinations_with_replacement(cuts, 2), key=right)
    labels = [label for label, _ in label_of_ranges(low, high)]
    return lambda row: labels[(measure(row) >= low) + (measure(row) >= high)]


def covered(row: Row) -> float:
    premise, hypothesis = words(row["first"]), words(row["second"])
    return sum(word in premise for word in hypothesis) / len(hypothesis)


def jaccard(row: Row) -> float:
    premise, hypothesis = set(words(row["first"])), set(words(row["second"]))
    return len(premise & hypothesis) / len(premise | hypothesis)


def relative_length(row: Row) -> float:
    return len(words(row["second"])) / len(words(row["first"]))


@pytest.mark.parametrize("measure", [covered, jaccard, relative_length])
def test_overlap_and_length_stay_near_chance_in_nli(measure: Callable[[Row], float]) -> None:
    assert abs(accuracy(two_thresholds(measure)) - CHANCE) <= 10


@pytest.mark.parametrize("key", ["first", "second"])
def test_one_side_alone_stays_near_chance_in_nli(key: str) -> None:
    counts: dict[int, Counter[str]] = {label: Counter() for label in (0, 1, 2)}
    for row in rows("nli", "en", "train"):
        counts[row["label"]].update(words(row[key]))
    vocabulary = len(set().union(*counts.values()))

    def likelihood(label: int, row: Row) -> float:
        total = counts[label].total() + vocabulary
        return sum(math.log((counts[label][word] + 1) / total) for word in words(row[key]))

    assert abs(accuracy(lambda row: max(counts, key=lambda label: likelihood(label, row))) - CHANCE) <= 10


def test_the_majority_label_stays_near_chance_in_nli() -> None:
    majority = Counter(row["label"] for row in rows("nli", "en", "train")).most_common(1)[0][0]
    assert abs(accuracy(lambda row: majority) - CHANCE) <= 10
