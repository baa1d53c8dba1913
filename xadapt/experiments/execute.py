"""Steps carried out: what is done already is skipped, what was cut goes on, results are collected."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from xadapt.backbone.base import Backbone
from xadapt.data.source import Source
from xadapt.evaluation.evaluate import EvalDisplay, EvalSettings, evaluate
from xadapt.experiments.outlook import Expected, Pace, look_ahead
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import EvalStep, Line, Step, plan_steps
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.training.settings import make_settings
from xadapt.training.train import Display, train
from xadapt.validation import validated


@dataclass
class RunDisplay:
    """How a recipe's run tells a person where it is.

    Attributes:
        training: Makes the progress display of a training step from its title.
        evaluation: The same for an evaluation.
        look: Told before each step of all steps, the number of those behind, and the seconds left.
    """

    training: Callable[[str], AbstractContextManager[Display]]
    evaluation: Callable[[str], AbstractContextManager[EvalDisplay]]
    look: Callable[[Sequence[Expected], int, float], object] = field(default=lambda expected, behind, left: None)


@dataclass(frozen=True)
class Outcome:
    """What a run of a recipe came to.

    Attributes:
        results: The results of its evaluations, in the order of the plan.
        steps: Steps of the plan.
        left: Those that were not begun because the time was up.
        pins: What its training steps made or found, by line and expression.
    """

    results: list[dict[str, Any]]
    steps: int
    left: int
    pins: dict[tuple[Line, str], Checkpoint]


@dataclass
class _Bench:
    """What every step works with."""

    backbone: Backbone
    source: Source
    store: Store
    display: RunDisplay
    precision: str
    device: str
    on_use: Callable[[Checkpoint], object] | None
    resume: bool
    pins: dict[tuple[Line, str], Checkpoint] = field(default_factory=dict)


def execute(
    recipe: Recipe,
    backbone: Backbone,
    source: Source,
    store: Store,
    display: RunDisplay,
    precision: str = "auto",
    device: str = "auto",
    on_use: Callable[[Checkpoint], object] | None = None,
    hours: float | None = None,
    resume: bool = True,
) -> Outcome:
    """Run a recipe.

    Args:
        recipe: What to run.
        backbone: Its base.
        source: Where rows come from.
        store: Where checkpoints and results go.
        display: Progress for a person.
        precision: ``auto``, ``fp32`` or ``bf16``.
        device: ``auto`` or a device name.
        on_use: Told of every checkpoint that an evaluation loads.
        hours: No step is begun that is not expected to end within so many hours; what is done already costs no time.
        resume: Whether a training that was cut goes on from its last saved state; else it begins again.
    """
    steps = plan_steps(recipe)
    expected = look_ahead(steps, store, backbone.name, source.name)
    bench = _Bench(backbone, source, store, display, precision, device, on_use, resume)
    if not all(one.done for one in expected):
        _set_libraries_aside()
    pace = Pace()
    results: list[dict[str, Any]] = []
    for number, one in enumerate(expected):
        if hours is not None and not one.done and pace.spent + pace.seconds([one]) >= hours * 3600:
            return Outcome(results, len(steps), len(steps) - number, bench.pins)
        display.look(expected, number, pace.seconds(expected[number:]))
        started = time.monotonic()
        result = _carry_out(one.step, f"[{number + 1}/{len(steps)}] {one.step}", bench)
        pace.note(one, time.monotonic() - started)
        if result is not None:
            results.append({**result, **_said(one.step)})
    return Outcome(results, len(steps), 0, bench.pins)


@cache
def _set_libraries_aside() -> None:
    """Keep garbage collection, which the Trainer calls before every run, from going through the libraries again."""
    from adapters import XLMRobertaAdapterModel  # noqa: F401 - what it brings with it is to be there already

    gc.collect()
    gc.freeze()


def _said(step: Step) -> dict[str, str]:
    """What the recipe says of a result that the result by itself does not."""
    told = {"named": step.line.variant}
    if isinstance(step, EvalStep):
        told["target"] = step.target.train_on or ""
    return {key: value for key, value in told.items() if value}


def _carry_out(step: Step, title: str, bench: _Bench) -> dict[str, Any] | None:
    mine = {setup: checkpoint for (line, setup), checkpoint in bench.pins.items() if line == step.line}
    if isinstance(step, EvalStep):
        return _evaluate(step, title, bench, mine)
    options = {**step.budget.model_dump(), "seed": step.seed, "precision": bench.precision, "device": bench.device}
    options["resume"] = bench.resume
    with bench.display.training(title) as shown:
        settings = make_settings(**options)
        trained = train(step.plan, bench.backbone, bench.source, bench.store, settings, mine, shown)
    bench.pins[step.line, str(step.plan.makes)] = trained
    return None


def _evaluate(step: EvalStep, title: str, bench: _Bench, mine: dict[str, Checkpoint]) -> dict[str, Any]:
    target = step.target
    settings = validated(
        EvalSettings,
        seed=step.line.seed,
        limit=target.limit,
        pool_limit=target.pool_limit,
        max_length=target.max_length,
        precision=bench.precision,
        device=bench.device,
    )
    with bench.display.evaluation(title) as shown:
        return evaluate(
            step.setup,
            step.task,
            target.languages,
            bench.backbone,
            bench.source,
            bench.store,
            settings,
            mine,
            shown,
            bench.on_use,
        )
