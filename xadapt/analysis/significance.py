"""Whether a difference between two systems is more than chance: one test over seeds and examples."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from xadapt.errors import XadaptError

FloatArray = NDArray[np.float64]
#: Takes what each example counts, shape (times, examples), and gives the setup's score minus that of the
#: reference, shape (times, seeds).
Score = Callable[[FloatArray], FloatArray]

#: How often an interval holds the true difference.
CONFIDENCE = 0.95
#: So many parts of the examples are left out in turn at most; more would tell hardly more of their variance.
MOST_PARTS = 400
#: Weights that are held at once: 4 MB, whatever the number of examples.
_HELD = 2**19
#: Numbers that were rounded on different ways are still equal.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairedTest:
    """A difference between two systems on the same seeds and examples, and whether chance explains it.

    Attributes:
        difference: The difference, mean over seeds, in the unit of the scores.
        low: Lower end of the 95 % interval, which leaves out 0 exactly where ``p_value`` is below 0.05.
        high: Upper end.
        p_value: Two-sided.
        seed_p_value: Two-sided p-value of a t-test on the differences of the seeds alone, with the examples as
            given; None where all seeds have the same difference.
        seeds: Number of seeds.
        examples: Number of examples.
        variance: What the difference varies by.
    """

    difference: float
    low: float
    high: float
    p_value: float
    seed_p_value: float | None
    seeds: int
    examples: int
    variance: Variance


@dataclass(frozen=True)
class Estimate:
    """Differences of two systems, by seed, and how far they depend on which examples there were.

    Attributes:
        observed: On the examples as they are, shape (seeds,).
        moved: How far each seed's difference is from their mean when a part of the examples is left out, shape (parts,
            seeds), by what says which examples are a part; those of two keys are independent of each other.
        examples: Number of examples.
    """

    observed: FloatArray
    moved: Mapping[bytes, FloatArray]
    examples: int

    def of_seeds(self, start: int, end: int) -> Estimate:
        """That of some of the seeds, where columns of several comparisons stand beside each other."""
        moved = {key: one[:, start:end] for key, one in self.moved.items()}
        return Estimate(self.observed[start:end], moved, self.examples)


def leave_out(score: Score, examples: int, groups: Sequence[Hashable] = ()) -> Estimate:
    """Score two systems with each part of the examples left out in turn.

    A part is an example, or a group of them that are no news to each other, such as the questions on one paragraph; of
    more than :data:`MOST_PARTS` several are one part, by turns.

    Args:
        score: Scores both systems, given what each example counts (1, or 0 where it is left out), shape (times,
            examples), and returns the differences, shape (times, seeds). Ready-made ones are in
            :mod:`xadapt.analysis.weighted_scores`.
        examples: Number of examples, at least two.
        groups: The group of each example; none where each is its own.

    Raises:
        XadaptError: If there are fewer than two examples or groups, or a score is not finite.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 11, for the jackknife, and MacKinnon,
        Nielsen & Webb, Fast and Reliable Jackknife and Bootstrap Methods for Cluster-robust Inference (2023), for
        groups.
    """
    if examples < 2:
        raise XadaptError(f"significance needs two examples or more, there are {examples}: evaluate more rows")
    numbers: dict[Hashable, int] = {}
    part = np.array([numbers.setdefault(group, len(numbers)) for group in groups or range(examples)], dtype=np.int32)
    if len(part) != examples:
        raise XadaptError(f"{len(part)} groups for {examples} examples: give one an example")
    if len(numbers) < 2:
        raise XadaptError(f"significance needs two groups of examples or more, all {examples} are one: evaluate more")
    part %= MOST_PARTS
    parts = int(part.max()) + 1
    observed = finite(score(np.ones((1, examples))), "scores", ("time", "seed"))[0]
    chunk = max(1, _HELD // examples)
    without = np.empty((parts, len(observed)))
    for start in range(0, parts, chunk):
        numbered = np.arange(start, min(start + chunk, parts))
        weights = (part[None, :] != numbered[:, None]).astype(float)
        without[numbered] = finite(score(weights), "scores", ("time", "seed"))
    return Estimate(observed, {part.tobytes(): without - without.mean(axis=0)}, examples)


def mean_over(strata: Sequence[Estimate]) -> Estimate:
    """The mean of the differences of strata, such as languages, each of which counts alike.

    Strata whose examples have the same parts are left out alike, as translated test sets need: a question that is hard
    for one of two systems is so in every language, and no translation of it is news. Seeds are the same in all strata:
    one seed is one adapter, good or bad everywhere.

    Raises:
        XadaptError: If there is no stratum, or their seeds differ in number.
    """
    if len({one.observed.shape for one in strata}) != 1:
        raise XadaptError(f"{len(strata)} strata have no common seeds: compare the same seeds in every language")
    moved: dict[bytes, FloatArray] = {}
    for one in strata:
        for key, own in one.moved.items():
            moved[key] = moved.get(key, 0.0) + own / len(strata)
    observed = np.mean([one.observed for one in strata], axis=0)
    return Estimate(observed, moved, sum(one.examples for one in strata))


def minus(one: Estimate, other: Estimate) -> Estimate:
    """A first system's difference to a second, from the differences of both to a third on the same seeds and rows."""
    nothing = np.zeros((1, len(one.observed)))
    moved = {
        key: one.moved.get(key, nothing) - other.moved.get(key, nothing)
        for key in one.moved.keys() | other.moved.keys()
    }
    return Estimate(one.observed - other.observed, moved, one.examples)


@dataclass(frozen=True)
class Variance:
    """What the mean difference over seeds varies by.

    Attributes:
        seeds: Its variance over seeds: that of the seeds' differences divided by their number.
        examples: Its variance over examples that all seeds share.
        noise: Variance of one seed's difference by how that seed alone answers these examples; it is a part of the
            seeds' variance too.
        freedom: Degrees of freedom of the variance over examples.
    """

    seeds: float
    examples: float
    noise: float
    freedom: float


def variance_of(estimate: Estimate) -> Variance:
    """Take the variance of a mean difference apart.

    Raises:
        XadaptError: If there are fewer than two seeds.
    """
    observed, count = estimate.observed, len(estimate.observed)
    if count < 2:
        raise XadaptError("significance needs two seeds or more, there is 1: train with another seed")
    alike = np.ptp(observed) <= _ROUNDING * np.abs(observed).max()
    shared, noise, squares = 0.0, 0.0, 0.0
    for moved in estimate.moved.values():
        parts = len(moved)
        covariance = (parts - 1) / parts * moved.T @ moved
        own = np.trace(covariance)
        # What two seeds have in common is due to the examples, whoever answers them.
        common = float(covariance.sum() - own) / (count * (count - 1))
        shared += common
        noise += float(own) / count - common
        squares += common**2 / (parts - 1)
    freedom = shared**2 / squares if squares > 0 else 1.0
    return Variance(0.0 if alike else float(observed.var(ddof=1)) / count, max(shared, 0.0), max(noise, 0.0), freedom)


def paired_test(estimate: Estimate) -> PairedTest:
    """Say whether chance of seeds and examples explains a difference.

    Two t-tests must both find it, so that the larger p-value and the wider interval count. One takes all variance, that
    over seeds and that over examples, with degrees of freedom after Welch and Satterthwaite, for which three seeds or
    more count one less than they have; the other the variance over seeds alone.

    What it can tell, by ``python benchmarks/statistics/simulate.py`` (made-up experiments like those on XNLI, UD-POS
    and XQuAD, three and five seeds):

    * Without an effect p was below 0.05 in 4.6 to 5.3 %, and for any of nine setups after Holm in 2 to 5.3 %. A
      bootstrap over seeds and rows came to 2 to 28 %, and to 71 % for any of nine.
    * An effect of 3 points was found in 54 % of XNLI-like experiments with three seeds and 74 % with five; where the
      means of seeds differ by 2 points in 23 and 54 %.
    * Over all shares of variance, both normal, p was below 0.05 in at most 5.2 %, with two seeds in as few as 2 %.
    * Questions that share a paragraph but were left out one by one: 12 to 17 %.

    Source: Satterthwaite, An Approximate Distribution of Estimates of Variance Components (1946); for seeds and
        examples as two sources of chance, Sellam et al., The MultiBERTs (arXiv 2106.16163); for tests of systems, Dror
        et al. (ACL 2018).
    """
    found = variance_of(estimate)
    seeds, difference = len(estimate.observed), float(estimate.observed.mean())
    half = half_width(found, seeds)
    return PairedTest(
        difference=difference,
        low=difference - half,
        high=difference + half,
        p_value=p_value(difference, found, seeds),
        seed_p_value=_tail(difference, found.seeds, seeds - 1) if found.seeds > 0 else None,
        seeds=seeds,
        examples=estimate.examples,
        variance=found,
    )


def p_value(difference: float, variance: Variance, seeds: int) -> float:
    """The p-value of :func:`paired_test`, from the variance alone."""
    whole = _tail(difference, variance.seeds + variance.examples, _freedom(variance, seeds))
    return max(whole, _tail(difference, variance.seeds, seeds - 1))


def half_width(variance: Variance, seeds: int) -> float:
    """Half of the 95 % interval of :func:`paired_test`: the least difference that is significant."""
    tail = (1 + CONFIDENCE) / 2
    whole = special.stdtrit(_freedom(variance, seeds), tail) * np.sqrt(variance.seeds + variance.examples)
    return float(max(whole, special.stdtrit(seeds - 1, tail) * np.sqrt(variance.seeds)))


def _freedom(found: Variance, seeds: int) -> float:
    whole = found.seeds + found.examples
    if whole <= 0:
        return seeds - 1
    # With all the degrees that seeds have, p was below 0.05 in up to 5.7 % of experiments of five seeds.
    degrees = max(seeds - 2, 1)
    return max(seeds - 1, whole**2 / (found.seeds**2 / degrees + found.examples**2 / found.freedom))


def _tail(difference: float, variance: float, freedom: float) -> float:
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * special.stdtr(freedom, -abs(difference) / np.sqrt(variance)))


def finite(values: ArrayLike, what: str, axes: tuple[str, ...]) -> FloatArray:
    """Check an array of numbers.

    Args:
        values: The numbers.
        what: Their name in an error.
        axes: What each axis counts.

    Returns:
        The numbers as doubles.

    Raises:
        XadaptError: If the number of axes is another, an axis is empty, or a number is not finite.
    """
    given = np.asarray(values, dtype=float)
    if given.ndim != len(axes) or not given.size:
        wanted = ", ".join(f"{axis}s" for axis in axes)
        raise XadaptError(f"{what} have the shape {given.shape}: give ({wanted}), none of them 0")
    wrong = np.argwhere(~np.isfinite(given))
    if len(wrong):
        where = ", ".join(f"{axis} {index}" for axis, index in zip(axes, wrong[0], strict=True))
        raise XadaptError(
            f"{len(wrong)} of {given.size} {what} are not finite, the first at {where}: score those rows again"
        )
    return given
