"""What of a recipe would fail in the middle of its run, found before it begins: every error names the recipe's line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.backbone.outline import Outline, outline
from xadapt.bases import DEFAULT_BASE, split_name
from xadapt.composition.expression import Node, seed_of_run
from xadapt.composition.grammar import parse
from xadapt.composition.heads import pick_head
from xadapt.composition.hints import how_to_make
from xadapt.composition.placeholder import names_target
from xadapt.composition.several_runs import missing_run
from xadapt.composition.specs import composition_of, compositions, has_chosen_weights
from xadapt.errors import XadaptError, unknown
from xadapt.experiments.fair_limits import check_fair_limits
from xadapt.experiments.recipe import Budget
from xadapt.experiments.steps import EvalStep, TrainStep, plan_steps
from xadapt.problems import problem_class
from xadapt.training.plan import plan_first
from xadapt.training.run_kinds import run_kind
from xadapt.training.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
    from contextlib import AbstractContextManager

    from xadapt.context import Context
    from xadapt.experiments.recipe import Recipe
    from xadapt.experiments.steps import Step
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.tasks import Task
    from xadapt.tasks.catalogue import Catalogue

_Keys = tuple[str, ...]


def check_recipe(recipe: Recipe, tasks: Catalogue) -> None:
    """Check what a recipe says by itself.

    Raises:
        XadaptError: If its steps cannot be planned, a budget has no method or is of no composition, or a target has an
            option that its task does not take.
    """
    steps = plan_steps(recipe, tasks)
    budgets = sorted({one.trained.budget for one in compositions().values() if one.trained})
    for name in recipe.compositions:
        if name not in budgets:
            raise recipe.fault(["compositions", name], unknown("budget", name, budgets))
    for name, target in recipe.targets.items():
        if target.pool_limit and not problem_class(tasks[name]).pooled:
            kind = tasks[name].kind.name
            what = f"it is for tasks that retrieve from a pool; {name} is {kind}"
            raise recipe.fault(["targets", name, "pool_limit"], what)
    _check_seeds(recipe, steps)
    _check_methods(recipe)


def _check_seeds(recipe: Recipe, steps: Sequence[Step]) -> None:
    """Check that no two replicates would share a run of a setup that has several."""
    runs = [model.run or 0 for step in steps if isinstance(step, EvalStep) for model in step.setup.models]
    seeds = {step.replicate.seed for step in steps}
    for seed, run in ((seed, run) for seed in seeds for run in range(1, max(runs, default=0) + 1)):
        later = seed_of_run(seed, run)
        if later in seeds:
            what = (
                f"{later} is also the seed of run {run + 1} of the setups of seed {seed}: choose seeds nearer together"
            )
            raise recipe.fault(["seeds"], what)


def _budgets(recipe: Recipe) -> Iterator[tuple[_Keys, Budget]]:
    yield from ((("adapters", name), budget) for name, budget in recipe.adapters.items())
    yield from (((name,), getattr(recipe, name)) for name in ("fusion", "multitask", "soup"))
    yield from ((("compositions", name), budget) for name, budget in recipe.compositions.items())
    yield from ((("targets", name, "train"), t.train) for name, t in recipe.targets.items() if t.train)


def _check_methods(recipe: Recipe, layers: int | None = None) -> None:
    """Check the adapter methods of all budgets, each variant's change of them too."""
    each = ((keys, recipe.settled(budget)) for keys, budget in _budgets(recipe))
    budgets = [((), recipe.settled(Budget())), *each]
    changes = [(("variants", name), budget) for name, budget in recipe.variants.items()]
    changed = [(keys, recipe.settled(budget, change)) for keys, change in changes for _, budget in budgets]
    for keys, budget in (*budgets, *changes, *changed):
        if not budget.adapter_config and not budget.adapter_layers:
            continue
        from xadapt.methods.adapter import check_method
        from xadapt.methods.layer_grammar import with_layers

        with recipe.at(*keys):
            settings = make_settings(**budget.model_dump())
        with recipe.at(*keys, "adapter_config" if budget.adapter_config else "adapter_layers"):
            check_method(with_layers(settings.adapter_config, settings.adapter_layers), layers)


def check_ground(recipe: Recipe, context: Context, given_base: bool, only_look: bool) -> None:
    """Check that a recipe finds what it stands on: its base, rows, languages, members and heads.

    Args:
        recipe: The recipe.
        context: Base, rows, store and tasks.
        given_base: Whether the base was given by the user and is not the recipe's.
        only_look: Whether the base is only looked at, since nothing will be run.

    Raises:
        XadaptError: If something is not there, or does not fit.
    """
    try:
        base = outline(context.base) if only_look else _loaded(context)
    except XadaptError as error:
        raise error if given_base else recipe.fault(["base"], error) from None
    if base:
        _check_methods(recipe, base.layers)
        _check_lengths(recipe, base)
    steps = plan_steps(recipe, context.tasks)
    for name, target in recipe.targets.items():
        with recipe.at("targets", name, "languages"):
            context.source.pick_languages(context.tasks[name], target.languages)
    _check_rows(recipe, steps, context)
    if context.source.name != "hub" or not only_look:
        # Looking at a recipe downloads nothing.
        check_fair_limits(recipe, steps, context)
    fitting = list(_fitting(context, only_look))
    _check_runs(recipe, steps, {(one.setup, one.seed) for one in fitting}, context)
    there = {checkpoint.setup: checkpoint for checkpoint in fitting}
    heads = {setup: one.heads for setup, one in there.items()}
    for seed in dict.fromkeys(recipe.seeds_of(target)[0] for target in recipe.targets.values()):
        # Replicates differ in seeds, budgets and targets alone.
        first = next(step.replicate for step in steps if step.replicate.seed == seed)
        _Members(recipe, context.tasks, heads).check(step for step in steps if step.replicate == first)


def _loaded(context: Context) -> Outline:
    return Outline(context.backbone.layers, context.backbone.tokenizer.model_max_length)


def _check_lengths(recipe: Recipe, base: Outline) -> None:
    lengths = [(keys, budget.max_length) for keys, budget in _budgets(recipe)]
    lengths += [(("variants", name), budget.max_length) for name, budget in recipe.variants.items()]
    lengths += [(("targets", name), target.max_length) for name, target in recipe.targets.items()]
    for keys, length in lengths:
        if length and length > base.longest:
            what = f"this base reads {base.longest} tokens at most (got {length})"
            raise recipe.fault([*keys, "max_length"], what)


def _check_rows(recipe: Recipe, steps: Sequence[Step], context: Context) -> None:
    checked: set[tuple[str, str]] = set()
    for step in (step for step in steps if isinstance(step, TrainStep)):
        before = plan_first(step.plan, context.tasks)
        for plan in (step.plan, *([before] if before else [])):
            for task in plan.tasks:
                for part in ("train", "dev") if run_kind(plan.trains).learns else ("dev",):
                    if (task.name, part) not in checked:
                        checked.add((task.name, part))
                        with recipe.at(*_names(recipe, task)):
                            context.source.check_english(task, part)


def _check_runs(recipe: Recipe, steps: Sequence[Step], there: Set[tuple[str, int]], context: Context) -> None:
    """Check that each run of a setup that has several is trained here or of the seed that it must have."""
    made = {(step.replicate, step.makes) for step in steps if isinstance(step, TrainStep)}
    for step in (step for step in steps if isinstance(step, EvalStep)):
        for model in (model for model in step.setup.models if model.run is not None):
            seed = seed_of_run(step.replicate.seed, model.run or 0)
            if (step.replicate, model.name) not in made and (str(model.setup), seed) not in there:
                with recipe.at_setup(step.asked, step.task.name):
                    raise missing_run(context.seeded(step.replicate.seed), model)


def _names(recipe: Recipe, task: Task) -> _Keys:
    """The keys of the part of a recipe that wants a task's rows, as near as can be told."""
    if task.name in recipe.adapters:
        return "adapters", task.name
    return ("targets", task.name) if task.name in recipe.targets else ("setups",)


def _fitting(context: Context, only_look: bool) -> Iterable[Checkpoint]:
    """The checkpoints of a store that are for the base, as far as it is known; the newest of a setup last."""
    for checkpoint in reversed(list(context.store.checkpoints())):
        base = checkpoint.record.base
        if not only_look:
            fits = base.fingerprint == context.backbone.fingerprint
        elif split_name(context.base_name)[0] == DEFAULT_BASE:
            fits = base.name == context.base_name
        else:
            # One folder can have several names.
            fits = split_name(base.name)[0] != DEFAULT_BASE
        if fits:
            yield checkpoint


class _Members:
    """The checkpoints that there will be when a step begins, and the heads that a setup has then."""

    def __init__(self, recipe: Recipe, tasks: Catalogue, there: Mapping[str, Sequence[str]]) -> None:
        self._recipe, self._tasks = recipe, tasks
        #: By setup, the heads of its own checkpoint.
        self._there = dict(there)

    def check(self, steps: Iterable[Step]) -> None:
        """Check the steps of a replicate, in order."""
        for step in steps:
            if isinstance(step, EvalStep):
                with self._where(step):
                    self._evaluated(step)
                continue
            plan = step.plan
            with self._where(step):
                # What is made of its members starts from them, what is made on a setup from that.
                members = plan.under.children if plan.under == plan.makes else (plan.under,)
                heads = [head for node in members for head in self.heads(node)]
                kind, task = run_kind(plan.trains), plan.tasks[0]
                if not kind.learns and problem_class(task).needs_head:
                    pick_head(heads, task, self._tasks, plan.makes)
                for node in (part for member in members for part in member.parts) if kind.asks else ():
                    pick_head(self.heads(node), task, self._tasks, node)
            self._there[str(plan.makes)] = [task.name for task in plan.tasks if problem_class(task).needs_head]

    def _where(self, step: Step) -> AbstractContextManager[None]:
        if isinstance(step, TrainStep):
            return self._recipe.at_setup(step.asked or str(step.plan.makes), step.of)
        if step.asked in step.target.straight or names_target(parse(step.asked)):
            return self._recipe.at_setup(step.asked, step.task.name)
        return self._recipe.at("targets", step.task.name)

    def _evaluated(self, step: EvalStep) -> None:
        if has_chosen_weights(step.setup.kind):
            self.heads(step.setup)
        for part in step.setup.parts:
            heads = self.heads(part)
            if problem_class(step.task).needs_head:
                pick_head(heads, step.task, self._tasks, part)

    def heads(self, node: Node) -> list[str]:
        """The tasks of a setup's heads, in order of loading.

        Raises:
            XadaptError: If a checkpoint of it will not be there.
        """
        if node.kind == "none":
            return []
        spec, own = composition_of(node.kind), str(node)
        if node.kind == "stack":
            *under, last = node.children
            below = self.heads(Node("stack", children=tuple(under)) if len(under) > 1 else under[0])
            if last.kind == "adapter" and own in self._there:
                return [*below, *self._there[own]]
            return [*below, *self.heads(last)]
        has_own = spec is None or spec.trained is not None or node.kind == "continue"
        if has_own and own not in self._there:
            known = set(self._there)
            raise XadaptError(
                f"{unknown('adapter', own, known)}, or make it: {how_to_make(node, self._tasks)}, or train it here"
            )
        below = []
        if spec and (spec.needs_members or not has_own):
            below = [head for child in node.children for head in self.heads(child)]
        return [*below, *(self._there[own] if has_own else ())]
