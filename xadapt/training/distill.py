"""One adapter of normal size, and a head, taught by what a setup answers for a target's English rows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xadapt.data.unlabelled import Unlabelled, unlabelled_rows
from xadapt.errors import XadaptError
from xadapt.problems import Problem, problem_class
from xadapt.store.unlabelled_rows import UnlabelledRows
from xadapt.tasks.languages import ENGLISH
from xadapt.training.loop import fit
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.teacher import Teacher

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job
    from xadapt.training.plan import TrainPlan


def train_distilled(job: Job) -> Checkpoint:
    """Train a student on a frozen setup's answers and the gold ones (see :mod:`xadapt.problems.teaching`).

    Where it is asked for, rows of the target languages without labels are learnt from too, mixed with the English ones:
    parallel ones by what is answered for them in English.

    Raises:
        XadaptError: If a member is missing or wrong, or no head of the setup answers the task.

    Source: Hinton et al., arXiv 1503.02531; of a setup into itself, born-again networks, arXiv 1805.04770.
    """
    given, teacher = _unlabelled(job), Teacher(job)
    says = {"start": str(teacher.start), "unlabelled": _described(job, given)}
    if given:
        job = replace(job, decides={"unlabelled": {code: rows.fingerprint for code, rows in given.items()}})
    job = replace(job, says=says)
    return fit(job, partial(teacher.student, job), choose=partial(teacher.taught, given=given))


def _unlabelled(job: Job) -> dict[str, Unlabelled]:
    """By target language, the rows without labels that a job learns from."""
    (task,), limit = job.plan.tasks, job.plan.makes.option("unlabelled")
    if limit is None:
        return {}
    source = job.context.source
    given = {
        code: unlabelled_rows(source, task, code, int(limit)) for code in source.languages(task) if code != ENGLISH
    }
    if not given:
        raise XadaptError(
            f"{source.name} has no test rows of {task.name} but English ones, from whose languages unlabelled rows are "
            "taken: leave unlabelled out, or get them"
        )
    return given


def _described(job: Job, given: dict[str, Unlabelled]) -> list[UnlabelledRows]:
    return [
        UnlabelledRows(
            task=job.plan.tasks[0].name,
            language=code,
            split=found.split,
            rows=len(found.rows),
            available=found.available,
            measured=found.measured,
            english=found.english is not None,
            fingerprint=found.fingerprint,
        )
        for code, found in given.items()
    ]


def check_teachable(plan: TrainPlan) -> None:
    """Check that a plan's task has answers that can be taught.

    Raises:
        XadaptError: If it has not.
    """
    (task,) = plan.tasks
    if problem_class(task).taught is Problem.taught:
        raise XadaptError(
            f"{plan.makes}: {task.name} is {task.kind.name}, where there are no answers to teach: take a task whose "
            "answers are labels, choices, tags, spans or scores"
        )


DISTILL = register_run_kind(RunKind("distill", revision=1, train=train_distilled, check=check_teachable, asks=True))
