"""One training run: planned, hashed, trained, measured on English dev, and stored."""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import TrainingArguments, set_seed

from xadapt.backbone.base import Backbone
from xadapt.backbone.hardware import pick_device, pick_precision
from xadapt.composition.builder import Assembly
from xadapt.data.source import RowSet, Source
from xadapt.errors import RunFailed
from xadapt.problems import Defaults, Problem, problem_class
from xadapt.problems.bind import bind
from xadapt.problems.predict import fill_pool, predict
from xadapt.store.checkpoints import Checkpoint, open_checkpoint
from xadapt.store.store import Store, run_hash
from xadapt.store.versions import versions
from xadapt.tasks.task import own_tasks
from xadapt.training.batches import MixedFeatures
from xadapt.training.parts import check_adapter_config, with_new_part
from xadapt.training.plan import TrainPlan, plan_first
from xadapt.training.saving import round_to_half, save_checkpoint
from xadapt.training.settings import TrainSettings
from xadapt.training.trainer import KeepBest, Ticks, XadaptTrainer, last_state, loggers, quiet

#: Fusion starts from the identity and needs few steps at a rate below an adapter's.
FUSION_DEFAULTS = Defaults(batch_size=16, epochs=1.0, lr=5e-4)


@dataclass
class Display:
    """How a run tells a person where it is; the default says nothing."""

    say: Callable[[str], None] = field(default=lambda text: None)
    tick: Callable[[int, int, float | None], None] = field(default=lambda step, steps, loss: None)


@dataclass
class _Job:
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


def train(
    plan: TrainPlan,
    backbone: Backbone,
    source: Source,
    store: Store,
    settings: TrainSettings,
    pins: dict[str, Checkpoint] | None = None,
    display: Display | None = None,
) -> Checkpoint:
    """Train what a plan says, unless a run of the same hash has finished already.

    Args:
        plan: What to train.
        backbone: The frozen base.
        source: Where rows come from.
        store: Where members are found and the checkpoint goes.
        settings: The user's settings.
        pins: Checkpoints that members must come from, by expression.
        display: Progress for a person.

    Returns:
        The stored checkpoint. Interrupted runs go on from their last saved step.

    Raises:
        XadaptError: If a member, a data file or a setting is wrong.
        RunFailed: If training diverged.
    """
    display, asked = display or Display(), settings
    device = pick_device(settings.device)
    precision = pick_precision(settings.precision, device)
    defaults = FUSION_DEFAULTS if plan.trains == "fusion" else problem_class(plan.tasks[0]).defaults
    settings = settings.with_defaults(defaults)
    check_adapter_config(settings.adapter_config)
    loggers(settings.report_to)
    problems = {task.name: bind(source.closed(task), backbone, settings.max_length) for task in plan.tasks}
    train_rows = {task.name: source.train(task, settings.limit) for task in plan.tasks}
    dev_rows = {task.name: source.dev(task, settings.dev_limit) for task in plan.tasks}
    job = _Job(
        plan, backbone, source, store, settings, pins or {}, display, train_rows, dev_rows, problems, precision, device
    )
    first = None
    before = plan_first(plan)
    if before is not None:
        display.say(f"{plan.makes} is trained on {before.tasks[0].name} first: {before.makes}")
        # A recipe's own run of it is taken; another one in the store may have had another budget.
        first = job.pins.get(str(before.makes)) or train(before, backbone, source, store, asked, pins, display)
    set_seed(settings.seed)
    assembly = with_new_part(
        plan, backbone, store, settings, problems, job.pins, lambda c: display.say(_uses(c)), first
    )
    decides = _decides(job, assembly)
    run = run_hash(decides)
    done = store.finished(run)
    if done is not None:
        display.say(f"{plan.makes} is there already: {done.path}")
        return done
    return _run(job, assembly, decides, run, first)


def _uses(checkpoint: Checkpoint) -> str:
    return f"uses {checkpoint.describe()}"


def _decides(job: _Job, assembly: Assembly) -> dict[str, Any]:
    plan = job.plan
    return {
        "trains": plan.trains,
        "setup": str(plan.makes),
        "tasks": [task.name for task in plan.tasks],
        "base": job.backbone.fingerprint,
        "members": dict(sorted(assembly.members.items())),
        "rows": {name: rows.fingerprint for name, rows in job.train_rows.items()},
        "dev_rows": {name: rows.fingerprint for name, rows in job.dev_rows.items()},
        "settings": {**job.settings.deciding(), "precision": job.precision},
        "versions": versions(),
        **own_tasks([problem.task for problem in job.problems.values()]),
    }


def _run(
    job: _Job, assembly: Assembly, decides: dict[str, Any], run: str, first: Checkpoint | None = None
) -> Checkpoint:
    settings, model = job.settings, assembly.model
    parts = {name: job.problems[name].encode(rows.rows, labelled=True) for name, rows in job.train_rows.items()}
    if len(parts) > 1:
        # An even mixture: the smallest member decides how much each gives. The others give every n-th feature, because
        # the first ones of a sorted set are all about the same.
        least = min(len(features) for features in parts.values())
        parts = {name: [part[i * len(part) // least] for i in range(least)] for name, part in parts.items()}
    data = MixedFeatures(parts, {name: problem.tokens for name, problem in job.problems.items()})
    partial = job.store.partial_path(run)
    partial.mkdir(parents=True, exist_ok=True)
    arguments = TrainingArguments(
        output_dir=str(partial),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.lr,
        warmup_ratio=0.06,
        lr_scheduler_type="linear",
        weight_decay=0.01,
        seed=settings.seed,
        logging_steps=10,
        save_strategy="steps",
        save_steps=settings.save_steps,
        save_total_limit=1,
        report_to=loggers(settings.report_to),
        logging_dir=str(job.store.root / "logs" / run),
        remove_unused_columns=False,
        use_cpu=job.device.type == "cpu",
        disable_tqdm=True,
    )
    # DataParallel cannot split batches that name their task; several GPUs are accelerate's to launch.
    arguments._n_gpu = min(1, arguments.n_gpu)

    def measure() -> float:
        _check_finite(model)
        return _mean_main(job, _dev_scores(job, model))

    keep = KeepBest(partial, measure)
    trainer = XadaptTrainer(
        problems=job.problems,
        precision=job.precision,
        fusing=job.plan.trains == "fusion",
        model=model,
        args=arguments,
        train_dataset=data,
        callbacks=[keep, Ticks(job.display.tick)],
    )
    quiet(trainer)
    last = last_state(partial)
    if last:
        job.display.say(f"goes on from step {last.name.rsplit('-', 1)[1]} of an interrupted run")
    started = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # Some file systems of containers keep no times; the library then goes by numbers, which is as good.
            warnings.filterwarnings("ignore", message="mtime may not be reliable")
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        seconds = time.perf_counter() - started
        keep.restore(model)
        round_to_half(model)
        _check_finite(model)
    except RunFailed as error:
        # Nothing good can come from where it got to.
        shutil.rmtree(partial, ignore_errors=True)
        raise RunFailed(
            f"training {job.plan.makes} diverged ({error}): try a lower --lr than {settings.lr:g}"
        ) from None
    scores = _dev_scores(job, model)
    record = {
        "run": run,
        "setup": str(job.plan.makes),
        "trains": job.plan.trains,
        "under": str(job.plan.under),
        "tasks": [task.name for task in job.plan.tasks],
        "heads": [task.name for task in job.plan.tasks if job.problems[task.name].needs_head],
        "calibration": {name: problem.calibration for name, problem in job.problems.items() if problem.calibration},
        "base": {"name": job.backbone.name, "fingerprint": job.backbone.fingerprint},
        "seed": settings.seed,
        "data": job.source.name,
        "rows": {name: len(rows.rows) for name, rows in job.train_rows.items()},
        "sources": {task.name: job.source.train_name(task) for task in job.plan.tasks},
        "members": dict(sorted(assembly.members.items())),
        "first": first.describe() if first else "",
        "decides": decides,
        "figures": {
            "dev": scores,
            "dev_rows": {name: len(rows.rows) for name, rows in job.dev_rows.items()},
            "history": keep.history,
            "steps": trainer.state.global_step,
            "features": len(data),
            "seconds": round(seconds, 1),
            "resumed": bool(last),
            "device": str(job.device),
            "threads": torch.get_num_threads(),
            "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        },
    }
    path = job.store.run_path(run)
    save_checkpoint(model, job.plan, path, record)
    shutil.rmtree(partial, ignore_errors=True)
    return open_checkpoint(path)


def _check_finite(model: Any) -> None:
    broken = [name for name, p in model.named_parameters() if p.requires_grad and not torch.isfinite(p).all()]
    if broken:
        raise RunFailed(f"{broken[0]} is not finite")


def _dev_scores(job: _Job, model: Any) -> dict[str, dict[str, float]]:
    scores = {}
    for name, rows in job.dev_rows.items():
        problem = job.problems[name]
        if problem.pooled:
            fill_pool(model, problem, problem.own_pool(rows.rows), job.precision)
        predictions = predict(model, problem, rows.rows, name if problem.needs_head else None, job.precision)
        problem.calibration = problem.calibrate(predictions, rows.rows)
        scores[name] = {key: round(value, 4) for key, value in problem.score(predictions, rows.rows).items()}
    return scores


def _mean_main(job: _Job, scores: dict[str, dict[str, float]]) -> float:
    from xadapt.metrics import main_score

    mains = [scores[task.name][main_score(task.metric)] for task in job.plan.tasks]
    return sum(mains) / len(mains)
