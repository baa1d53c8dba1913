"""Gates over frozen adapters, learnt on a target together with its adapter: started closed, and at the best member."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from transformers import set_seed

from xadapt.composition.builder import Assembly
from xadapt.composition.kinds.gate import gated_layer, take_members
from xadapt.composition.loading import GATES
from xadapt.methods.gated import load_gates, start_gates, trained_gates
from xadapt.metrics import main_score
from xadapt.store.records import GateFigures
from xadapt.training.first import trained_first
from xadapt.training.loop import begin, learn, mixture
from xadapt.training.plan import plan_target
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.train import trained
from xadapt.training.trainable import with_gates
from xadapt.training.trainer import load_trained, trained_state

if TYPE_CHECKING:
    from xadapt.composition.expression import Node
    from xadapt.methods.gated import Gates
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Figures, Scores
    from xadapt.training.job import Job, Run

#: The start at which all gates are closed.
_CLOSED = "none"


@dataclass(frozen=True)
class _Start:
    """Where gates start.

    Attributes:
        name: ``none``, a member, or "" where they go on from what was trained first.
        gates: The gates, of each place or the same everywhere.
        head: What the head starts with; empty for what the model has.
    """

    name: str
    gates: Gates | torch.Tensor
    head: dict[str, torch.Tensor] = field(default_factory=dict)

    def put(self, run: Run, state: dict[str, torch.Tensor]) -> None:
        """Put gates here, and all else where a state has it."""
        model = run.assembly.model
        start_gates(model, gated_layer(run.job.plan.makes), self.gates)
        load_trained(model, state)


@dataclass(frozen=True)
class _Tried:
    """What came of a start.

    Attributes:
        start: The start.
        figures: What was measured.
        score: The main English dev score.
        state: What was trained.
        calibrations: By task, what was tuned on English dev beside it.
    """

    start: _Start
    figures: Figures
    score: float
    state: dict[str, torch.Tensor]
    calibrations: dict[str, Scores]


def train_gate(job: Job) -> Checkpoint:
    """Train gates, the target adapter that stands on them, and its head.

    Both starts have the run's whole budget; English dev decides between them. The member to start at is the one whose
    target adapter, trained on it alone with the same settings, does best on English dev; it is trained now if it is not
    there. What is trained first, for a task that follows another, gives its gates, adapter and head instead.

    Raises:
        XadaptError: If a member is missing or wrong, or no plain bottleneck adapter like the others.
    """
    members, looked = job.plan.makes.children, Assembly(job.context)
    take_members(looked, job.plan.makes)
    first = trained_first(job)
    singles = {} if first else {child: _single(job, child, looked) for child in members}
    scores = {child: _score(job, single) for child, single in singles.items()}
    best = max(scores, key=lambda child: scores[child]) if scores else None
    set_seed(job.context.seed)
    assembly, head = with_gates(job, best, first)

    def make(run: Run) -> Checkpoint:
        # What the head holds is known once the model is made.
        _ = assembly.model
        closed, open_at = torch.zeros(len(members)), torch.tensor([float(child == best) for child in members])
        starts = [_Start(_CLOSED, closed), _Start(str(best), open_at, head)]
        if first:
            starts = [_Start("", load_gates(first.path / GATES))]
        return _make(run, starts, {str(child): round(score, 4) for child, score in scores.items()})

    return job.once(assembly, make, first, singles={str(child): single.run for child, single in singles.items()})


def _single(job: Job, member: Node, looked: Assembly) -> Checkpoint:
    """The target adapter on a member alone, trained if it is not there; for the target's own adapter, itself."""
    task = job.plan.tasks[0]
    if member.kind == "adapter" and member.name in (task.name, task.adapter):
        return looked.checkpoint(member)
    return trained(job.context, plan_target(task.name, str(member), tasks=job.context.tasks), job.asked)


def _score(job: Job, single: Checkpoint) -> float:
    tasks = filter(None, map(job.context.tasks.get, single.scores))
    # What was imported has no score.
    return next((single.scores[task.name][main_score(task.metric)] for task in tasks), 0.0)


def _make(run: Run, starts: list[_Start], singles: dict[str, float]) -> Checkpoint:
    job, model = run.job, run.assembly.model
    kept = begin(run)
    run.assembly.keep_trunk()
    data, fresh, tried = mixture(job), trained_state(model), []
    for number, start in enumerate(starts):
        start.put(run, fresh)
        if start.head:
            model.heads[job.plan.tasks[0].name].load_state_dict(start.head)
        title = f"{job.plan.makes}, started at {start.name}" if start.name else None
        figures = learn(run, data, kept / f"start-{number}", title=title)
        calibrations = {name: problem.calibration for name, problem in job.problems.items()}
        tried.append(_Tried(start, figures, job.mean_main(figures.dev), trained_state(model), calibrations))
    best = max(tried, key=lambda one: one.score)
    best.start.put(run, best.state)
    for name, calibration in best.calibrations.items():
        job.problems[name].calibration = calibration
    stored = run.store(model, _figures(run, tried, best, singles))
    shutil.rmtree(kept, ignore_errors=True)
    return stored


def _figures(run: Run, tried: list[_Tried], best: _Tried, singles: dict[str, float]) -> Figures:
    gates = trained_gates(run.assembly.model, gated_layer(run.job.plan.makes))
    members = run.job.plan.makes.children
    gated = GateFigures(
        start=best.start.name or None,
        starts={one.start.name: round(one.score, 4) for one in tried if one.start.name},
        singles=singles,
        gates={place: _named(values, members) for place, values in gates.items()},
    )
    entries = [(one.start.name, entry) for one in tried for entry in one.figures.history or []]
    changes = {
        "gated": gated,
        "history": [{"start": name, **entry} if name else entry for name, entry in entries],
        # What is kept has learnt from its own start's steps alone.
        "seconds": round(sum(one.figures.seconds or 0.0 for one in tried), 1),
        "resumed": any(one.figures.resumed for one in tried),
    }
    return best.figures.model_copy(update=changes)


def _named(values: torch.Tensor, members: tuple[Node, ...]) -> dict[str, float]:
    return {str(member): round(value, 4) for member, value in zip(members, values.tolist(), strict=True)}


GATE = register_run_kind(RunKind("gate", revision=1, train=train_gate, tries=2, label="gates"))
