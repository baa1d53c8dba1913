"""What the fusions of a recipe attend to on its targets, explained once and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.grammar import parse
from xadapt.composition.placeholder import names_target, with_target
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.experiments.steps import Replicate
from xadapt.explain.explanation import REVISION, explain
from xadapt.explain.record import explanation_record
from xadapt.store.explanation_record import ExplanationRecord
from xadapt.store.store import run_hash
from xadapt.store.versions import library_versions
from xadapt.training.plan import plan_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.experiments.recipe import Recipe, Target
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.tasks import Task
    from xadapt.tasks.catalogue import Catalogue


def fusions_explained(
    context: Context, recipe: Recipe, pins: Mapping[tuple[Replicate, str], Checkpoint]
) -> list[ExplanationRecord]:
    """Explain each target's fusions with the checkpoints of its first replicate.

    Args:
        context: Base, rows, store, hardware and display.
        recipe: Its targets say on how many rows a language, if at all.
        pins: What the recipe trained, by replicate and expression.

    Returns:
        Explanations as `xadapt explain` stores them.
    """
    found = []
    for setup, task, target in _asked(recipe, context.tasks):
        seed = recipe.seeds_of(target)[0]
        first = Replicate(seed, next(iter(recipe.variants), ""))
        mine = {made: checkpoint for (replicate, made), checkpoint in pins.items() if replicate == first}
        decides = {
            "explains": str(setup),
            "revision": REVISION,
            "task": task.name,
            "languages": target.languages,
            "limit": target.explain,
            "max_length": target.max_length,
            "precision": context.precision,
            "base": context.backbone.fingerprint,
            "data": context.source.name,
            "members": {str(part): mine[str(part)].run for part in setup.walk() if str(part) in mine},
            "versions": library_versions(),
        }
        run = run_hash(decides)
        path = context.store.explanation_path(run)
        if not path.exists():
            settings = EvalSettings(limit=target.explain, max_length=target.max_length)
            here = context.seeded(seed).pinned(mine).titled(f"explain {setup} on {task.name}")
            made = explain(here, setup, task, target.languages, settings)
            explanation_record(made).model_copy(update={"run": run}).write(path)
        found.append(ExplanationRecord.read(path))
    return found


def _asked(recipe: Recipe, tasks: Catalogue) -> Iterator[tuple[Node, Task, Target]]:
    for name, target in recipe.targets.items():
        for setup in map(parse, recipe.setups_of(target) if target.explain else ()):
            # A fusion of low rank is made to attend as the full one does.
            if setup.kind == "fuse" and setup.option("rank") is None:
                yield _made(setup, name, target, tasks), tasks[name], target


def _made(setup: Node, name: str, target: Target, tasks: Catalogue) -> Node:
    if target.train is None:
        return setup
    on = target.train_on or name
    if names_target(setup):
        return with_target(setup, tasks[on].adapter)
    return plan_target(on, str(setup), target.mode, tasks).makes
