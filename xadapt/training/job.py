"""What every training run shares: its settings filled in, its rows, its hash, its English dev scores and its record."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from xadapt import __version__
from xadapt.methods.adapter import check_method, method_version
from xadapt.metrics import main_score
from xadapt.problems import Problem, bind, problem_class
from xadapt.problems.predict import fill_pool, predict
from xadapt.store.checkpoints import Checkpoint, open_checkpoint
from xadapt.store.locks import alone, clear
from xadapt.store.records import BaseOf, Figures, Json, RunRecord, Scores
from xadapt.store.store import run_hash
from xadapt.store.versions import library_versions
from xadapt.tasks.task import what_tasks_are
from xadapt.training.run_kinds import RunKind, run_kind
from xadapt.training.saving import save_checkpoint
from xadapt.training.trainer import Diverged, loggers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters import XLMRobertaAdapterModel

    from xadapt.composition.builder import Assembly
    from xadapt.context import Context
    from xadapt.data.source import RowSet
    from xadapt.training.plan import TrainPlan
    from xadapt.training.settings import TrainSettings


@dataclass(frozen=True)
class Run:
    """A run that is about to be made.

    Attributes:
        job: What is trained.
        assembly: What it is trained on.
        decides: Everything that decides what it makes.
        hash: The hash of that.
        first: What its adapter was trained on first, None for most.
        started: When it began, by `time.perf_counter`.
    """

    job: Job
    assembly: Assembly
    decides: Json
    hash: str
    first: Checkpoint | None
    started: float

    def store(self, model: XLMRobertaAdapterModel | None, figures: Figures) -> Checkpoint:
        """Write the checkpoint of what was trained in a model.

        Args:
            model: The model; None where nothing was trained in one, and the figures are all.
            figures: What was measured; time, hardware and dev rows are filled in where they are open.
        """
        job = self.job
        measured = {
            "dev_rows": {name: len(rows.rows) for name, rows in job.dev_rows.items()},
            "seconds": round(time.perf_counter() - self.started, 1) if figures.seconds is None else figures.seconds,
            "device": str(job.context.device),
            "threads": torch.get_num_threads(),
        }
        record = RunRecord(
            run=self.hash,
            setup=str(job.plan.makes),
            trains=job.kind.label or job.kind.name,
            under=str(job.plan.under),
            tasks=[task.name for task in job.plan.tasks],
            heads=[task.name for task in job.plan.tasks if model and job.problems[task.name].needs_head],
            calibration={name: problem.calibration for name, problem in job.problems.items() if problem.calibration},
            base=BaseOf(name=job.context.backbone.name, fingerprint=job.context.backbone.fingerprint),
            seed=job.context.seed,
            data=job.context.source.name,
            rows={name: len(rows.rows) for name, rows in job.train_rows.items()},
            sources={task.name: job.context.source.train_name(task) for task in job.plan.tasks},
            members=dict(sorted(self.assembly.members.items())),
            weights=dict(sorted(self.assembly.weights.items())),
            decides=self.decides,
            figures=figures.model_copy(update=measured),
            first=self.first.describe() if self.first else "",
            unlabelled=[*job.says.get("unlabelled", ()), *self.assembly.found.unlabelled],
            start=job.says.get("start", ""),
            xadapt=__version__,
        )
        path = job.context.store.run_path(self.hash)
        save_checkpoint(model, job.plan, path, record)
        return open_checkpoint(path)


@dataclass(frozen=True)
class Job:
    """A plan with the rows and the settings that it is carried out with.

    Attributes:
        context: What runs share.
        plan: What is trained.
        kind: Its kind of run.
        asked: The user's settings.
        settings: The same with what was left open filled in.
        train_rows: English training rows by task.
        dev_rows: English dev rows by task.
        problems: The tasks made concrete for the base.
        decides: What else decides what is made.
        says: What else its record says.
    """

    context: Context
    plan: TrainPlan
    kind: RunKind
    asked: TrainSettings
    settings: TrainSettings
    train_rows: dict[str, RowSet]
    dev_rows: dict[str, RowSet]
    problems: dict[str, Problem]
    decides: Json = field(default_factory=dict)
    says: Json = field(default_factory=dict)

    def once(
        self, assembly: Assembly, make: Callable[[Run], Checkpoint], first: Checkpoint | None = None, **more: object
    ) -> Checkpoint:
        """Make a checkpoint, unless a run of the same hash has finished.

        Args:
            assembly: What the run starts from.
            make: Makes and stores it.
            first: What its adapter was trained on first.
            more: What else decides it.
        """
        decides = {**self._decides(assembly), **self.decides, **more}
        run = Run(self, assembly, decides, run_hash(decides), first, time.perf_counter())
        store = self.context.store
        done = store.finished(run.hash)
        if done is not None:
            clear(store.partial_path(run.hash))
        else:
            store.hold()
            with self._alone(run.hash):
                # Whoever was waited for has left it finished, or cut.
                done = store.finished(run.hash)
                if done is None:
                    return make(run)
        self.context.display.say(f"{self.plan.makes} is there already: {done.path}")
        return done

    def _decides(self, assembly: Assembly) -> Json:
        context = self.context
        settings = self.settings.deciding(self.kind.settings)
        return {
            "trains": self.kind.name,
            "revision": self.kind.revision,
            "setup": str(self.plan.makes),
            "tasks": what_tasks_are(problem.task for problem in self.problems.values()),
            "base": context.backbone.fingerprint,
            "members": dict(sorted(assembly.members.items())),
            "rows": {name: rows.fingerprint for name, rows in self.train_rows.items()},
            "dev_rows": {name: rows.fingerprint for name, rows in self.dev_rows.items()},
            "settings": {**settings, "seed": context.seed, "precision": context.precision},
            **({"method_version": version} if (version := method_version(self.settings.adapter_config)) else {}),
            **({"problems": raised} if (raised := self._raised()) else {}),
            "versions": library_versions(),
        }

    def _raised(self) -> dict[str, int]:
        # What is learnt from, and which epoch is kept, is for the problems to say.
        return {problem.kind.name: problem.revision for problem in self.problems.values() if problem.revision > 1}

    @contextmanager
    def _alone(self, run: str) -> Iterator[None]:
        """Keep other processes with the same store from training the same run at the same time."""
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            # Processes of one launch train one run together.
            yield
            return
        waiting = f"another process is training {self.plan.makes}: waiting for it"
        with alone(self.context.store.partial_path(run), lambda lock: self.context.display.say(f"{waiting} ({lock})")):
            yield

    def dev_scores(self, model: XLMRobertaAdapterModel) -> dict[str, Scores]:
        """Scores on the English dev rows of every task, 0–100, each by the head of its name."""
        scores = {}
        precision = self.context.precision
        for name, rows in self.dev_rows.items():
            problem = self.problems[name]
            if problem.pooled:
                fill_pool(model, problem, problem.own_pool(rows.rows), precision)
            predictions = predict(model, problem, rows.rows, name if problem.needs_head else None, precision)
            problem.calibration = problem.calibrate(predictions, rows.rows)
            scores[name] = {key: round(value, 4) for key, value in problem.score(predictions, rows.rows).items()}
        return scores

    def mean_main(self, scores: dict[str, Scores]) -> float:
        """The mean of the tasks' main scores, which ranks epochs."""
        mains = [scores[task.name][main_score(task.metric)] for task in self.plan.tasks]
        return sum(mains) / len(mains)


def prepare(context: Context, plan: TrainPlan, settings: TrainSettings) -> Job:
    """Fill in the settings of a run and find its rows.

    Raises:
        XadaptError: If a data file or a setting is wrong.
    """
    # A wrong device or precision is an error before rows are read.
    _ = context.precision
    kind, source = run_kind(plan.trains), context.source
    filled = settings.with_defaults(kind.defaults or problem_class(plan.tasks[0]).defaults)
    check_method(filled.adapter_config)
    loggers(filled.report_to)
    return Job(
        context,
        plan,
        kind,
        settings,
        filled,
        train_rows={task.name: source.train(task, filled.limit) for task in (plan.tasks if kind.learns else ())},
        dev_rows={task.name: source.dev(task, filled.dev_limit) for task in plan.tasks},
        problems={
            task.name: bind(source.with_labels(task), context.backbone, filled.max_length) for task in plan.tasks
        },
    )


def check_finite(model: torch.nn.Module) -> None:
    """Check that nothing that is being trained has run away.

    Raises:
        Diverged: If a weight is not finite.
    """
    broken = [name for name, p in model.named_parameters() if p.requires_grad and not torch.isfinite(p).all()]
    if broken:
        raise Diverged(f"{broken[0]} is not finite")
