"""Scores of two systems as their difference, with some examples left out, many times at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xadapt.analysis.significance import FloatArray, Score, finite
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike


def mean_difference(setup: ArrayLike, single: ArrayLike) -> Score:
    """Compare two systems by a mean over examples, times 100, for :func:`leave_out`.

    Args:
        setup: What each example adds to the setup's mean, 0 to 1, shape (seeds, examples).
        single: The same of the reference.

    Raises:
        XadaptError: If the shapes do not fit, or a number is not finite.
    """
    first = finite(setup, "scores of the setup", ("seed", "example"))
    second = finite(single, "scores of the reference", ("seed", "example"))
    if first.shape != second.shape:
        raise XadaptError(f"shapes {first.shape} and {second.shape} do not fit: compare the same seeds and examples")
    differences = 100.0 * (first - second)
    return lambda weights: weights @ differences.T / weights.sum(axis=1, keepdims=True)


def spearman_difference(setup: ArrayLike, single: ArrayLike, gold: ArrayLike) -> Score:
    """Compare two systems by Spearman's correlation with gold, times 100, for :func:`leave_out`.

    Ties get their mean rank. No example is sorted twice: ranks follow from what each example counts. A correlation with
    a constant is 0, as in :class:`xadapt.metrics.correlation.Correlation`.

    Args:
        setup: Predictions of the setup, shape (seeds, examples).
        single: Predictions of the reference, the same shape.
        gold: Gold scores, shape (examples,).

    Raises:
        XadaptError: If the shapes do not fit, or a number is not finite.
    """
    first = finite(setup, "predictions of the setup", ("seed", "example"))
    second = finite(single, "predictions of the reference", ("seed", "example"))
    wanted = finite(gold, "gold scores", ("example",))
    if first.shape != second.shape or first.shape[1:] != wanted.shape:
        raise XadaptError(
            f"shapes {first.shape}, {second.shape} and gold {wanted.shape} do not fit: "
            "compare the same seeds on the same examples"
        )
    rank_gold = _ranker(wanted)
    ranks = [(_ranker(one), _ranker(other)) for one, other in zip(first, second, strict=True)]

    def score(counts: FloatArray) -> FloatArray:
        true = rank_gold(counts)
        weighted = counts * true
        spread = _dot(weighted, true)

        def correlation(given: FloatArray) -> FloatArray:
            scale = np.sqrt(spread * _dot(counts * given, given))
            return 100.0 * np.divide(_dot(weighted, given), scale, out=np.zeros(len(counts)), where=scale > 0)

        return np.stack([correlation(one(counts)) - correlation(other(counts)) for one, other in ranks], axis=1)

    return score


def micro_f1_difference(setup: ArrayLike, single: ArrayLike) -> Score:
    """Compare two systems by micro-averaged F1, times 100, for :func:`leave_out`.

    It is that of seqeval when the things counted are the spans of a sentence, but for a span of UD-POS's tag X, which
    seqeval may begin in the sentence before. Where there is nothing to count it is 0.

    Args:
        setup: What the setup found in each example, shape (seeds, examples, 3): how many things were right, how many
            were predicted, and how many there are in gold.
        single: The same of the reference.

    Raises:
        XadaptError: If the shapes do not fit, or a number is not finite.
    """
    axes = ("seed", "example", "count")
    both = finite(setup, "counts of the setup", axes), finite(single, "counts of the reference", axes)
    if both[0].shape != both[1].shape or both[0].shape[2] != 3:
        raise XadaptError(
            f"counts have the shapes {both[0].shape} and {both[1].shape}: "
            "give right, predicted and gold of the same seeds and examples"
        )

    def score(counts: FloatArray) -> FloatArray:
        first, second = (_f1(counts @ tally[..., 0].T, counts @ tally[..., 1:].sum(axis=2).T) for tally in both)
        return first - second

    return score


def _f1(right: FloatArray, total: FloatArray) -> FloatArray:
    return 200.0 * np.divide(right, total, out=np.zeros_like(right), where=total > 0)


def _ranker(values: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Give the examples' mean ranks, less their mean, where each counts so much, shape (times, examples)."""
    order = np.argsort(values, kind="stable")
    _, starts, groups = np.unique(values[order], return_index=True, return_inverse=True)
    back = np.empty_like(groups)
    back[order] = groups

    def ranks(counts: FloatArray) -> FloatArray:
        alike = np.add.reduceat(counts[:, order], starts, axis=1)
        # Up to a constant, the mean rank of equals is the number below them and half their own.
        middle = np.cumsum(alike, axis=1) - alike / 2 - counts.sum(axis=1, keepdims=True) / 2
        return middle[:, back]

    return ranks


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.einsum("tn,tn->t", one, other)
