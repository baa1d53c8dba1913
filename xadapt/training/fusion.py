"""AdapterFusion over frozen adapters, learnt on a target's rows or on an even mixture of the members' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.methods.fusion import regularisation
from xadapt.problems.base import Defaults
from xadapt.training.loop import TaskFeatures, fit
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.trainable import with_fusion

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from adapters import XLMRobertaAdapterModel

    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job


def train_fusion(job: Job) -> Checkpoint:
    """Train fusion layers, and the heads of tasks that no member answers.

    Source: AdapterFusion, arXiv 2005.00247.
    """
    return fit(job, lambda: with_fusion(job), choose=even, penalty=_penalty)


def even(by_task: TaskFeatures) -> TaskFeatures:
    """Take as many features of each task as the smallest has.

    The others give every n-th feature, because the first ones of a sorted set are all about the same.
    """
    least = min(len(features) for features in by_task.values())
    return {name: [features[i * len(features) // least] for i in range(least)] for name, features in by_task.items()}


def _penalty(model: XLMRobertaAdapterModel) -> Callable[[], torch.Tensor]:
    return lambda: regularisation(model, model.active_adapters)


FUSION = register_run_kind(
    RunKind(
        "fusion",
        # Since 2, losses of several tasks are put on one scale.
        revision=2,
        train=train_fusion,
        # It starts from the identity and needs few steps at a rate below an adapter's.
        defaults=Defaults(batch_size=16, epochs=1.0, lr=5e-4),
    )
)
