"""What the fusions of a recipe attend to on its targets, explained once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from xadapt.backbone.base import Backbone
from xadapt.composition.expression import Node
from xadapt.composition.grammar import parse
from xadapt.data.source import Source
from xadapt.evaluation.evaluate import EvalDisplay, EvalSettings
from xadapt.experiments.recipe import Recipe, Target
from xadapt.experiments.steps import Line
from xadapt.explain.explanation import explain
from xadapt.reports.explanation import explanation_json
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.files import atomic_write_json, read_json
from xadapt.store.store import Store, run_hash
from xadapt.tasks import Task, get_task
from xadapt.training.plan import plan_target


def fusions_explained(
    recipe: Recipe,
    pins: Mapping[tuple[Line, str], Checkpoint],
    backbone: Backbone,
    source: Source,
    store: Store,
    display: Callable[[str], AbstractContextManager[EvalDisplay]],
) -> list[dict[str, Any]]:
    """Explain each target's fusions with the checkpoints of the recipe's first line of runs.

    Args:
        recipe: Its targets say on how many rows a language, if at all.
        pins: What the recipe trained, by line and expression.
        backbone: The base.
        source: Where test rows come from.
        store: Where members are found, and what was explained before.
        display: Makes a progress display from a title.

    Returns:
        Explanations as `xadapt explain` stores them.
    """
    seed = recipe.seeds[0]
    first = Line(seed, next(iter(recipe.variants), ""))
    mine = {setup: checkpoint for (line, setup), checkpoint in pins.items() if line == first}
    found = []
    for setup, task, target in _asked(recipe):
        decides = {
            "explains": str(setup),
            "task": task.name,
            "languages": target.languages,
            "limit": target.explain,
            "max_length": target.max_length,
            "base": backbone.fingerprint,
            "data": source.name,
            "members": {str(part): mine[str(part)].run for part in setup.walk() if str(part) in mine},
        }
        path = store.explanation_path(run_hash(decides))
        if not path.is_file():
            settings = EvalSettings(seed=seed, limit=target.explain, max_length=target.max_length)
            with display(f"explain {setup} on {task.name}") as shown:
                made = explain(setup, task, target.languages, backbone, source, store, settings, mine, shown)
            atomic_write_json(path, explanation_json(made))
        found.append(read_json(path))
    return found


def _asked(recipe: Recipe) -> Iterator[tuple[Node, Task, Target]]:
    for name, target in recipe.targets.items():
        for setup in map(parse, target.setups or recipe.setups):
            # A fusion of low rank is made to attend as the full one does.
            if target.explain and setup.kind == "fuse" and setup.option("rank") is None:
                yield (
                    (plan_target(target.train_on or name, str(setup), target.mode).makes if target.train else setup),
                    get_task(name),
                    target,
                )
