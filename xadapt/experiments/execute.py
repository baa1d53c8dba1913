"""Steps carried out: what is done already is skipped, what was cut goes on, results are collected."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from xadapt.errors import interruption_says
from xadapt.evaluation.evaluate import EvalSettings, evaluate
from xadapt.experiments.outlook import Expected, Pace, look_ahead
from xadapt.experiments.steps import EvalStep, Replicate, Step, TrainStep, plan_steps
from xadapt.libraries.transformers import leave_out_of_collection
from xadapt.training.settings import make_settings
from xadapt.training.train import train
from xadapt.validation import validated

if TYPE_CHECKING:
    from xadapt.context import Context
    from xadapt.experiments.recipe import Recipe
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.result_record import Result

#: Called before each step with all steps, the number of those behind, and the seconds left.
Outlook = Callable[[Sequence[Expected], int, float], object]


@dataclass(frozen=True)
class Outcome:
    """What a run of a recipe came to.

    Attributes:
        results: The results of its evaluations, in the order of the plan.
        steps: Steps of the plan.
        left: Those that were not begun because the time was up.
        pins: What its training steps made or found, by replicate and expression.
    """

    results: list[Result]
    steps: int
    left: int
    pins: dict[tuple[Replicate, str], Checkpoint]


@dataclass
class _Execution:
    """What every step works with."""

    context: Context
    resume: bool
    pins: dict[tuple[Replicate, str], Checkpoint] = field(default_factory=dict)

    def carry_out(self, step: Step, title: str) -> Result | None:
        """Train or evaluate; gives the result of an evaluation."""
        mine = {setup: made for (replicate, setup), made in self.pins.items() if replicate == step.replicate}
        if isinstance(step, TrainStep) and step.run:
            # A later run has the same members, and nothing else of the first, such as a full fusion to be factored.
            inside = [node for node in step.plan.makes.walk() if node != step.plan.makes]
            members = {name for node in inside for name in (str(node), *(model.name for model in node.models))}
            mine = {setup: made for setup, made in mine.items() if setup in members}
        context = self.context.pinned(mine).titled(title)
        if isinstance(step, EvalStep):
            target = step.target
            settings = validated(
                EvalSettings, limit=target.limit, pool_limit=target.pool_limit, max_length=target.max_length
            )
            context = context.seeded(step.replicate.seed)
            return evaluate(context, step.setup, step.task, target.languages, settings)
        budget = make_settings(**step.budget.model_dump(), resume=self.resume)
        self.pins[step.replicate, step.makes] = train(context.seeded(step.seed), step.plan, budget)
        return None


def execute(
    context: Context,
    recipe: Recipe,
    hours: float | None = None,
    resume: bool = True,
    look: Outlook = lambda expected, behind, left: None,
) -> Outcome:
    """Run a recipe.

    Args:
        context: Base, rows, store, tasks, hardware and display.
        recipe: What to run.
        hours: No step is begun that is not expected to end within so many hours; what is done already costs no time.
        resume: Whether a training that was cut goes on from its last saved state; else it begins again.
        look: Called before each step.
    """
    steps = plan_steps(recipe, context.tasks)
    expected = look_ahead(steps, context.store, context.backbone.name, context.source.name, context.tasks)
    execution = _Execution(context, resume)
    if not all(one.done for one in expected):
        leave_out_of_collection()
    pace = Pace()
    results: list[Result] = []
    for number, one in enumerate(expected):
        if hours is not None and not one.done and pace.spent + pace.seconds([one]) >= hours * 3600:
            return Outcome(results, len(steps), len(steps) - number, execution.pins)
        look(expected, number, pace.seconds(expected[number:]))
        started = time.monotonic()
        with interruption_says(partial(_behind, number, len(steps))):
            result = execution.carry_out(one.step, f"[{number + 1}/{len(steps)}] {one.step}")
        pace.note(one, time.monotonic() - started)
        if result is not None:
            results.append(_as_in_recipe(result, one.step))
    return Outcome(results, len(steps), 0, execution.pins)


def _behind(done: int, steps: int) -> str:
    return f"{done} of {steps} runs are done"


def _as_in_recipe(result: Result, step: Step) -> Result:
    """A result with what the recipe says of it that the result by itself does not."""
    target = (step.target.train_on or "") if isinstance(step, EvalStep) else ""
    return result.model_copy(update={"named": step.replicate.variant, "target": target})
