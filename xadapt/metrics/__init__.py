"""The official scores, offline: ``compute(name, predictions, references)`` and ``main_score(name)``."""

from xadapt.metrics.scoring import compute, main_score, names

__all__ = ["compute", "main_score", "names"]
