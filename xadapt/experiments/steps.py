"""A recipe as a list of steps, in an order in which each finds what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xadapt.composition.expression import SOUPS, Node
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.experiments.recipe import Budget, Recipe, Target
from xadapt.problems import problem_class
from xadapt.tasks import Task, get_task
from xadapt.training.plan import TrainPlan, plan_setup, plan_targets, plan_task, setup_of


@dataclass(frozen=True)
class TrainStep:
    """Train a checkpoint with a seed."""

    plan: TrainPlan
    budget: Budget
    seed: int

    def __str__(self) -> str:
        return f"train {self.plan.makes}, seed {self.seed}"


@dataclass(frozen=True)
class EvalStep:
    """Evaluate a setup on a target with the checkpoints of a seed."""

    setup: Node
    task: Task
    target: Target
    seed: int

    def __str__(self) -> str:
        return f"evaluate {self.setup} on {self.task.name}, seed {self.seed}"


Step = TrainStep | EvalStep


def plan_steps(recipe: Recipe) -> list[Step]:
    """All steps of a recipe: adapters, multi-task adapters, soups and fusions, then target by target, for each seed."""
    return [step for seed in recipe.seeds for step in _of_seed(recipe, seed)]


def _of_seed(recipe: Recipe, seed: int) -> Iterator[Step]:
    every = [*recipe.setups, *(text for target in recipe.targets.values() for text in target.setups or ())]
    setups = [parse(text) for text in dict.fromkeys(every)]
    for name, budget in recipe.adapters.items():
        yield TrainStep(plan_task(name), budget, seed)
    budgets = {"fuse": recipe.fusion, "multitask": recipe.multitask, **dict.fromkeys(SOUPS, recipe.soup)}
    for node in dict.fromkeys(part for setup in setups for part in setup.walk() if part.kind in budgets):
        yield TrainStep(plan_setup(node), budgets[node.kind], seed)
    for name, target in recipe.targets.items():
        task, made = get_task(name), set()
        for setup in map(parse, target.setups or recipe.setups):
            if target.train is None:
                if setup.kind == "none" and problem_class(task).needs_head:
                    raise XadaptError(f"none has no head for {name}: give {name} a train budget, or name its setups")
                yield EvalStep(setup, task, target, seed)
                continue
            plans = plan_targets(name, str(setup), target.mode)
            for plan in plans:
                # An ensemble's members are often among the setups themselves.
                if plan.makes not in made:
                    made.add(plan.makes)
                    yield TrainStep(plan, target.train, seed)
            yield EvalStep(setup_of(plans), task, target, seed)
