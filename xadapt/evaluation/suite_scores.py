"""The scores of a suite, from stored results; what is incomplete never has an official number."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from xadapt.errors import XadaptError
from xadapt.metrics import main_score
from xadapt.tasks.catalogue import DEFAULT
from xadapt.tasks.languages import ENGLISH, language_name
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xadapt.store.records import Json
    from xadapt.store.result_record import LanguageScore, Result
    from xadapt.tasks.suites import Suite


@dataclass(frozen=True)
class LanguageRow:
    """A task in a language; scores are 0–100.

    Attributes:
        score: What the suite counts; for question answering the mean of exact match and F1.
        sample: Whether these are fewer rows than there are.
    """

    language: str
    name: str
    n: int
    available: int
    split: str
    score: float
    scores: Mapping[str, float]
    sample: bool


@dataclass(frozen=True)
class TaskScore:
    """A task of a suite.

    Attributes:
        metric: What is scored, for people.
        setup: What was evaluated, "" if nothing was.
        score: Mean over the suite's languages, None unless all are there.
        partial: Mean over the languages that are there.
        english: English alone.
        others: Mean of the other languages that are there.
        gap: Cross-lingual transfer gap, English minus the others; None where either is not there.
        counted: How many languages the suite counts.
        missing: Which of them are not there.
        reason: Why, where that is known.
        why_sample: Why these rows are not the benchmark's own, empty if nothing says so.
        rows: Language by language, English first.
    """

    task: str
    group: str
    metric: str
    setup: str
    score: float | None
    partial: float | None
    english: float | None
    others: float | None
    gap: float | None
    counted: int
    missing: tuple[str, ...]
    reason: str
    why_sample: tuple[str, ...]
    rows: tuple[LanguageRow, ...]

    @property
    def n(self) -> int:
        """Rows that were scored, all languages together."""
        return sum(row.n for row in self.rows)

    @property
    def lacks(self) -> str:
        """The task if nothing of it is there, the task with its missing languages, or ""."""
        if not self.missing:
            return ""
        return f"{self.task}: {' '.join(self.missing)}" if self.rows else self.task


@dataclass(frozen=True)
class GroupScore:
    """The mean of several tasks.

    Attributes:
        score: The mean of their scores, None unless every one is complete.
        partial: The mean over what is there.
        counted: How many tasks the suite counts.
        there: How many of them have anything.
        missing: Tasks that are not there, and incomplete ones with their missing languages.
    """

    score: float | None
    partial: float | None
    counted: int
    there: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class SuiteScore:
    """A suite's scores, 0–100, each an official number or None: an incomplete mean is only ever a ``partial``."""

    suite: Suite
    tasks: tuple[TaskScore, ...]
    groups: Mapping[str, GroupScore]
    overall: GroupScore

    @property
    def why_sample(self) -> tuple[str, ...]:
        """Why the rows are not the benchmark's own, each reason once."""
        return tuple(dict.fromkeys(reason for task in self.tasks for reason in task.why_sample))

    @property
    def sample(self) -> bool:
        """Whether any result is known to be of a sample."""
        return bool(self.why_sample)

    def as_dict(self) -> Json:
        """Everything, for programs."""
        tasks = [{**asdict(task), "n": task.n} for task in self.tasks]
        return {
            "suite": self.suite.name,
            "source": self.suite.source,
            "complete": not self.overall.missing,
            "overall": asdict(self.overall),
            "groups": {name: asdict(group) for name, group in self.groups.items()},
            "sample": self.sample,
            "why_sample": list(self.why_sample),
            "tasks": tasks,
        }


def score_suite(suite: Suite, results: Iterable[Result], reasons: Mapping[str, str] | None = None) -> SuiteScore:
    """Score a suite as its paper does.

    A task's score is the mean over the suite's languages of its main score, for question answering of the mean of
    exact match and F1; a group's the mean of its tasks; the overall score the mean of all tasks.

    Args:
        suite: The suite.
        results: What :func:`xadapt.evaluation.evaluate.evaluate` returned or stored, one a task. Other tasks and
            languages than the suite's are left out.
        reasons: By task, why something is missing.

    Raises:
        XadaptError: If a task has two results, or a language lacks the score that counts.

    Source: XTREME (arXiv 2003.11080, section 4), XTREME-R (arXiv 2104.07412) and the evaluator of both.
    """
    given: dict[str, Result] = {}
    for result in results:
        if result.task in given:
            raise XadaptError(f"two results of {result.task} ({result.setup}): give one a task")
        if result.task in suite.tasks:
            given[result.task] = result
    tasks = tuple(_score_task(suite, task, given.get(task), (reasons or {}).get(task, "")) for task in suite.tasks)
    groups = {name: _mean_of([task for task in tasks if task.group == name]) for name in suite.groups}
    return SuiteScore(suite, tasks, groups, _mean_of(tasks))


def _counted(task: str) -> tuple[str, tuple[str, ...]]:
    """What a task's score is called, and the scores of a language that it is the mean of."""
    known = DEFAULT[task]
    spec = spec_of(known.kind)
    if spec.suite_scores:
        return spec.suite_metric, spec.suite_scores
    main = main_score(known.metric)
    return {"f1": "F1", "map@20": "mAP@20"}.get(main, main), (main,)


def _score_task(suite: Suite, task: str, result: Result | None, reason: str) -> TaskScore:
    (metric, keys), wanted = _counted(task), suite.languages[task]
    found = result.languages if result else {}
    order = sorted(wanted, key=lambda code: (code != ENGLISH, code))
    rows = tuple(_row(task, code, found[code], keys) for code in order if code in found)
    by_language = {row.language: row.score for row in rows}
    english = by_language.get(ENGLISH)
    others = _mean([score for code, score in by_language.items() if code != ENGLISH])
    partial = _mean(list(by_language.values()))
    missing = tuple(code for code in sorted(wanted) if code not in found)
    return TaskScore(
        task=task,
        group=suite.group(task),
        metric=metric,
        setup=result.setup if result else "",
        score=None if missing else partial,
        partial=partial,
        english=english,
        others=others,
        gap=None if english is None or others is None else english - others,
        counted=len(wanted),
        missing=missing,
        reason=reason,
        why_sample=_why_sample(result, rows) if result and rows else (),
        rows=rows,
    )


def _row(task: str, code: str, entry: LanguageScore, keys: tuple[str, ...]) -> LanguageRow:
    lacking = [key for key in keys if key not in entry.scores]
    if lacking:
        raise XadaptError(f"the result of {task} has no {lacking[0]} in {code!r}: evaluate it again")
    available = entry.n if entry.available is None else entry.available
    score = sum(entry.scores[key] for key in keys) / len(keys)
    name = language_name(code)
    return LanguageRow(code, name, entry.n, available, entry.split, score, entry.scores, available > entry.n)


def _why_sample(result: Result, rows: tuple[LanguageRow, ...]) -> tuple[str, ...]:
    data, limit, pool = result.data, result.limit, result.pool_limit
    why = [f"at most {limit:,} rows a language"] if limit else []
    why += [f"a pool of the rows' answers and others up to {pool:,} items"] if pool else []
    if not limit and any(row.sample for row in rows):
        why.append("fewer rows than there are")
    if data == "bundled":
        why.append("rows of the bundled demonstration")
    elif data != "hub":
        why.append(f"rows of {data}")
    return tuple(why)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_of(tasks: Iterable[TaskScore]) -> GroupScore:
    tasks = list(tasks)
    there = [task.partial for task in tasks if task.partial is not None]
    partial = _mean(there)
    missing = tuple(task.lacks for task in tasks if task.lacks)
    return GroupScore(None if missing else partial, partial, len(tasks), len(there), missing)
