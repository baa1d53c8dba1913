"""What a training command is about to do: the setup it makes, what it stands on, and what it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xadapt.composition.builder import PLAIN
from xadapt.composition.expression import Node, adapter, compose, parse
from xadapt.errors import XadaptError
from xadapt.tasks import Task, get_task

Trains = Literal["adapter", "fusion", "target", "continue"]


@dataclass(frozen=True)
class TrainPlan:
    """One training run, before any data or model is loaded.

    Attributes:
        trains: What is new: an adapter, a fusion, a target adapter on top, or a setup's weights trained on.
        makes: The expression that the checkpoint will have.
        under: The frozen setup it stands on, or starts from; ``none`` for a first adapter.
        tasks: The tasks whose English rows are learnt from, in even parts when there are several.
    """

    trains: Trains
    makes: Node
    under: Node
    tasks: tuple[Task, ...]


NONE = Node("none")


def plan_task(name: str) -> TrainPlan:
    """``xadapt train-task NAME``."""
    task = _trainable(_trainable(name).adapter)
    return TrainPlan("adapter", adapter(task.name), NONE, (task,))


def plan_fusion(members: list[str], on: str | None = None) -> TrainPlan:
    """``xadapt fuse A B C [--on TASK]``: on a task's rows, or on an even mixture of the members' own tasks."""
    fused = compose("fuse", *(parse(member) for member in members), on=on or "")
    for child in fused.children:
        if child.kind not in PLAIN:
            raise XadaptError(f"{child} cannot be a member of a fusion: fuse takes single adapters and averages")
    tasks = [on] if on else list(fused.adapters())
    return TrainPlan("fusion", fused, fused, tuple(_trainable(name) for name in tasks))


def plan_target(name: str, on: str, mode: str = "stack") -> TrainPlan:
    """``xadapt train-target NAME --on SETUP --mode stack|continue``."""
    task, under = _trainable(_trainable(name).adapter), parse(on)
    if mode not in ("stack", "continue"):
        raise XadaptError(
            f"--mode {mode!r}: use stack (a fresh adapter on top) or continue (train the setup's weights on)"
        )
    if under.kind == "none":
        return TrainPlan("adapter", adapter(task.name), NONE, (task,))
    if mode == "stack":
        return TrainPlan("target", compose("stack", under, adapter(task.name)), under, (task,))
    if under.kind not in PLAIN:
        raise XadaptError(
            f"--mode continue needs one adapter's weights, a single or an average, not {under}: use --mode stack"
        )
    return TrainPlan("continue", compose("continue", under, adapter(task.name)), under, (task,))


def plan_first(plan: TrainPlan) -> TrainPlan | None:
    """What a plan's adapter is trained on first, on the same setup and in the same way; None for most tasks."""
    first = plan.tasks[0].after
    if first is None or plan.trains == "fusion":
        return None
    if adapter(first) in (plan.under.children if plan.under.kind == "stack" else (plan.under,)):
        # The setup has learnt it already, and no expression can name it twice.
        return None
    return plan_task(first) if plan.trains == "adapter" else plan_target(first, str(plan.under), _MODES[plan.trains])


_MODES = {"target": "stack", "continue": "continue"}


def _trainable(name: str) -> Task:
    task = get_task(name)
    if not task.kind.trainable:
        raise XadaptError(
            f"{name} has no training set: its setups are scored as they are, with `xadapt evaluate {name}`"
        )
    return task
