"""Precision, recall and F1 of a set of findings."""

from __future__ import annotations

from collections.abc import Set
from typing import Any


def set_scores(found: Set[Any], gold: Set[Any]) -> dict[str, float]:
    """Compare what was found with what was to be found.

    Returns:
        "f1", "precision" and "recall", 0-100; all 0 where the two sets share nothing.
    """
    right = len(found & gold)
    if right == 0:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = right / len(found), right / len(gold)
    f1 = 2 * precision * recall / (precision + recall)
    return {"f1": 100.0 * f1, "precision": 100.0 * precision, "recall": 100.0 * recall}
