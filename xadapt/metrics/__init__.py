"""The official scores, offline: ``compute(name, predictions, references)`` and ``main_score(name)``."""

from xadapt.metrics.null_answers import best_null_threshold
from xadapt.metrics.scoring import OWN_SCALES, compute, main_score, names

__all__ = ["OWN_SCALES", "best_null_threshold", "compute", "main_score", "names"]
