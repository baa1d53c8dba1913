"""The compositions, one file each, or each group of like ones."""

from xadapt.composition.kinds import (
    average,
    continued,
    distill,
    ensemble,
    fuse,
    gate,
    greedy_ensemble,
    merges,
    multitask,
    runs,
    soups,
    stack,
)

__all__ = [
    "average",
    "continued",
    "distill",
    "ensemble",
    "fuse",
    "gate",
    "greedy_ensemble",
    "merges",
    "multitask",
    "runs",
    "soups",
    "stack",
]
