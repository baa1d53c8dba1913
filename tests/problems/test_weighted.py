"""Weighted means of what several models answer, in every kind of problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from xadapt.problems import bind
from xadapt.tasks import get_task

DICE = np.random.default_rng(5)
ONE, TWO, THREE = RAW = [DICE.normal(size=(4, 6)).astype(np.float32) for _ in range(3)]
WEIGHTS = (0.5, 0.2, 0.3)
TASKS = ("xnli", "stsb", "copa", "xquad", "wikiann", "lareqa")


@pytest.mark.parametrize("name", TASKS)
def test_equal_weights_are_no_weights_and_a_weight_of_1_is_that_model(tiny: Any, name: str) -> None:
    problem = bind(get_task(name), tiny)
    combined = problem.combine(RAW)
    third = np.full(3, 1 / 3)
    np.testing.assert_allclose(problem.combine(RAW, third), combined, atol=1e-6)
    assert problem.combine(RAW, WEIGHTS).dtype == combined.dtype == np.float32
    alone = problem.combine([TWO])
    np.testing.assert_allclose(problem.combine([ONE, TWO], (0.0, 1.0))[..., -alone.shape[-1] :], alone, atol=1e-6)


def test_probabilities_and_scores_are_weighted(tiny: Any) -> None:
    labels = bind(get_task("xnli"), tiny).combine(RAW, WEIGHTS)
    pairs = list(zip(WEIGHTS, RAW, strict=True))
    np.testing.assert_allclose(np.exp(labels), sum(w * softmax(one, axis=-1) for w, one in pairs), atol=1e-6)
    for name in ("stsb", "xquad"):
        found = bind(get_task(name), tiny).combine(RAW, WEIGHTS)
        np.testing.assert_allclose(found, sum(w * one for w, one in pairs), atol=1e-6)


def test_a_cosine_is_the_weighted_mean_of_the_models_cosines(tiny: Any) -> None:
    units = [one / np.linalg.norm(one, axis=-1, keepdims=True) for one in RAW]
    mixed = bind(get_task("lareqa"), tiny).combine(units, WEIGHTS)
    expected = sum(w * unit @ unit.T for w, unit in zip(WEIGHTS, units, strict=True))
    np.testing.assert_allclose(mixed @ mixed.T, expected, atol=1e-6)
