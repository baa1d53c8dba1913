"""Training: a plan is carried out by the trainer of its kind of run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.training.job import prepare

if TYPE_CHECKING:
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.plan import TrainPlan
    from xadapt.training.settings import TrainSettings


def train(context: Context, plan: TrainPlan, settings: TrainSettings) -> Checkpoint:
    """Train what a plan says, unless a run of the same hash has finished already.

    Args:
        context: Base, rows, store, hardware, seed and display.
        plan: What to train.
        settings: The user's settings.

    Returns:
        The stored checkpoint. Interrupted runs go on from their last saved step.

    Raises:
        XadaptError: If a member, a data file or a setting is wrong.
        RunFailed: If training diverged.
    """
    job = prepare(context, plan, settings)
    return job.kind.train(job)


def trained(context: Context, plan: TrainPlan, settings: TrainSettings) -> Checkpoint:
    """The checkpoint that a plan would make: one that must be used, else one that is trained now."""
    # A recipe's own run of it is taken; another one in the store may have had another budget.
    return context.pins.get(str(plan.makes)) or train(context, plan, settings)
