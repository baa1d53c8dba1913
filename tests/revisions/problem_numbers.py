"""What each kind of problem makes of fixed rows and a head that a fixed seed draws: nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from tests.revisions.inputs import MAX_LENGTH, METRICS, TASKS
from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.composition.kept_answers import level
from xadapt.context import Context
from xadapt.evaluation.evaluate import EvalSettings, evaluate
from xadapt.problems import Problem, bind, problem_class
from xadapt.problems.predict import fill_pool, raw_outputs
from xadapt.problems.teaching import learning_loss
from xadapt.tasks import Task

#: Numbers by name, as JSON has them.
Numbers = dict[str, Any]
HEAD = "head"
#: Seeds of heads, where 0 draws one that answers nothing rightly.
_SEEDS = {"perhaps": 7}
#: Setups of the kept checkpoints, or of none, that are evaluated as a user would.
SETUPS = {
    "pairs": (
        "mnli",
        "stack(mnli, xnli)",
        "stack(fuse(mnli, stsb), xnli)",
        "greedy_soup(mnli, stsb)@xnli",
        "ensemble(mnli, stack(mnli, xnli))",
    ),
    "likeness": (
        "stsb",
        "average(mnli, stsb)",
        "fuse(mnli, stsb)",
        "fuse(mnli, stsb, rank=4)",
        "multitask(mnli, stsb)",
        "ensemble(stsb, average(mnli, stsb))",
    ),
    "spans": ("squad", "average(mnli, squad)"),
    "answers": ("none",),
    "entities": ("stsb",),
    "translations": ("none", "ensemble(mnli, stsb)"),
    "mined": ("none",),
}


def statistics(values: Sequence[Any]) -> Numbers:
    """Mean, mean absolute value, deviation and first element of arrays together; the infinite is counted by itself."""
    every = np.concatenate([np.asarray(value, dtype=np.float64).ravel() for value in values])
    finite = every[np.isfinite(every)]
    return {
        "mean": float(finite.mean()),
        "absolute": float(np.abs(finite).mean()),
        "deviation": float(finite.std()),
        "first": float(finite[0]),
        "size": len(every),
        "infinite": len(every) - len(finite),
    }


def tasks_of(kind: str) -> Iterator[Task]:
    """The fixture's tasks of a kind."""
    return (task for task in TASKS.values() if task.kind.name == kind)


def evaluation_numbers(context: Context, kind: str) -> Numbers:
    """Raw outputs, predictions, scores and examples of a kind's tasks, by task and language."""
    found = {}
    for task in tasks_of(kind):
        found[task.name] = {language: _answered(context, task, language) for language in task.languages}
        for setup in SETUPS.get(task.name, ()):
            found[f"{setup} on {task.name}"] = _evaluated(context, setup, task)
    return found


def _evaluated(context: Context, setup: str, task: Task) -> Numbers:
    result = evaluate(context, parse(setup), task, settings=EvalSettings(max_length=MAX_LENGTH))
    numbers: Numbers = {"mean": result.means, "scores": {code: result[code].scores for code in result.languages}}
    if bind(task, context.backbone).needs_head:
        answerer = answer_with(context, parse(setup), task, max_length=MAX_LENGTH)
        raw, _ = answerer.outputs(context.source.test(task, task.languages[0]).rows)
        numbers["raw"] = statistics(raw)
    return numbers


def _answered(context: Context, task: Task, language: str) -> Numbers:
    problem, model = _problem_and_model(context, task)
    source = context.source
    rows = source.test(task, language).rows
    problem.gold = source.gold(task, language)
    head = HEAD if problem.needs_head else None
    found: Numbers = {}
    if problem.pooled:
        fill_pool(model, problem, source.pool(task, language) or [])
    features = problem.encode(rows, labelled=False)
    raw = raw_outputs(model, problem, features, head)
    predictions = problem.decode(raw, features, rows)
    found["features"] = [len(feature["input_ids"]) for feature in features]
    found["raw"] = statistics(raw)
    # As if of an ensemble: a second member that answers otherwise.
    found["combined"] = statistics([problem.combine(level([value, value / 2])) for value in raw])
    found["predictions"] = predictions
    found["calibration"] = problem.calibration = problem.calibrate(predictions, rows)
    for metric in METRICS[task.name]:
        problem.task = replace(task, metric=metric)
        examples = problem.examples(predictions, rows, language)
        found[metric] = {"scores": problem.score(predictions, rows, language), "examples": examples.values}
    return found


def learning_numbers(context: Context) -> Numbers:
    """What trainable kinds learn from and are measured by on dev, which decides the numbers of all kinds of run."""
    return {task.name: dict(_learnt(context, task)) for task in TASKS.values() if task.kind.trainable}


def taught_numbers(context: Context) -> Numbers:
    """What each kind that can be taught learns of a teacher that is half as sure as a head of a fixed seed is."""
    found = {}
    for task in TASKS.values():
        rows = context.source.train(task).rows if task.kind.trainable else []
        if not rows or problem_class(task).taught is Problem.taught:
            continue
        problem, model = _problem_and_model(context, task)
        features = problem.encode(rows, labelled=True)
        raw = raw_outputs(model, problem, features, HEAD)
        taught = [problem.taught(value / 2, feature) for value, feature in zip(raw, features, strict=True)]
        pairs = zip(features, taught, strict=True)
        batch = problem.collate([{**feature, "taught": answer} for feature, answer in pairs][:4])
        with torch.inference_mode():
            loss = learning_loss(problem, problem.forward(model, batch, HEAD), batch)
        found[task.name] = {"taught": statistics(taught), "loss": float(loss)}
    return found


def _learnt(context: Context, task: Task) -> Iterator[tuple[str, Any]]:
    if not context.source.train(task).rows:
        return
    problem, model = _problem_and_model(context, task)
    features = problem.encode(context.source.train(task).rows, labelled=True)
    head = HEAD if problem.needs_head else None
    batch = problem.collate(features[:4])
    with torch.inference_mode():
        yield "loss", float(problem.loss(problem.forward(model, batch, head), batch))
    yield "constant_loss", problem.constant_loss(features)
    yield "terms", problem.terms(features)
    yield "defaults", list(vars(problem.defaults).values())
    dev = context.source.dev(task).rows
    if problem.pooled:
        fill_pool(model, problem, problem.own_pool(dev))
    unlabelled = problem.encode(dev, labelled=False)
    predictions = problem.decode(raw_outputs(model, problem, unlabelled, head), unlabelled, dev)
    yield "calibration", problem.calibrate(predictions, dev)
    yield "dev", problem.score(predictions, dev)


def _problem_and_model(context: Context, task: Task) -> tuple[Problem, Any]:
    problem, model = bind(task, context.backbone, MAX_LENGTH), context.backbone.model()
    torch.manual_seed(_SEEDS.get(task.name, 0))
    if problem.needs_head:
        problem.add_head(model, HEAD)
    return problem, model.eval()
