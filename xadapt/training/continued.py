"""A setup's own weights trained on, on a target: the classic recipe of intermediate-task training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.training.first import trained_first
from xadapt.training.loop import fit
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.trainable import with_weights_of

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job


def train_on(job: Job) -> Checkpoint:
    """Train an adapter that starts from a setup's weights, and a head."""
    first = trained_first(job)
    return fit(job, lambda: with_weights_of(job, first), first=first)


# Since 2, it starts from the head of the setup that has its labels.
CONTINUED = register_run_kind(RunKind("continue", revision=2, train=train_on))
