"""Steps carried out: what is done already is skipped, what was cut goes on, results are collected."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from xadapt.backbone.base import Backbone
from xadapt.data.source import Source
from xadapt.evaluation.evaluate import EvalDisplay, EvalSettings, evaluate
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import EvalStep, TrainStep, plan_steps
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.training.settings import make_settings
from xadapt.training.train import Display, train
from xadapt.validation import validated


def execute(
    recipe: Recipe,
    backbone: Backbone,
    source: Source,
    store: Store,
    training_display: Callable[[str], AbstractContextManager[Display]],
    evaluation_display: Callable[[str], AbstractContextManager[EvalDisplay]],
    precision: str = "auto",
    device: str = "auto",
    on_use: Callable[[Checkpoint], object] | None = None,
) -> list[dict[str, Any]]:
    """Run a recipe.

    Args:
        recipe: What to run.
        backbone: Its base.
        source: Where rows come from.
        store: Where checkpoints and results go.
        training_display: Makes the progress display of a training step from its title.
        evaluation_display: The same for an evaluation.
        precision: ``auto``, ``fp32`` or ``bf16``.
        device: ``auto`` or a device name.
        on_use: Told of every checkpoint that an evaluation loads.

    Returns:
        The results of its evaluations, in the order of the plan.
    """
    steps = plan_steps(recipe)
    results = []
    pins: dict[tuple[int, str], Checkpoint] = {}
    for number, step in enumerate(steps, start=1):
        title = f"[{number}/{len(steps)}] {step}"
        mine = {setup: checkpoint for (seed, setup), checkpoint in pins.items() if seed == step.seed}
        if isinstance(step, TrainStep):
            options = {**step.budget.model_dump(), "seed": step.seed, "precision": precision, "device": device}
            with training_display(title) as display:
                pins[step.seed, str(step.plan.makes)] = train(
                    step.plan, backbone, source, store, make_settings(**options), mine, display
                )
        elif isinstance(step, EvalStep):
            settings = validated(
                EvalSettings,
                seed=step.seed,
                limit=step.target.limit,
                max_length=step.target.max_length,
                precision=precision,
                device=device,
            )
            with evaluation_display(title) as shown:
                languages = step.target.languages
                results.append(
                    evaluate(step.setup, step.task, languages, backbone, source, store, settings, mine, shown, on_use)
                )
    return results
