"""What every training run shares: its settings filled in, its rows, its hash, its English dev scores and its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from xadapt.backbone.base import Backbone
from xadapt.backbone.hardware import pick_device, pick_precision
from xadapt.composition.builder import Assembly
from xadapt.data.source import RowSet, Source
from xadapt.errors import RunFailed
from xadapt.methods.adapter import check_method
from xadapt.metrics import main_score
from xadapt.problems import Defaults, Problem, problem_class
from xadapt.problems.bind import bind
from xadapt.problems.predict import fill_pool, predict
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.store.versions import versions
from xadapt.tasks.task import own_tasks
from xadapt.training.plan import TrainPlan
from xadapt.training.settings import TrainSettings
from xadapt.training.trainer import loggers

#: Fusion starts from the identity and needs few steps at a rate below an adapter's.
FUSION_DEFAULTS = Defaults(batch_size=16, epochs=1.0, lr=5e-4)
#: QA is among the tasks of most mixtures, and its rows are long.
MULTITASK_DEFAULTS = Defaults(batch_size=16, epochs=1.0, lr=1e-3)
#: Mixing weights are few and safe to move fast.
SOUP_DEFAULTS = Defaults(batch_size=16, epochs=3.0, lr=0.1)


@dataclass
class Display:
    """How a run tells a person where it is; the default says nothing."""

    say: Callable[[str], None] = field(default=lambda text: None)
    tick: Callable[[int, int, float | None], None] = field(default=lambda step, steps, loss: None)


@dataclass
class Job:
    """A run with everything it needs."""

    plan: TrainPlan
    backbone: Backbone
    source: Source
    store: Store
    settings: TrainSettings
    pins: dict[str, Checkpoint]
    display: Display
    train_rows: dict[str, RowSet]
    dev_rows: dict[str, RowSet]
    problems: dict[str, Problem]
    precision: str
    device: torch.device

    def uses(self, checkpoint: Checkpoint) -> None:
        """Tell a person which checkpoint is being loaded."""
        self.display.say(f"uses {checkpoint.describe()}")


def prepare(
    plan: TrainPlan,
    backbone: Backbone,
    source: Source,
    store: Store,
    settings: TrainSettings,
    pins: dict[str, Checkpoint] | None = None,
    display: Display | None = None,
) -> Job:
    """Fill in the settings of a run and find its rows.

    Raises:
        XadaptError: If a data file or a setting is wrong.
    """
    device = pick_device(settings.device)
    precision = pick_precision(settings.precision, device)
    settings = settings.with_defaults(_defaults(plan))
    check_method(settings.adapter_config)
    loggers(settings.report_to)
    problems = {task.name: bind(source.closed(task), backbone, settings.max_length) for task in plan.tasks}
    # A soup learns nothing but a few weights, and those from dev rows.
    learns = () if plan.trains == "soup" else plan.tasks
    train_rows = {task.name: source.train(task, settings.limit) for task in learns}
    dev_rows = {task.name: source.dev(task, settings.dev_limit) for task in plan.tasks}
    return Job(
        plan,
        backbone,
        source,
        store,
        settings,
        pins or {},
        display or Display(),
        train_rows,
        dev_rows,
        problems,
        precision,
        device,
    )


def _defaults(plan: TrainPlan) -> Defaults:
    own = {"fusion": FUSION_DEFAULTS, "multitask": MULTITASK_DEFAULTS, "soup": SOUP_DEFAULTS}
    return own.get(plan.trains) or problem_class(plan.tasks[0]).defaults


def deciding(job: Job, assembly: Assembly) -> dict[str, Any]:
    """Everything that decides what a run makes, as a JSON value to hash."""
    plan = job.plan
    return {
        "trains": plan.trains,
        "setup": str(plan.makes),
        "tasks": [task.name for task in plan.tasks],
        "base": job.backbone.fingerprint,
        "members": dict(sorted(assembly.members.items())),
        "rows": {name: rows.fingerprint for name, rows in job.train_rows.items()},
        "dev_rows": {name: rows.fingerprint for name, rows in job.dev_rows.items()},
        "settings": {**job.settings.deciding(plan.trains), "precision": job.precision},
        "versions": versions(),
        **({"losses": "relative"} if plan.mixed else {}),
        **own_tasks([problem.task for problem in job.problems.values()]),
    }


def record_of(
    job: Job, assembly: Assembly, decides: dict[str, Any], run: str, figures: dict[str, Any]
) -> dict[str, Any]:
    """The record of a finished run (see :mod:`xadapt.store.checkpoints`); ``figures`` are what it measured."""
    plan = job.plan
    return {
        "run": run,
        "setup": str(plan.makes),
        "trains": plan.trains,
        "under": str(plan.under),
        "tasks": [task.name for task in plan.tasks],
        "heads": [task.name for task in plan.tasks if job.problems[task.name].needs_head],
        "calibration": {name: problem.calibration for name, problem in job.problems.items() if problem.calibration},
        "base": {"name": job.backbone.name, "fingerprint": job.backbone.fingerprint},
        "seed": job.settings.seed,
        "data": job.source.name,
        "rows": {name: len(rows.rows) for name, rows in job.train_rows.items()},
        "sources": {task.name: job.source.train_name(task) for task in plan.tasks},
        "members": dict(sorted(assembly.members.items())),
        "weights": dict(sorted(assembly.weights.items())),
        "decides": decides,
        "figures": {"dev_rows": {name: len(rows.rows) for name, rows in job.dev_rows.items()}, **figures},
    }


def check_finite(model: Any) -> None:
    """Check that nothing that is being trained has run away.

    Raises:
        RunFailed: If a weight is not finite.
    """
    broken = [name for name, p in model.named_parameters() if p.requires_grad and not torch.isfinite(p).all()]
    if broken:
        raise RunFailed(f"{broken[0]} is not finite")


def dev_scores(job: Job, model: Any) -> dict[str, dict[str, float]]:
    """Scores on the English dev rows of every task, 0–100, each by the head of its name."""
    scores = {}
    for name, rows in job.dev_rows.items():
        problem = job.problems[name]
        if problem.pooled:
            fill_pool(model, problem, problem.own_pool(rows.rows), job.precision)
        predictions = predict(model, problem, rows.rows, name if problem.needs_head else None, job.precision)
        problem.calibration = problem.calibrate(predictions, rows.rows)
        scores[name] = {key: round(value, 4) for key, value in problem.score(predictions, rows.rows).items()}
    return scores


def mean_main(job: Job, scores: dict[str, dict[str, float]]) -> float:
    """The mean of the tasks' main scores, which ranks epochs."""
    mains = [scores[task.name][main_score(task.metric)] for task in job.plan.tasks]
    return sum(mains) / len(mains)
