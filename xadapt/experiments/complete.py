"""Complete setups: those that name ``target``, which nothing is put on top of, and the runs that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.expression import RUNS, Node, adapter
from xadapt.composition.placeholder import TARGET, with_target
from xadapt.composition.specs import composition_of
from xadapt.errors import XadaptError
from xadapt.training.plan import plan_setup, plan_target, plan_task
from xadapt.training.run_kinds import run_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xadapt.experiments.recipe import Budget, Recipe
    from xadapt.tasks import Task
    from xadapt.tasks.catalogue import Catalogue
    from xadapt.training.plan import TrainPlan


def completed(setup: Node, adapted: Task, tasks: Catalogue) -> Node:
    """A complete setup for a target.

    Args:
        setup: As the recipe has it.
        adapted: The task whose adapter the target has.
        tasks: The tasks that are known.

    Raises:
        XadaptError: If it is no setup on this target, or a task is called as the word is.
    """
    if TARGET in tasks:
        raise XadaptError(f"{TARGET} stands for the target's adapter here: give your task {TARGET} another name")
    return with_target(setup, adapted.name)


def runs_of(setup: Node, adapted: Task, tasks: Catalogue) -> Iterator[tuple[TrainPlan, int]]:
    """The runs that make a complete setup, members first; what several parts need comes several times.

    Other adapters than the target's are members that are there, or have a step of their own.

    Returns:
        Plans, each with the number of its run: 0 but for the later ones of ``runs(…)``.
    """
    target = adapter(adapted.name)
    if setup == target:
        yield plan_task(adapted.name, tasks), 0
        return
    if setup.kind == RUNS:
        inner = list(runs_of(setup.children[0], adapted, tasks))
        yield from inner
        # Its members are the same in all runs.
        yield from ((inner[-1][0], run) for run in range(1, len(setup.models)) if inner)
        return
    if setup.kind in ("stack", "continue") and setup.children[-1] == target:
        *under, _ = setup.children
        below = Node("stack", children=tuple(under)) if len(under) > 1 else under[0]
        yield from runs_of(below, adapted, tasks)
        yield plan_target(adapted.name, str(below), setup.kind, tasks), 0
        return
    spec = composition_of(setup.kind)
    # The members of a multi-task adapter are tasks and not adapters.
    for child in setup.children if spec and spec.members != "tasks" else ():
        yield from runs_of(child, adapted, tasks)
    if spec and spec.trained:
        yield plan_setup(setup, tasks), 0


def budget_of(recipe: Recipe, name: str, plan: TrainPlan, adapted: Task) -> Budget:
    """The budget of a run that makes a part of a complete setup.

    A target adapter has the target's. So has whatever else is learnt on the target where its own budget leaves
    something open, so that all see the same rows as often; but a kind of run may have a learning rate of its own.

    Args:
        recipe: The recipe.
        name: The target.
        plan: The run.
        adapted: The task whose adapter the target has.
    """
    train, spec = recipe.targets[name].train, composition_of(plan.makes.kind)
    if train is None:
        raise XadaptError(f"{TARGET} is an adapter that is trained: give {name} a train budget")
    if spec is None or spec.trained is None:
        return train
    own = recipe.budget(spec.trained.budget)
    if plan.makes.name != adapted.name:
        return own
    its_rate = run_kind(plan.trains).defaults is not None
    return (train.model_copy(update={"lr": None}) if its_rate else train).changed(own)
