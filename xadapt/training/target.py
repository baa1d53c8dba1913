"""A fresh target adapter on top of a frozen setup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.training.first import trained_first
from xadapt.training.loop import fit
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.trainable import with_adapter_on_top

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job


def train_target(job: Job) -> Checkpoint:
    """Train a target adapter and its head."""
    first = trained_first(job)
    return fit(job, lambda: with_adapter_on_top(job, first), first=first)


# Since 2, it starts from the head of the setup that has its labels.
TARGET = register_run_kind(RunKind("target", revision=2, train=train_target))
