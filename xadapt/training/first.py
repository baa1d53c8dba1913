"""What an adapter is trained on first, for tasks whose papers train on another set before their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.training.plan import plan_first
from xadapt.training.train import trained

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job


def trained_first(job: Job) -> Checkpoint | None:
    """The checkpoint that a job's adapter starts from, made now if it is not there; None for most tasks."""
    before = plan_first(job.plan, job.context.tasks)
    if before is None:
        return None
    job.context.display.say(f"{job.plan.makes} is trained on {before.tasks[0].name} first: {before.makes}")
    return trained(job.context, before, job.asked)
