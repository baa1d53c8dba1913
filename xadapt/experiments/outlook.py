"""What a plan has behind it and before it: steps that the store holds already, and how long the others will take."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.composition.expression import run_of_name, seed_of_run
from xadapt.experiments.rates import Rates
from xadapt.experiments.steps import Replicate, Step, TrainStep
from xadapt.methods.layer_grammar import with_layers
from xadapt.tasks.catalogue import DEFAULT, Catalogue
from xadapt.training.settings import DEFAULT_ADAPTER, DEFAULT_LAYERS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from xadapt.experiments.recipe import Budget
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.result_record import Result
    from xadapt.store.store import Store

#: Expected seconds after which the pace of a run says more than that of earlier ones.
_ENOUGH = 60.0


@dataclass(frozen=True)
class Expected:
    """A step, before it runs.

    Attributes:
        step: The step.
        done: Whether the store seems to hold it. Data that changed shows only when the step runs.
        seconds: How long it will take: 0 when done, None where nothing of its sort was ever timed.
    """

    step: Step
    done: bool
    seconds: float | None


def look_ahead(steps: Sequence[Step], store: Store, base: str, data: str, tasks: Catalogue = DEFAULT) -> list[Expected]:
    """Find which steps of a plan are done, and estimate the others from what was timed before.

    Args:
        steps: The plan.
        store: Its checkpoints and results, with the times that they took.
        base: The base's name, as records have it.
        data: The name of the data source, as results have it.
        tasks: The tasks that are known.
    """
    checkpoints = [checkpoint for checkpoint in store.checkpoints() if checkpoint.record.base.name == base]
    results = [result for result in store.results() if result.base == base]
    held = _Held(checkpoints, [result for result in results if result.data == data])
    rates = Rates(checkpoints, results, tasks)
    done = [held.holds(step) for step in steps]
    return [
        Expected(step, is_done, 0.0 if is_done else rates.seconds(step))
        for step, is_done in zip(steps, done, strict=True)
    ]


class Pace:
    """How fast this run is beside what was expected of it."""

    def __init__(self) -> None:
        """Nothing has run yet."""
        #: Seconds that steps took which were not done before.
        self.spent = 0.0
        self._measured = self._expected = 0.0

    def note(self, one: Expected, seconds: float) -> None:
        """Take in how long a step took."""
        if one.done:
            return
        self.spent += seconds
        if one.seconds is not None:
            self._measured += seconds
            self._expected += one.seconds

    def seconds(self, expected: Iterable[Expected]) -> float:
        """Seconds that steps will take together; those that nothing is known of are not counted."""
        total = sum(one.seconds for one in expected if one.seconds is not None)
        return total * (self._measured / self._expected if self._expected > _ENOUGH else 1.0)


class _Held:
    """What a store holds of a plan, whose steps are asked for in order: a step uses the runs before it."""

    def __init__(self, checkpoints: Sequence[Checkpoint], results: Iterable[Result]) -> None:
        self._checkpoints: dict[str, list[Checkpoint]] = defaultdict(list)
        for checkpoint in checkpoints:
            self._checkpoints[checkpoint.setup].append(checkpoint)
        self._results: dict[tuple[Hashable, ...], list[dict[str, str]]] = defaultdict(list)
        for result in results:
            key = (result.task, result.setup, result.limit, result.pool_limit)
            self._results[key].append(result.members)
        self._made: dict[tuple[Replicate, str], str | None] = {}
        self._seen: set[tuple[Hashable, ...]] = set()

    def holds(self, step: Step) -> bool:
        """Whether a step is done, or is one that came before under another seed."""
        if isinstance(step, TrainStep):
            made = step.makes
            run = self._trained(step)
            self._made[step.replicate, made] = run
            return run is not None or self._again((made, step.seed, step.budget))
        key = (step.task.name, str(step.setup), step.target.limit, step.target.pool_limit)
        named = {*map(str, step.setup.walk()), *(model.name for model in step.setup.models)}
        seeded = any((step.replicate, name) in self._made for name in named)
        again = self._again((*key, step.replicate if seeded else None))
        return again or any(self._same_members(members, step.replicate) for members in self._results[key])

    def _again(self, step: tuple[Hashable, ...]) -> bool:
        before = step in self._seen
        self._seen.add(step)
        return before

    def _trained(self, step: TrainStep) -> str | None:
        for checkpoint in self._checkpoints[str(step.plan.makes)]:
            members = checkpoint.record.members
            fits = checkpoint.seed == step.seed and _within(checkpoint, step.budget)
            if fits and self._same_members(members, step.replicate):
                return checkpoint.run
        return None

    def _same_members(self, members: dict[str, str], replicate: Replicate) -> bool:
        return all(self._run(setup, replicate) == run for setup, run in members.items())

    def _run(self, setup: str, replicate: Replicate) -> str | None:
        if (replicate, setup) in self._made:
            return self._made[replicate, setup]
        of_several, number = run_of_name(setup)
        if number:
            seed = seed_of_run(replicate.seed, number)
            return next((one.run for one in self._checkpoints[of_several] if one.seed == seed), None)
        named = self._checkpoints[setup]
        return next((c.run for c in (*(c for c in named if c.seed == replicate.seed), *named)), None)


def _within(checkpoint: Checkpoint, budget: Budget) -> bool:
    """Whether a checkpoint was trained with a budget; what the budget leaves open may be anything."""
    settings, given = checkpoint.record.settings, budget.model_dump(exclude_none=True)
    if given.keys() & {"adapter_config", "adapter_layers"}:
        # A record has method and layers in one.
        method, layers = given.get("adapter_config", DEFAULT_ADAPTER), given.pop("adapter_layers", DEFAULT_LAYERS)
        given["adapter_config"] = with_layers(method, layers)
    return all(settings[key] == value for key, value in given.items() if key in settings)
