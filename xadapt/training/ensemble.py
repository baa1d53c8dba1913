"""Ensembles whose members and weights English dev rows choose: nothing is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.answering import Answerer, mixed, side_by_side
from xadapt.composition.builder import Assembly
from xadapt.problems.base import Defaults
from xadapt.store.records import Figures
from xadapt.tasks.languages import ENGLISH
from xadapt.training.run_kinds import RunKind, register_run_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from xadapt.problems.base import Feature
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Json, Scores
    from xadapt.training.job import Job, Run

Weights = tuple[float, ...]
#: Members that are taken at most, one of them as often as it helps.
ROUNDS = 20


def make_ensemble(job: Job) -> Checkpoint:
    """Choose the weights of an ensemble, unless a run of the same hash has, and store them.

    The members' checkpoints were chosen on the same English dev rows, each by itself, so that the score of the chosen
    ensemble on these rows is too high by more than a member's is; rows of other languages have no part in it.

    Raises:
        XadaptError: If a member is missing or wrong, or has no head that answers the task.

    Source: Caruana et al., "Ensemble Selection from Libraries of Models", ICML 2004.
    """
    used: list[Checkpoint] = []

    def note(checkpoint: Checkpoint) -> None:
        used.append(checkpoint)
        job.context.uses(checkpoint)

    node, (task,) = job.plan.makes, job.plan.tasks
    problem = job.problems[task.name]
    answerer = side_by_side(job.context, node, problem.task, max_length=problem.max_length, on_use=note)
    assembly = Assembly(job.context)
    for checkpoint in used:
        assembly.adopt(checkpoint)
    return job.once(assembly, lambda run: _make(run, answerer))


def _make(run: Run, answerer: Answerer) -> Checkpoint:
    job = run.job
    (task,), members = job.plan.tasks, [str(child) for child in job.plan.makes.children]
    answers = _Answers(job, answerer)
    history: list[Json] = []
    with job.context.display.training(str(job.plan.makes)) as tick:

        def score(weights: Weights) -> float:
            value = job.mean_main({task.name: answers.scores(weights)})
            history.append({"weights": [round(weight, 6) for weight in weights], "dev": value})
            tick(len(history), ROUNDS * len(members), None)
            return value

        best, _ = select(len(members), score)
    figures = Figures(
        dev={task.name: answers.scores(best)},
        mixture=dict(zip(members, best, strict=True)),
        history=history,
        parameters=len(members),
    )
    job.problems[task.name].calibration = answerer.problem.calibration
    return run.store(None, figures)


def select(members: int, score: Callable[[Weights], float], rounds: int = ROUNDS) -> tuple[Weights, float]:
    """Take members one after the other, each again if that helps, so that the score becomes best.

    Args:
        members: How many there are.
        score: The dev score of given weights, which sum to 1; asked for once for the same weights.
        rounds: How many are taken.

    Returns:
        The weights of the best round, each the share of a member in what was taken until then, and their score; the
        first of equal rounds. Within a round the first of equal members is taken. The first round's is the best member
        alone, so that no member is better.
    """
    known: dict[Weights, float] = {}
    found: list[tuple[Weights, float]] = []
    taken = [0] * members
    for number in range(1, rounds + 1):
        tried = []
        for member in range(members):
            weights = tuple((count + (i == member)) / number for i, count in enumerate(taken))
            if weights not in known:
                known[weights] = score(weights)
            tried.append((weights, known[weights]))
        best = max(range(members), key=lambda member: tried[member][1])
        taken[best] += 1
        found.append(tried[best])
    return max(found, key=lambda one: one[1])


class _Answers:
    """What members answer for English dev rows, which they read once, and how well a mixture of it does."""

    def __init__(self, job: Job, answerer: Answerer) -> None:
        """Let the members read the rows and, where answers are retrieved, what they are retrieved from."""
        (task,), context = job.plan.tasks, job.context
        self.problem, self.rows = answerer.problem, job.dev_rows[task.name].rows
        self.features = self.problem.encode(self.rows, labelled=False)
        self.pool = self.problem.own_pool(self.rows) if self.problem.pooled else []
        answerer.keep(context.store.cache)
        answerer.to(context.device)

        def read(features: list[Feature], of: str, rows: int, with_head: bool) -> list[list[np.ndarray]]:
            progress.start(of, rows)
            return answerer.each(features, with_head, progress.advance, rows)

        with context.display.rows(f"asks the members of {job.plan.makes}") as progress:
            self.read = read(self.features, ENGLISH, len(self.rows), True)
            self.items = []
            if self.pool:
                self.items = read(self.problem.encode_pool(self.pool), "candidates", len(self.pool), False)
        context.store.cache.flush()

    def scores(self, weights: Weights) -> Scores:
        """The dev scores of a mixture, 0–100, after what is tuned on these rows beside the weights."""
        counted = [i for i, weight in enumerate(weights) if weight]
        some = [weights[i] for i in counted]
        if self.pool:
            self.problem.fill(self.pool, mixed(self.problem, [self.items[i] for i in counted], some))
        raw = mixed(self.problem, [self.read[i] for i in counted], some)
        predictions = self.problem.decode(raw, self.features, self.rows)
        self.problem.calibration = self.problem.calibrate(predictions, self.rows)
        return {key: round(value, 4) for key, value in self.problem.score(predictions, self.rows).items()}


ENSEMBLE = register_run_kind(
    RunKind("ensemble", revision=1, train=make_ensemble, defaults=Defaults(), learns=False, asks=True)
)
