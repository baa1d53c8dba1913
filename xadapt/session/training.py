"""The verbs of a session that train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xadapt.session.session import Session
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.plan import TrainPlan


def train(session: Session, task: str, on: str | None = None, mode: str = "stack", **settings: Any) -> Checkpoint:
    """Train an adapter for a task in English, on the bare base or on a setup.

    Args:
        session: The session.
        task: A task, or a YAML file that declares one of yours.
        on: The setup below a target adapter, such as ``fuse(mnli, squad, stsb)``; None for none.
        mode: ``stack``: a fresh adapter on top. ``continue``: the setup's own weights are trained on.
        settings: See :class:`~xadapt.training.settings.TrainSettings`.

    Returns:
        The stored checkpoint, with ``.scores`` on English dev rows, ``.path`` and ``.parameters``. A run that is
        there already is not done again, one that was cut goes on.

    Raises:
        XadaptError: If a setting, a member or a data file is wrong.
        RunFailed: If training diverged.
    """
    made = session.train_each(task, on, mode, **settings)
    if len(made) > 1:
        raise XadaptError(f"{on} is {len(made)} models: train_each gives a checkpoint for each")
    return made[0]


def train_each(
    session: Session, task: str, on: str | None = None, mode: str = "stack", **settings: Any
) -> list[Checkpoint]:
    """Like :meth:`Session.train`, on an ensemble too: one checkpoint for each of its members."""
    from xadapt.training.plan import plan_targets, plan_task

    name = session.task(task).name
    plans = [plan_task(name, session.tasks)] if on is None else plan_targets(name, on, mode, session.tasks)
    return [_train(session, plan, settings) for plan in plans]


def fuse(
    session: Session,
    *members: str,
    on: str | None = None,
    rank: int | None = None,
    narrow: int | None = None,
    **settings: Any,
) -> Checkpoint:
    """Learn AdapterFusion over trained adapters.

    Args:
        session: The session.
        members: Adapters or setups that are one adapter, two or more.
        on: The task on whose English rows it is learnt; None for an even mixture of the members' own.
        rank: Rank of queries, keys and values of a small fusion that is factored after training; None for the full one.
        narrow: The same for one that has this rank from the start.
        settings: See :class:`~xadapt.training.settings.TrainSettings`.
    """
    from xadapt.training.plan import plan_fusion

    task = session.task(on).name if on else None
    return _train(session, plan_fusion(members, task, rank, session.tasks, narrow=narrow), settings)


def gate(session: Session, *members: str, on: str, **settings: Any) -> Checkpoint:
    """Learn how much each of trained adapters counts at each layer, together with a target's adapter on top.

    Args:
        session: The session.
        members: Adapters or setups that are one adapter, two or more, all plain bottlenecks.
        on: The target on whose English rows it is learnt.
        settings: See :class:`~xadapt.training.settings.TrainSettings`.
    """
    from xadapt.training.plan import plan_gate

    return _train(session, plan_gate(members, session.task(on).name, session.tasks), settings)


def multitask(session: Session, *tasks: str, **settings: Any) -> Checkpoint:
    """Train one adapter on several tasks, mixed in proportion to their sizes.

    Args:
        session: The session.
        tasks: Two or more.
        settings: See :class:`~xadapt.training.settings.TrainSettings`.
    """
    from xadapt.training.plan import plan_multitask

    return _train(session, plan_multitask([session.task(task).name for task in tasks], session.tasks), settings)


def soup(session: Session, *members: str, on: str, method: str = "greedy", **settings: Any) -> Checkpoint:
    """Average trained adapters with weights that a task's English dev rows choose.

    Args:
        session: The session.
        members: Adapters or setups that are one adapter, two or more.
        on: The task.
        method: ``greedy``: add members while it helps. ``learned``: optimise the weights.
        settings: See :class:`~xadapt.training.settings.TrainSettings`.
    """
    from xadapt.training.plan import plan_soup

    return _train(session, plan_soup(members, session.task(on).name, method, session.tasks), settings)


def ensemble(session: Session, *members: str, on: str, **settings: Any) -> Checkpoint:
    """Choose how much each of several setups counts in an ensemble, by a task's English dev rows.

    Args:
        session: The session.
        members: Setups that answer the task, two or more, each one model.
        on: The task.
        settings: See :class:`~xadapt.training.settings.TrainSettings`; ``dev_limit`` and ``max_length`` matter.
    """
    from xadapt.training.plan import plan_ensemble

    return _train(session, plan_ensemble(members, session.task(on).name, session.tasks), settings)


def distill(session: Session, setup: str, *, on: str, unlabelled: int | None = None, **settings: Any) -> Checkpoint:
    """Train one adapter that is taught by what a setup answers for a task's English rows, beside the gold answers.

    Args:
        session: The session.
        setup: The teacher: any setup that answers the task, such as an ensemble.
        on: The task.
        unlabelled: Rows of each target language that are learnt from too, without their labels; None for none.
        settings: See :class:`~xadapt.training.settings.TrainSettings`.
    """
    from xadapt.training.plan import plan_distill

    return _train(session, plan_distill(setup, session.task(on).name, unlabelled, session.tasks), settings)


def _train(session: Session, plan: TrainPlan, settings: Mapping[str, Any]) -> Checkpoint:
    from xadapt.training.settings import make_settings
    from xadapt.training.train import train as train_plan

    return train_plan(session.context, plan, make_settings(**settings))
