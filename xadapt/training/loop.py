"""A part of a model trained by gradients: resumable, measured on English dev once an epoch, the best epoch kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from transformers import TrainingArguments, set_seed

from xadapt.errors import RunFailed, interruption_says, option
from xadapt.libraries.transformers import on_one_device, states_by_number
from xadapt.store.disk import make_folder, writing
from xadapt.store.records import Figures, Scores
from xadapt.training.batches import MixedFeatures
from xadapt.training.job import check_finite
from xadapt.training.saving import as_stored, round_to_half
from xadapt.training.trainer import Diverged, KeepBest, Ticks, XadaptTrainer, last_state, loggers, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel

    from xadapt.composition.builder import Assembly
    from xadapt.problems.base import Feature
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job, Run

#: The features of every task, by its name.
TaskFeatures = dict[str, list["Feature"]]
#: Makes what is added to each loss of a model.
Penalty = Callable[["XLMRobertaAdapterModel"], Callable[[], torch.Tensor]]


def fit(
    job: Job,
    assemble: Callable[[], Assembly],
    *,
    first: Checkpoint | None = None,
    choose: Callable[[TaskFeatures], TaskFeatures] = lambda by_task: by_task,
    cap: int | None = None,
    penalty: Penalty | None = None,
) -> Checkpoint:
    """Train what is trainable in an assembly's model on a job's rows, unless a run of the same hash has.

    Args:
        job: The run.
        assemble: Puts the model together; called once the seed is set.
        first: What its adapter was trained on first.
        choose: Chooses among the features of the tasks.
        cap: Features of a task that an epoch takes at most.
        penalty: Makes what is added to each loss.

    Returns:
        The stored checkpoint.

    Raises:
        RunFailed: If training diverged.
    """
    set_seed(job.context.seed)
    assembly = assemble()
    return job.once(assembly, lambda run: _run(run, lambda: mixture(job, choose, cap), penalty), first)


def mixture(
    job: Job, choose: Callable[[TaskFeatures], TaskFeatures] = lambda by_task: by_task, cap: int | None = None
) -> MixedFeatures:
    """Encode a job's rows; see :func:`fit`."""
    rows = job.train_rows.items()
    chosen = choose({name: job.problems[name].encode(some.rows, labelled=True) for name, some in rows})
    for note in filter(None, (problem.cut_note() for problem in job.problems.values())):
        job.context.display.say(note)
    if job.plan.mixed:
        # Losses of different kinds are on different scales; a squared error between 0 and 1 would hardly count.
        for name, features in chosen.items():
            job.problems[name].scale = job.problems[name].constant_loss(features)
    return MixedFeatures(chosen, {name: problem.tokens for name, problem in job.problems.items()}, cap)


def _run(run: Run, rows: Callable[[], MixedFeatures], penalty: Penalty | None) -> Checkpoint:
    partial, assembly = begin(run), run.assembly
    assembly.keep_trunk()
    stored = run.store(assembly.model, learn(run, rows(), partial, penalty))
    shutil.rmtree(partial, ignore_errors=True)
    return stored


def begin(run: Run) -> Path:
    """The folder of what is kept of a run until it is stored; emptied where a cut run is not to go on."""
    partial = run.job.context.store.partial_path(run.hash)
    if not run.job.settings.resume:
        shutil.rmtree(partial, ignore_errors=True)
    return partial


def learn(
    run: Run, data: MixedFeatures, partial: Path, penalty: Penalty | None = None, title: str | None = None
) -> Figures:
    """Train what is trainable in a run's model; it is left as it will be stored, at its best epoch.

    Args:
        run: The run; its model is what is trained.
        data: What is learnt from.
        partial: Where states are kept; one that is there is gone on from.
        penalty: Makes what is added to each loss.
        title: What is shown of it; None for the setup that it makes.

    Raises:
        RunFailed: If training diverged.
    """
    job = run.job
    context, settings, model = job.context, job.settings, run.assembly.model
    with writing(partial):
        make_folder(partial)
    measured: dict[int, tuple[dict[str, Scores], dict[str, Scores]]] = {}

    def measure() -> float:
        check_finite(model)
        with as_stored(model):
            check_finite(model)
            scores = job.dev_scores(model)
        calibrations = {name: problem.calibration for name, problem in job.problems.items()}
        measured[trainer.state.global_step] = scores, calibrations
        return job.mean_main(scores)

    last = last_state(partial)
    if last:
        context.display.say(f"goes on from step {_step(last)} of an interrupted run")
    keep = KeepBest(partial, measure)
    with context.display.training(title or str(job.plan.makes)) as tick:
        trainer = XadaptTrainer(
            problems=job.problems,
            precision=context.precision,
            penalty=penalty(model) if penalty else None,
            model=model,
            args=_arguments(run, partial),
            train_dataset=data,
            callbacks=[keep, Ticks(tick)],
        )
        quiet(trainer)
        started = time.perf_counter()
        try:
            with states_by_number(), writing(partial), interruption_says(lambda: _kept(run, partial)):
                trainer.train(resume_from_checkpoint=str(last) if last else None)
            seconds = time.perf_counter() - started
            keep.restore(model)
            rounding = round_to_half(model)
            check_finite(model)
        except Diverged as error:
            # Nothing good can come from where it got to.
            shutil.rmtree(partial, ignore_errors=True)
            raise RunFailed(
                f"training {job.plan.makes} diverged ({error}): try a lower {option('lr')} than {settings.lr:g}"
            ) from None
    if keep.best in measured:
        scores, calibrations = measured[keep.best]
        for name, calibration in calibrations.items():
            job.problems[name].calibration = calibration
    else:
        # It was measured before the run was cut.
        scores = job.dev_scores(model)
    context.store.cache.flush()
    return Figures(
        dev=scores,
        history=keep.history,
        steps=trainer.state.global_step,
        features=len(data),
        rounding=rounding,
        seconds=round(seconds, 1),
        resumed=bool(last),
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
    )


def _kept(run: Run, partial: Path) -> str:
    state, name = last_state(partial), run.job.plan.makes
    if state is None:
        return f"nothing of {name} is kept yet"
    return f"{name} is kept to step {_step(state)}"


def _step(state: Path) -> int:
    return int(state.name.rsplit("-", 1)[1])


def _arguments(run: Run, partial: Path) -> TrainingArguments:
    context, settings = run.job.context, run.job.settings
    return on_one_device(
        TrainingArguments(
            output_dir=str(partial),
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size,
            learning_rate=settings.lr,
            warmup_ratio=0.06,
            lr_scheduler_type="linear",
            weight_decay=0.01,
            seed=context.seed,
            logging_steps=10,
            save_strategy="steps",
            save_steps=settings.save_steps,
            save_total_limit=1,
            report_to=loggers(settings.report_to),
            logging_dir=str(context.store.root / "logs" / run.hash),
            remove_unused_columns=False,
            use_cpu=context.device.type == "cpu",
            disable_tqdm=True,
        )
    )
