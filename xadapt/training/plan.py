"""What a training command is about to do: the setup it makes, what that is trained on, and the rows it learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xadapt.composition.expression import Node, adapter, compose
from xadapt.composition.grammar import parse
from xadapt.composition.specs import composition_of, compositions, has_chosen_weights, is_plain
from xadapt.errors import XadaptError, option, quoted
from xadapt.tasks.catalogue import DEFAULT, Catalogue
from xadapt.training.run_kinds import run_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.tasks import Task


@dataclass(frozen=True)
class TrainPlan:
    """One training run, before any data or model is loaded.

    Attributes:
        trains: The kind of run (see :mod:`xadapt.training.run_kinds`).
        makes: The expression that the checkpoint will have.
        under: The frozen setup that is trained on, or that it starts from; ``none`` for a first adapter.
        tasks: The tasks whose English rows are learnt from, in even parts when there are several.
    """

    trains: str
    makes: Node
    under: Node
    tasks: tuple[Task, ...]

    @property
    def mixed(self) -> bool:
        """Whether batches of several tasks are mixed, so that their losses are put on one scale."""
        return len(self.tasks) > 1


NONE = Node("none")


def plan_task(name: str, tasks: Catalogue = DEFAULT) -> TrainPlan:
    """``xadapt train-task NAME``."""
    task = _adapter_task(name, tasks)
    return TrainPlan("adapter", adapter(task.name), NONE, (task,))


def plan_fusion(
    members: Sequence[str],
    on: str | None = None,
    rank: int | None = None,
    tasks: Catalogue = DEFAULT,
    *,
    narrow: int | None = None,
) -> TrainPlan:
    """``xadapt fuse A B C [--on TASK] [--rank R | --narrow R]``: on a task's rows, or a mixture of the members' own."""
    children, options = [parse(member) for member in members], {**_whole("rank", rank), **_whole("narrow", narrow)}
    return plan_setup(compose("fuse", *children, on=on or "", options=options), tasks)


def plan_gate(members: Sequence[str], on: str, tasks: Catalogue = DEFAULT) -> TrainPlan:
    """``xadapt gate A B C --on TASK``: members side by side, how much each counts learnt with the task's adapter."""
    task = _adapter_task(on, tasks)
    return plan_setup(compose("gate", *(parse(member) for member in members), on=task.name), tasks)


def plan_multitask(names: Sequence[str], tasks: Catalogue = DEFAULT) -> TrainPlan:
    """``xadapt multitask A B C``: one adapter trained on all of these tasks, each batch through its own task's head."""
    return plan_setup(compose("multitask", *(adapter(_trainable(name, tasks).adapter) for name in names)), tasks)


def plan_soup(members: Sequence[str], on: str, method: str = "greedy", tasks: Catalogue = DEFAULT) -> TrainPlan:
    """``xadapt soup A B C --on TASK --method greedy|learned``: a mean with weights from the task's English dev rows."""
    soups = (name for name, one in compositions().items() if one.family.name == "soup")
    kinds = {name.removesuffix("_soup"): name for name in soups}
    if method not in kinds:
        raise XadaptError(f"{option('method', quoted(method))}: use {' or '.join(kinds)}")
    return plan_setup(compose(kinds[method], *(parse(member) for member in members), on=on), tasks)


def plan_ensemble(members: Sequence[str], on: str, tasks: Catalogue = DEFAULT) -> TrainPlan:
    """``xadapt ensemble A B C --on TASK``: models side by side, with weights from the task's English dev rows."""
    return plan_setup(compose("greedy_ensemble", *(parse(member) for member in members), on=on), tasks)


def plan_distill(setup: str, on: str, unlabelled: int | None = None, tasks: Catalogue = DEFAULT) -> TrainPlan:
    """``xadapt distill SETUP --on TASK [--unlabelled N]``: one adapter that is taught by what a setup answers."""
    return plan_setup(compose("distill", parse(setup), on=on, options=_whole("unlabelled", unlabelled)), tasks)


def _whole(name: str, value: int | None) -> dict[str, float]:
    # Larger whole numbers have no float; they are refused as too large.
    return {} if value is None else {name: float(min(max(value, -(10**9)), 10**9))}


def plan_setup(node: Node, tasks: Catalogue = DEFAULT) -> TrainPlan:
    """The run that makes a composition that is trained, from its expression."""
    spec = composition_of(node.kind)
    if spec is None or spec.trained is None:
        raise XadaptError(f"{node} is not trained by itself: it is made from its members whenever it is used")
    run, under = spec.trained.run(node), NONE if spec.trained.from_base else node
    # Nothing is learnt from rows but weights where a kind of run reads dev rows alone.
    find = _trainable if run_kind(run).learns else _task
    plan = TrainPlan(run, node, under, tuple(find(name, tasks) for name in spec.trained.tasks(node)))
    run_kind(run).check(plan)
    return plan


def plan_targets(name: str, on: str, mode: str = "stack", tasks: Catalogue = DEFAULT) -> list[TrainPlan]:
    """``xadapt train-target NAME --on SETUP --mode stack|continue``; on an ensemble, one run for each member."""
    below = parse(on)
    if has_chosen_weights(below.kind):
        raise XadaptError(
            f"nothing is put on top of {below}: train {name} on its members, and name those, as in "
            f"greedy_ensemble(stack(…, {name}), …)@{name}"
        )
    if any(model.run is not None for model in below.models):
        raise XadaptError(f"{below} is several runs: train each by itself, and write runs(stack(…, {name}), n=…)")
    return [plan_target(name, str(part), mode, tasks) for part in below.parts]


def setup_of(plans: list[TrainPlan]) -> Node:
    """The setup that several runs make together: their ensemble."""
    return plans[0].makes if len(plans) == 1 else compose("ensemble", *(plan.makes for plan in plans))


def plan_target(name: str, on: str, mode: str = "stack", tasks: Catalogue = DEFAULT) -> TrainPlan:
    """One target run, on a setup that is no ensemble."""
    task, under = _adapter_task(name, tasks), parse(on)
    if mode not in ("stack", "continue"):
        how = "use stack (a fresh adapter on top) or continue (train the setup's weights on)"
        raise XadaptError(f"{option('mode', quoted(mode))}: {how}")
    if under.kind == "none":
        return TrainPlan("adapter", adapter(task.name), NONE, (task,))
    if mode == "stack":
        return TrainPlan("target", compose("stack", under, adapter(task.name)), under, (task,))
    if not is_plain(under.kind):
        raise XadaptError(
            f"{option('mode', 'continue')} needs one adapter's weights, such as a single adapter or an average, not "
            f"{under}: use {option('mode', 'stack')}"
        )
    return TrainPlan("continue", compose("continue", under, adapter(task.name)), under, (task,))


def plan_full(plan: TrainPlan) -> TrainPlan:
    """The full fusion that a plan of one of low rank starts from."""
    return replace(plan, trains="fusion", makes=replace(plan.makes, options=()), under=replace(plan.under, options=()))


def plan_first(plan: TrainPlan, tasks: Catalogue = DEFAULT) -> TrainPlan | None:
    """What a plan's adapter is trained on first, on the same setup and in the same way; None for most tasks."""
    first = plan.tasks[0].after
    if first is None or plan.trains not in ("adapter", "gate", *_MODES):
        return None
    if adapter(first) in (plan.under.children if plan.under.kind in ("stack", "gate") else (plan.under,)):
        # The setup has learnt it already, and no expression can name it twice.
        return None
    if plan.trains == "adapter":
        return plan_task(first, tasks)
    if plan.trains == "gate":
        return plan_setup(replace(plan.makes, name=first), tasks)
    return plan_target(first, str(plan.under), _MODES[plan.trains], tasks)


_MODES = {"target": "stack", "continue": "continue"}


def _adapter_task(name: str, tasks: Catalogue) -> Task:
    """The task whose adapter a task has."""
    return _trainable(_trainable(name, tasks).adapter, tasks)


def _task(name: str, tasks: Catalogue) -> Task:
    return tasks[name]


def _trainable(name: str, tasks: Catalogue) -> Task:
    task = tasks[name]
    if not task.kind.trainable:
        raise XadaptError(
            f"{name} has no training set: its setups are scored as they are, with `xadapt evaluate {name}`"
        )
    return task
