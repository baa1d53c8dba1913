"""What a training command is about to do: the setup it makes, what it stands on, and what it learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from xadapt.composition.expression import PLAIN, SOUPS, Node, adapter, compose
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.tasks import Task, get_task

Trains = Literal["adapter", "fusion", "target", "continue", "multitask", "soup"]


@dataclass(frozen=True)
class TrainPlan:
    """One training run, before any data or model is loaded.

    Attributes:
        trains: What is new: an adapter, a fusion, a target adapter on top, a setup's weights trained on, one adapter
            for several tasks, or a soup.
        makes: The expression that the checkpoint will have.
        under: The frozen setup it stands on, or starts from; ``none`` for a first adapter.
        tasks: The tasks whose English rows are learnt from, in even parts when there are several.
    """

    trains: Trains
    makes: Node
    under: Node
    tasks: tuple[Task, ...]

    @property
    def mixed(self) -> bool:
        """Whether batches of several tasks are mixed, so that their losses are put on one scale."""
        return len(self.tasks) > 1


NONE = Node("none")


def plan_task(name: str) -> TrainPlan:
    """``xadapt train-task NAME``."""
    task = _trainable(_trainable(name).adapter)
    return TrainPlan("adapter", adapter(task.name), NONE, (task,))


def plan_fusion(members: list[str], on: str | None = None, rank: int | None = None) -> TrainPlan:
    """``xadapt fuse A B C [--on TASK] [--rank R]``: on a task's rows, or an even mixture of the members' own tasks."""
    options = {} if rank is None else {"rank": float(rank)}
    return plan_setup(compose("fuse", *(parse(member) for member in members), on=on or "", options=options))


def plan_multitask(names: list[str]) -> TrainPlan:
    """``xadapt multitask A B C``: one adapter trained on all of these tasks, each batch through its own task's head."""
    return plan_setup(compose("multitask", *(adapter(_trainable(name).adapter) for name in names)))


def plan_soup(members: list[str], on: str, method: str = "greedy") -> TrainPlan:
    """``xadapt soup A B C --on TASK --method greedy|learned``: a mean with weights from the task's English dev rows."""
    kinds = {kind.removesuffix("_soup"): kind for kind in SOUPS}
    if method not in kinds:
        raise XadaptError(f"--method {method!r}: use {' or '.join(kinds)}")
    return plan_setup(compose(kinds[method], *(parse(member) for member in members), on=on))


def plan_setup(node: Node) -> TrainPlan:
    """The run that makes a fusion, a soup or a multi-task adapter, from its expression."""
    if node.kind == "multitask":
        return TrainPlan("multitask", node, NONE, tuple(_trainable(name) for name in node.adapters()))
    if node.kind in SOUPS:
        return TrainPlan("soup", node, node, (get_task(node.name),))
    if node.kind != "fuse":
        raise XadaptError(f"{node} is not trained by itself: it is made from its members whenever it is used")
    names = [node.name] if node.name else list(node.adapters())
    return TrainPlan("fusion", node, node, tuple(_trainable(name) for name in names))


def plan_targets(name: str, on: str, mode: str = "stack") -> list[TrainPlan]:
    """``xadapt train-target NAME --on SETUP --mode stack|continue``; on an ensemble, one run for each member."""
    return [plan_target(name, str(part), mode) for part in parse(on).parts]


def setup_of(plans: list[TrainPlan]) -> Node:
    """The setup that several runs make together: their ensemble."""
    return plans[0].makes if len(plans) == 1 else compose("ensemble", *(plan.makes for plan in plans))


def plan_target(name: str, on: str, mode: str = "stack") -> TrainPlan:
    """One target run, on a setup that is no ensemble."""
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
            f"--mode continue needs one adapter's weights, such as a single adapter or an average, not {under}: "
            "use --mode stack"
        )
    return TrainPlan("continue", compose("continue", under, adapter(task.name)), under, (task,))


def plan_full(plan: TrainPlan) -> TrainPlan | None:
    """The full fusion that a plan of one of low rank starts from; None for other plans."""
    if plan.trains != "fusion" or plan.makes.option("rank") is None:
        return None
    return plan_setup(replace(plan.makes, options=()))


def plan_first(plan: TrainPlan) -> TrainPlan | None:
    """What a plan's adapter is trained on first, on the same setup and in the same way; None for most tasks."""
    first = plan.tasks[0].after
    if first is None or plan.trains not in ("adapter", *_MODES):
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
