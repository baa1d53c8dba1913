"""``linear svd ties dare``: merges of LoRA-type adapters, with the mathematics of peft.

Sources: TIES, arXiv 2306.01708; DARE, arXiv 2311.03099.
"""

from __future__ import annotations

import math

from xadapt.composition.kinds.average import build_merged
from xadapt.composition.specs import Composition, Family, register_composition

FAMILY = Family("merge", "#a3a3d1", 50)
_OPTIONS: dict[str, dict[str, float]] = {
    "linear": {},
    "svd": {"rank": math.inf},
    "ties": {"density": 1.0},
    "dare": {"density": 1.0},
}

MERGES = tuple(
    register_composition(Composition(name, FAMILY, build_merged, weighted=True, plain=True, options=options))
    for name, options in _OPTIONS.items()
)
