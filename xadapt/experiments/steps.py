"""A recipe as a list of steps, in an order in which each finds what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.composition.grammar import parse
from xadapt.composition.specs import composition_of
from xadapt.errors import XadaptError, option, unknown
from xadapt.experiments.recipe import Budget, Recipe, Target
from xadapt.problems import problem_class
from xadapt.tasks.catalogue import DEFAULT, Catalogue
from xadapt.training.plan import TrainPlan, plan_setup, plan_targets, plan_task, setup_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xadapt.composition.expression import Node
    from xadapt.tasks import Task


@dataclass(frozen=True)
class Replicate:
    """Runs that belong together: those of one seed and, where a recipe has variants, of one of them."""

    seed: int
    variant: str = ""


def _named(replicate: Replicate) -> str:
    return f", {replicate.variant}" if replicate.variant else ""


@dataclass(frozen=True)
class TrainStep:
    """Train a checkpoint for a replicate; an intermediate adapter may be of another seed than the replicate."""

    plan: TrainPlan
    budget: Budget
    seed: int
    replicate: Replicate

    def __str__(self) -> str:
        return f"train {self.plan.makes}, seed {self.seed}{_named(self.replicate)}"


@dataclass(frozen=True)
class EvalStep:
    """Evaluate a setup on a target with the checkpoints of a seed."""

    setup: Node
    task: Task
    target: Target
    replicate: Replicate

    def __str__(self) -> str:
        return f"evaluate {self.setup} on {self.task.name}, seed {self.replicate.seed}{_named(self.replicate)}"


Step = TrainStep | EvalStep


def plan_steps(recipe: Recipe, tasks: Catalogue = DEFAULT) -> list[Step]:
    """All steps of a recipe: adapters, multi-task adapters, soups and fusions, then target by target, for each seed."""
    variants = recipe.variants or {"": Budget()}
    return [
        step
        for name, changes in variants.items()
        for seed in recipe.seeds
        for step in _of_replicate(recipe, Replicate(seed, name), changes, tasks)
    ]


def narrowed(recipe: Recipe, only: str) -> Recipe:
    """Keep some of a recipe's targets.

    Args:
        recipe: The recipe.
        only: Names of targets, separated by commas.

    Raises:
        XadaptError: If one is not a target of the recipe.
    """
    wanted = dict.fromkeys(name.strip() for name in only.split(",") if name.strip())
    for name in wanted:
        if name not in recipe.targets:
            raise unknown("target", name, recipe.targets)
    if not wanted:
        raise XadaptError(
            f"{option('only')} is empty: name targets of {recipe.name}, such as {next(iter(recipe.targets))}"
        )
    return recipe.model_copy(update={"targets": {name: recipe.targets[name] for name in wanted}})


def _of_replicate(recipe: Recipe, replicate: Replicate, changes: Budget, tasks: Catalogue) -> Iterator[Step]:
    every = [text for target in recipe.targets.values() for text in target.setups or recipe.setups]
    setups = [parse(text) for text in dict.fromkeys(every)]
    first = replicate.seed if recipe.intermediate_seed is None else recipe.intermediate_seed
    for name, budget in recipe.adapters.items():
        with recipe.at("adapters", name):
            plan = plan_task(name, tasks)
        yield TrainStep(plan, budget.changed(changes), first, replicate)
    within = {node: setup for setup in reversed(setups) for node in setup.walk()}
    for node in dict.fromkeys(part for setup in setups for part in setup.walk()):
        spec = composition_of(node.kind)
        if spec and spec.trained and str(node) not in recipe.ready:
            seed = first if spec.trained.from_base else replicate.seed
            with recipe.at_setup(str(within[node])):
                plan = plan_setup(node, tasks)
            yield TrainStep(plan, recipe.budget(spec.trained.budget).changed(changes), seed, replicate)
    for name in recipe.targets:
        yield from _of_target(recipe, name, replicate, changes, tasks)


def _of_target(recipe: Recipe, name: str, replicate: Replicate, changes: Budget, tasks: Catalogue) -> Iterator[Step]:
    target, task = recipe.targets[name], tasks[name]
    with recipe.at("targets", name, "train_on"):
        learnt = _learnt(task, target, tasks)
    made: set[Node] = set()
    for setup in map(parse, target.setups or recipe.setups):
        if target.train is None:
            if setup.kind == "none" and problem_class(task).needs_head:
                what = f"none has no head for {name}: give {name} a train budget, or name its setups"
                raise recipe.fault(["targets", name], what)
            yield EvalStep(setup, task, target, replicate)
            continue
        with recipe.at("targets", name):
            plans = plan_targets(learnt.name, str(setup), target.mode, tasks)
        for plan in plans:
            # An ensemble's members are often among the setups themselves.
            if plan.makes not in made:
                made.add(plan.makes)
                yield TrainStep(plan, target.train.changed(changes), replicate.seed, replicate)
        yield EvalStep(setup_of(plans), task, target, replicate)


def _learnt(task: Task, target: Target, tasks: Catalogue) -> Task:
    """The task whose English rows a target adapter learns."""
    if target.train_on is None:
        return task
    learnt = tasks[target.train_on]
    if target.train is None:
        raise XadaptError(f"{task.name}: train_on says what a target adapter is trained on; give its train budget too")
    if learnt.kind != task.kind:
        raise XadaptError(f"{task.name}: train_on {learnt.name} does not have its labels")
    return learnt
