"""What a student learns from a teacher: probabilities as targets, and the loss against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xadapt.lazy import torch

if TYPE_CHECKING:
    from xadapt.problems.base import Batch, Problem

#: What gold answers count for beside a teacher's, where a batch has both.
GOLD = 0.5


def probabilities(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities of logits, float32."""
    from scipy.special import softmax

    return softmax(logits.astype(np.float32), axis=axis)


def padded(values: list[np.ndarray]) -> torch.Tensor:
    """Values of several features as one tensor, float32, shape (features, longest, …), with 0 behind shorter ones."""
    return torch.nn.utils.rnn.pad_sequence([torch.from_numpy(value) for value in values], batch_first=True)


def soft_cross_entropy(logits: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of a student's answers to a teacher's.

    Args:
        logits: The student's, float, shape (…, answers); −inf where there is no such answer.
        taught: The teacher's probabilities, same shape.

    Returns:
        One a distribution, shape (…); 0 where the teacher's is all 0.

    Source: distillation, Hinton et al., arXiv 1503.02531, at temperature 1.
    """
    logs = torch.nn.functional.log_softmax(logits.float(), dim=-1)
    # Where the teacher has 0 the student may have −inf, and the product is not a number.
    return -(taught * logs.masked_fill(taught == 0, 0.0)).sum(dim=-1)


def learning_loss(problem: Problem, outputs: Any, batch: Batch) -> torch.Tensor:
    """Mean loss of a training batch: to gold answers, to a teacher's, or to both, of which gold counts :data:`GOLD`."""
    if "taught" not in batch:
        return problem.loss(outputs, batch)
    taught = problem.taught_loss(outputs, batch)
    if not any(key in batch for key in ("labels", *problem.targets)):
        return taught
    return GOLD * problem.loss(outputs, batch) + (1 - GOLD) * taught
