"""One training run: planned, hashed, trained, measured on English dev, and stored."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from filelock import FileLock, Timeout
from transformers import TrainingArguments, set_seed

from xadapt.backbone.base import Backbone
from xadapt.composition.builder import Assembly
from xadapt.data.source import Source
from xadapt.errors import RunFailed
from xadapt.methods.fusion import check_rank, regularisation
from xadapt.store.checkpoints import Checkpoint, open_checkpoint
from xadapt.store.store import Store, run_hash
from xadapt.training.batches import MixedFeatures
from xadapt.training.compression import compress
from xadapt.training.job import Display, Job, check_finite, deciding, dev_scores, mean_main, prepare, record_of
from xadapt.training.parts import with_new_part
from xadapt.training.plan import TrainPlan, plan_first, plan_full
from xadapt.training.saving import as_stored, round_to_half, save_checkpoint
from xadapt.training.settings import TrainSettings
from xadapt.training.soup import make_soup
from xadapt.training.trainer import KeepBest, Ticks, XadaptTrainer, last_state, loggers, quiet


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
    job = prepare(plan, backbone, source, store, settings, pins, display)
    if plan.trains == "soup":
        return make_soup(job)
    full = plan_full(plan)
    if full is not None:
        check_rank(int(plan.makes.option("rank") or 0), backbone.config.hidden_size)
        made = job.pins.get(str(full.makes)) or train(full, backbone, source, store, settings, pins, display)
        return compress(job, made, full.makes)
    first = None
    before = plan_first(plan)
    if before is not None:
        job.display.say(f"{plan.makes} is trained on {before.tasks[0].name} first: {before.makes}")
        # A recipe's own run of it is taken; another one in the store may have had another budget.
        first = job.pins.get(str(before.makes)) or train(before, backbone, source, store, settings, pins, display)
    set_seed(job.settings.seed)
    assembly = with_new_part(plan, backbone, store, job.settings, job.problems, job.pins, job.uses, first)
    decides = deciding(job, assembly)
    run = run_hash(decides)
    done = store.finished(run)
    if done is None:
        with _alone(job, run):
            # Whoever was waited for has left it finished, or cut.
            done = store.finished(run)
            if done is None:
                return _run(job, assembly, decides, run, first)
    job.display.say(f"{plan.makes} is there already: {done.path}")
    return done


@contextmanager
def _alone(job: Job, run: str) -> Iterator[None]:
    """Keep other processes with the same store from training the same run at the same time."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        # Processes of one launch train one run together.
        yield
        return
    path = job.store.partial_path(run).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        job.display.say(f"another process is training {job.plan.makes}: waiting for it ({path})")
        lock.acquire()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def _mixture(job: Job) -> MixedFeatures:
    parts = {name: job.problems[name].encode(rows.rows, labelled=True) for name, rows in job.train_rows.items()}
    if job.plan.trains == "fusion" and len(parts) > 1:
        # An even mixture: the smallest member decides how much each gives. The others give every n-th feature, because
        # the first ones of a sorted set are all about the same.
        least = min(len(features) for features in parts.values())
        parts = {name: [part[i * len(part) // least] for i in range(least)] for name, part in parts.items()}
    if job.plan.mixed:
        # Losses of different kinds are on different scales; a squared error between 0 and 1 would hardly be heard.
        for name, part in parts.items():
            job.problems[name].scale = job.problems[name].constant_loss(part)
    cap = job.settings.mixing_cap if job.plan.trains == "multitask" else None
    return MixedFeatures(parts, {name: problem.tokens for name, problem in job.problems.items()}, cap)


def _penalty(job: Job, model: Any) -> Callable[[], torch.Tensor] | None:
    return (lambda: regularisation(model, model.active_adapters)) if job.plan.trains == "fusion" else None


def _run(
    job: Job, assembly: Assembly, decides: dict[str, Any], run: str, first: Checkpoint | None = None
) -> Checkpoint:
    settings, model = job.settings, assembly.model
    assembly.keep_trunk()
    data = _mixture(job)
    partial = job.store.partial_path(run)
    if not settings.resume:
        shutil.rmtree(partial, ignore_errors=True)
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

    measured: dict[int, tuple[Any, Any]] = {}

    def measure() -> float:
        check_finite(model)
        with as_stored(model):
            check_finite(model)
            scores = dev_scores(job, model)
        calibrations = {name: problem.calibration for name, problem in job.problems.items()}
        measured[trainer.state.global_step] = scores, calibrations
        return mean_main(job, scores)

    keep = KeepBest(partial, measure)
    trainer = XadaptTrainer(
        problems=job.problems,
        precision=job.precision,
        penalty=_penalty(job, model),
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
        rounding = round_to_half(model)
        check_finite(model)
    except RunFailed as error:
        # Nothing good can come from where it got to.
        shutil.rmtree(partial, ignore_errors=True)
        raise RunFailed(
            f"training {job.plan.makes} diverged ({error}): try a lower --lr than {settings.lr:g}"
        ) from None
    if keep.best in measured:
        scores, calibrations = measured[keep.best]
        for name, calibration in calibrations.items():
            job.problems[name].calibration = calibration
    else:
        # It was measured before the run was cut.
        scores = dev_scores(job, model)
    job.store.cache.flush()
    figures = {
        "dev": scores,
        "history": keep.history,
        "steps": trainer.state.global_step,
        "features": len(data),
        "rounding": rounding,
        "seconds": round(seconds, 1),
        "resumed": bool(last),
        "device": str(job.device),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    record = {**record_of(job, assembly, decides, run, figures), "first": first.describe() if first else ""}
    path = job.store.run_path(run)
    save_checkpoint(model, job.plan, path, record)
    shutil.rmtree(partial, ignore_errors=True)
    return open_checkpoint(path)
