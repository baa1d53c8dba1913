"""Holm's adjustment, by hand and on made-up p-values."""

from __future__ import annotations

import numpy as np
import pytest

from tests.error_checks import refused
from xadapt.analysis.multiple import holm


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
