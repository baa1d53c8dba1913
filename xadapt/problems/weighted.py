"""The mean of what several models answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def weighted_mean(values: Sequence[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
    """The mean of arrays.

    Args:
        values: Arrays of one shape.
        weights: How much each counts; None where all count the same.

    Returns:
        An array of that shape, in the precision of the values.
    """
    if weights is None:
        return np.mean(values, axis=0)
    return np.average(values, axis=0, weights=np.asarray(weights, dtype=values[0].dtype))
