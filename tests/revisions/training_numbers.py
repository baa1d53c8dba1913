"""What each kind of training run makes of fixed rows and members under fixed settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tests.revisions.inputs import MAX_LENGTH, TASKS
from tests.revisions.problem_numbers import Numbers
from xadapt.context import Context
from xadapt.store.checkpoints import Checkpoint
from xadapt.tasks.catalogue import Catalogue
from xadapt.training.plan import (
    TrainPlan,
    plan_distill,
    plan_ensemble,
    plan_fusion,
    plan_gate,
    plan_multitask,
    plan_soup,
    plan_target,
    plan_task,
)
from xadapt.training.settings import make_settings
from xadapt.training.train import train

_CATALOGUE = Catalogue(TASKS.values())
_LEARNT = [task.name for task in TASKS.values() if task.kind.trainable and task.name != "words"]
#: 36 steps on likeness: as many that other shares of warm-up are other numbers of steps.
LONG: Mapping[str, Any] = {"epochs": 3, "batch_size": 2, "lr": 2e-3, "max_length": MAX_LENGTH}
_SHORT = {**LONG, "epochs": 1}
#: Runs of each kind. Members are the kept checkpoints, so that a change in one kind is not seen in another.
RUNS: dict[str, list[tuple[TrainPlan, Mapping[str, Any]]]] = {
    "adapter": [
        (plan_task("likeness", _CATALOGUE), LONG),
        *((plan_task(name, _CATALOGUE), _SHORT) for name in _LEARNT if name != "likeness"),
    ],
    "target": [
        (plan_target("likeness", "mnli", tasks=_CATALOGUE), LONG),
        (plan_target("pairs", "fuse(mnli, stsb)", tasks=_CATALOGUE), _SHORT),
    ],
    "continue": [(plan_target("likeness", "average(mnli, stsb)", "continue", _CATALOGUE), LONG)],
    "multitask": [(plan_multitask(_LEARNT, _CATALOGUE), {**LONG, "epochs": 2, "mixing_cap": 7})],
    "fusion": [
        (plan_fusion(["mnli", "stsb"], tasks=_CATALOGUE), LONG),
        (plan_fusion(["mnli", "squad"], "pairs", tasks=_CATALOGUE), _SHORT),
    ],
    "gate": [(plan_gate(["mnli", "stsb"], "likeness", _CATALOGUE), LONG)],
    "distill": [
        (plan_distill("ensemble(mnli, stack(mnli, xnli))", "pairs", tasks=_CATALOGUE), LONG),
        (plan_distill("fuse(mnli, stsb)", "likeness", tasks=_CATALOGUE), _SHORT),
        (plan_distill("squad", "spans", tasks=_CATALOGUE), _SHORT),
        (plan_distill("stsb", "likeness", 2, _CATALOGUE), _SHORT),
    ],
    "ensemble": [
        (plan_ensemble(["mnli", "stack(mnli, xnli)"], "pairs", _CATALOGUE), LONG),
        (plan_ensemble(["stsb", "multitask(mnli, stsb)", "fuse(mnli, stsb)"], "likeness", _CATALOGUE), LONG),
    ],
    "low-rank-fusion": [(plan_fusion(["mnli", "stsb"], rank=3, tasks=_CATALOGUE), LONG)],
    "narrow-fusion": [(plan_fusion(["mnli", "stsb"], "pairs", narrow=3, tasks=_CATALOGUE), LONG)],
    "soup": [
        (plan_soup(["stsb", "multitask(mnli, stsb)"], "stsb", tasks=_CATALOGUE), LONG),
        (plan_soup(["mnli", "stsb", "squad"], "likeness", "learned", _CATALOGUE), {**LONG, "lr": 0.05}),
    ],
}

#: Biases that a softmax over rows' choices or tokens does not feel: what moves them is rounding alone.
_UNFELT = frozenset(("heads.spans.1.bias", "heads.perhaps.1.bias", "heads.choices.4.bias"))
_DOWN, _UP = ".down.weight", ".up.weight"


def context_of(plan: TrainPlan, context: Context) -> Context:
    """The context with the full fusion that one of low rank is made from, or what tells gates the best member."""
    full, other = context.store.by_run("0958b600d260f276"), context.store.by_run("8fc0f16d920e63f4")
    if full and plan.trains == "low-rank-fusion":
        return context.pinned({str(full.setup): full})
    if full and other and plan.trains == "gate":
        # What it scores is all that counts: the first member is taken for the best.
        return context.pinned({"stack(mnli, likeness)": other, "stack(stsb, likeness)": full})
    return context


def run(context: Context, kind: str) -> list[Checkpoint]:
    """Make all runs of a kind."""
    return [train(context_of(plan, context), plan, make_settings(**settings)) for plan, settings in RUNS.get(kind, [])]


def checkpoint_numbers(checkpoint: Checkpoint) -> Numbers:
    """Every stored tensor by its statistics, and what was measured."""
    figures = checkpoint.record.figures
    files = sorted(checkpoint.path.rglob("*.safetensors"))
    weights = {
        name: _three(value) for file in files for name, value in _told_apart(load_file(file)) if name not in _UNFELT
    }
    measured = {
        "dev": figures.dev,
        "history": figures.history,
        "mixture": figures.mixture,
        "calibration": checkpoint.record.calibration,
        "steps": figures.steps,
        "parameters": figures.parameters,
    }
    return {"weights": weights, **measured}


def _told_apart(tensors: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in sorted(tensors.items()):
        if name.endswith(_DOWN):
            # Of the two factors of a matrix, either may have either sign.
            yield name.removesuffix(_DOWN), tensors[name.replace(_DOWN, _UP)].astype(float) @ value.astype(float)
        elif not name.endswith(_UP):
            yield name, value


def _three(value: np.ndarray) -> list[float]:
    every = value.astype(np.float64).ravel()
    return [float(every.mean()), float(np.abs(every).mean()), float(every[0])]


def training_numbers(checkpoints: list[Checkpoint], learning: Numbers, factored: bool) -> Numbers:
    """The numbers of a kind of run.

    Args:
        checkpoints: Of all its runs.
        learning: What problems learn from and are measured by.
        factored: Whether it learns nothing, so that only what is measured counts.
    """
    if factored:
        learning = {task: {key: found[key] for key in found if key == "dev"} for task, found in learning.items()}
    return {**{one.setup: checkpoint_numbers(one) for one in checkpoints}, "problems": learning}
