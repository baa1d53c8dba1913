"""A fresh adapter for a task, on the bare base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.training.first import trained_first
from xadapt.training.loop import fit
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.trainable import with_new_adapter

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job


def train_adapter(job: Job) -> Checkpoint:
    """Train an adapter and its head."""
    first = trained_first(job)
    return fit(job, lambda: with_new_adapter(job, first), first=first)


ADAPTER = register_run_kind(RunKind("adapter", revision=1, train=train_adapter))
