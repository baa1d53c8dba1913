"""Several tests at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values for there being several, so that the chance of any false finding stays below alpha.

    The i-th smallest of m is multiplied by m - i + 1, is never below the one before it, and never above 1. Nothing is
    assumed about how the tests depend on each other.

    Args:
        p_values: The p-values of one family of tests, 0 to 1.

    Returns:
        The adjusted p-values, in the order given; compare them with alpha itself.

    Raises:
        XadaptError: If one is not between 0 and 1.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).
    """
    given = np.asarray(p_values, dtype=float)
    for index, value in enumerate(given):
        if not 0 <= value <= 1:
            raise XadaptError(f"p-value {index} is {value}, not between 0 and 1")
    order = np.argsort(given, kind="stable")
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)), 1.0)
    return tuple(adjusted.tolist())
