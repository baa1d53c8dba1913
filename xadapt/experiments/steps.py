"""A recipe as a list of steps, in an order in which each finds what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.composition.expression import RUNS, named_run, seed_of_run
from xadapt.composition.grammar import parse
from xadapt.composition.placeholder import names_target, with_target
from xadapt.composition.specs import composition_of
from xadapt.errors import XadaptError, option, unknown
from xadapt.experiments.complete import budget_of, completed, runs_of
from xadapt.experiments.recipe import Budget, Recipe, Target
from xadapt.problems import problem_class
from xadapt.tasks.catalogue import DEFAULT, Catalogue
from xadapt.training.plan import TrainPlan, plan_setup, plan_targets, plan_task, setup_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    """Train a checkpoint for a replicate; an intermediate adapter may be of another seed than the replicate.

    Attributes:
        plan: What is trained.
        budget: With which settings.
        seed: Of the run.
        replicate: What it belongs to.
        asked: The setup that wants it, as the recipe has it; empty where that is what it makes.
        of: The target that wants it, empty for several.
        run: Which run of the setup it is, where a setup has several.
    """

    plan: TrainPlan
    budget: Budget
    seed: int
    replicate: Replicate
    asked: str = ""
    of: str = ""
    run: int = 0

    @property
    def makes(self) -> str:
        """What its checkpoint is called among those of the replicate."""
        return named_run(str(self.plan.makes), self.run)

    def __str__(self) -> str:
        return f"train {self.plan.makes}, seed {self.seed}{_named(self.replicate)}"


@dataclass(frozen=True)
class EvalStep:
    """Evaluate a setup on a target with the checkpoints of a seed.

    Attributes:
        setup: The setup.
        task: The target.
        target: How it is measured.
        replicate: What it belongs to.
        asked: The setup as the recipe has it.
    """

    setup: Node
    task: Task
    target: Target
    replicate: Replicate
    asked: str = ""

    def __str__(self) -> str:
        return f"evaluate {self.setup} on {self.task.name}, seed {self.replicate.seed}{_named(self.replicate)}"


Step = TrainStep | EvalStep


def plan_steps(recipe: Recipe, tasks: Catalogue = DEFAULT) -> list[Step]:
    """All steps of a recipe: adapters, multi-task adapters, soups and fusions, then target by target, for each seed."""
    variants = recipe.variants or {"": Budget()}
    seeds = dict.fromkeys([*recipe.seeds, *(seed for one in recipe.targets.values() for seed in one.seeds or ())])
    return [
        step
        for name, changes in variants.items()
        for seed in seeds
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
    here = {name: target for name, target in recipe.targets.items() if replicate.seed in recipe.seeds_of(target)}
    every = [text for target in here.values() for text in (*recipe.setups_of(target), *target.straight)]
    setups = [parse(text) for text in dict.fromkeys(every)]
    first = replicate.seed if recipe.intermediate_seed is None else recipe.intermediate_seed
    named = {name for setup in setups for name in setup.adapters()}
    for name, budget in recipe.adapters.items():
        # A seed that some targets have beside the recipe's needs their members alone.
        if replicate.seed in recipe.seeds or name in named:
            with recipe.at("adapters", name):
                plan = plan_task(name, tasks)
            yield TrainStep(plan, recipe.settled(budget, changes), first, replicate)
    within = {node: setup for setup in reversed(setups) for node in setup.walk()}
    made: dict[tuple[Node, int], Budget] = {}
    for node in dict.fromkeys(part for setup in setups for part in setup.walk()):
        spec = composition_of(node.kind)
        if spec and spec.trained and str(node) not in recipe.ready and not names_target(node):
            seed = first if spec.trained.from_base else replicate.seed
            with recipe.at_setup(str(within[node])):
                plan = plan_setup(node, tasks)
            made[node, 0] = recipe.settled(recipe.budget(spec.trained.budget), changes)
            yield TrainStep(plan, made[node, 0], seed, replicate)
    yield from _more_runs(recipe, replicate, changes, setups, tasks)
    for name in here:
        yield from _OfTarget(recipe, name, replicate, changes, tasks, made).steps()


def _more_runs(
    recipe: Recipe, replicate: Replicate, changes: Budget, setups: Iterable[Node], tasks: Catalogue
) -> Iterator[Step]:
    """The later runs of setups that have several, as far as the recipe trains the first one before all targets."""
    wanted: dict[Node, int] = {}
    for node in (part for setup in setups for part in setup.walk() if part.kind == RUNS and not names_target(part)):
        wanted[node.children[0]] = max(len(node.models), wanted.get(node.children[0], 0))
    for setup, number in wanted.items():
        spec = composition_of(setup.kind)
        if setup.kind == "adapter" and setup.name in recipe.adapters:
            plan, budget, from_base = plan_task(setup.name, tasks), recipe.adapters[setup.name], True
        elif spec and spec.trained and str(setup) not in recipe.ready:
            plan, from_base = plan_setup(setup, tasks), spec.trained.from_base
            budget = recipe.budget(spec.trained.budget)
        else:
            continue
        first = replicate.seed if recipe.intermediate_seed is None or not from_base else recipe.intermediate_seed
        for run in range(1, number):
            yield TrainStep(plan, recipe.settled(budget, changes), seed_of_run(first, run), replicate, run=run)


class _OfTarget:
    """The steps of one target in a replicate."""

    def __init__(
        self,
        recipe: Recipe,
        name: str,
        replicate: Replicate,
        changes: Budget,
        tasks: Catalogue,
        before: Mapping[tuple[Node, int], Budget],
    ) -> None:
        """Take what earlier steps of the replicate made, with their budgets."""
        self.recipe, self.name, self.replicate, self.changes, self.tasks = recipe, name, replicate, changes, tasks
        self.task, self.target = tasks[name], recipe.targets[name]
        with recipe.at("targets", name, "train_on"):
            self.learnt = _learnt(self.task, self.target, tasks)
        #: The task whose adapter it has.
        self.adapted = tasks[self.learnt.adapter]
        self.made = dict(before)
        self.evaluated: set[Node] = set()

    def steps(self) -> Iterator[Step]:
        """Train and evaluate its setups, one after the other, then score what is straight."""
        recipe, target = self.recipe, self.target
        for text in recipe.setups_of(target):
            setup = parse(text)
            if names_target(setup):
                yield from self._complete(setup, text)
            elif target.train is None:
                if setup.kind == "none" and problem_class(self.task).needs_head:
                    what = f"none has no head for {self.name}: give {self.name} a train budget, or name its setups"
                    raise recipe.fault(["targets", self.name], what)
                yield from self._evaluate(setup, text)
            else:
                yield from self._under_adapter(setup, text, target.train)
        for text in target.straight:
            with recipe.at_setup(text, self.name):
                yield from self._evaluate(_straight(parse(text), self.task), text)

    def _evaluate(self, setup: Node, text: str) -> Iterator[Step]:
        # The bare base's own adapter is both none under a target adapter and the target's adapter.
        if setup not in self.evaluated:
            self.evaluated.add(setup)
            yield EvalStep(setup, self.task, self.target, self.replicate, text)

    def _under_adapter(self, setup: Node, text: str, train: Budget) -> Iterator[Step]:
        with self.recipe.at("targets", self.name):
            plans = plan_targets(self.learnt.name, str(setup), self.target.mode, self.tasks)
        for plan in plans:
            yield from self._train(plan, train, text)
        yield from self._evaluate(setup_of(plans), text)

    def _complete(self, setup: Node, text: str) -> Iterator[Step]:
        recipe, adapted = self.recipe, self.adapted
        with recipe.at_setup(text, self.name):
            whole = completed(setup, adapted, self.tasks)
            ready = {str(with_target(parse(one), adapted.name)) for one in recipe.ready}
            steps: list[Step] = []
            for plan, run in runs_of(whole, adapted, self.tasks):
                if str(plan.makes) not in ready:
                    steps += self._train(plan, budget_of(recipe, self.name, plan, adapted), text, run)
        yield from steps
        yield from self._evaluate(whole, text)

    def _train(self, plan: TrainPlan, budget: Budget, text: str, run: int = 0) -> Iterator[Step]:
        changed, what = self.recipe.settled(budget, self.changes), (plan.makes, run)
        # An ensemble's members are often among the setups themselves.
        if what in self.made:
            if self.made[what] != changed:
                raise XadaptError(f"{plan.makes} is wanted with two budgets: leave one of them out")
            return
        self.made[what] = changed
        spec = composition_of(plan.makes.kind)
        first = self.recipe.intermediate_seed if spec and spec.trained and spec.trained.from_base else None
        seed = seed_of_run(self.replicate.seed if first is None else first, run)
        yield TrainStep(plan, changed, seed, self.replicate, text, self.name, run)


def _straight(setup: Node, task: Task) -> Node:
    if names_target(setup) or (setup.kind == "none" and problem_class(task).needs_head):
        raise XadaptError(f"{setup} cannot be scored straight: it has no head before it is trained on {task.name}")
    return setup


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
