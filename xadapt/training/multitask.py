"""One adapter for several tasks, mixed in proportion to their sizes up to a cap, each batch through its task's head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.problems.base import Defaults
from xadapt.training.loop import fit
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.trainable import with_new_adapter

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job


def train_multitask(job: Job) -> Checkpoint:
    """Train an adapter and a head a task.

    Source: proportional mixing with a cap, arXiv 2005.13013.
    """
    return fit(job, lambda: with_new_adapter(job), cap=job.settings.mixing_cap)


MULTITASK = register_run_kind(
    RunKind(
        "multitask",
        # Since 2, losses are put on one scale.
        revision=2,
        train=train_multitask,
        # QA is among the tasks of most mixtures, and its rows are long.
        defaults=Defaults(batch_size=16, epochs=1.0, lr=1e-3),
        settings=("mixing_cap",),
    )
)
