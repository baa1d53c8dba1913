"""How long steps take, from what was timed on this machine or came timed with the checkpoints."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from xadapt.composition.grammar import parse
from xadapt.experiments.steps import EvalStep, Step
from xadapt.tasks.catalogue import DEFAULT, Catalogue
from xadapt.training.run_kinds import run_kind
from xadapt.training.settings import make_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import RunRecord
    from xadapt.store.result_record import Result

#: A forward pass beside forward and backward, for tasks that were trained and never evaluated.
_FORWARD = 0.45
#: What a step takes beside its rows: loading and writing.
_AROUND = 3.0


class Rates:
    """Seconds a row takes in training and in evaluation.

    A step's rate is the median of earlier ones on the same tasks, else on tasks of the same kinds, else on any.
    """

    def __init__(
        self, checkpoints: Iterable[Checkpoint], results: Iterable[Result], tasks: Catalogue = DEFAULT
    ) -> None:
        """Read the times in records of training and in results."""
        self._tasks = tasks
        self._timed: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self._rows: dict[tuple[str, str], int] = {}
        for checkpoint in checkpoints:
            self._training(checkpoint.record)
        for result in results:
            rows = sum(language.n for language in result.languages.values())
            if rows and result.seconds:
                self._note("evaluate", [result.task], result.seconds / rows / _models(result.setup))
                self._rows["evaluate", result.task] = rows // len(result.languages)

    def _training(self, record: RunRecord) -> None:
        figures = record.figures
        # The time is that of all starts, the steps are those of the one that was kept.
        tries = len(figures.gated.starts) or 1 if figures.gated else 1
        rows = (figures.steps or 0) * record.settings.get("batch_size", 0) * tries
        for task, count in record.rows.items():
            self._rows["train", task] = max(count, self._rows.get(("train", task), 0))
        if rows and figures.seconds and not figures.resumed:
            self._note("train", record.tasks, figures.seconds / rows)

    def _note(self, what: str, tasks: Iterable[str], rate: float) -> None:
        for key in self._keys(what, list(tasks)):
            self._timed[key].append(rate)

    def seconds(self, step: Step) -> float | None:
        """Estimate how long a step takes; None where nothing of its sort was ever timed, or its rows are not known."""
        tasks = [step.task.name] if isinstance(step, EvalStep) else [task.name for task in step.plan.tasks]
        what = "evaluate" if isinstance(step, EvalStep) else "train"
        rate = self._rate(what, tasks)
        if rate is None and what == "evaluate":
            trained = self._rate("train", tasks)
            rate = None if trained is None else _FORWARD * trained
        rows = self._asked(step, tasks)
        return None if rate is None or rows is None else _AROUND + rate * rows

    def _rate(self, what: str, tasks: list[str]) -> float | None:
        return next((median(self._timed[key]) for key in self._keys(what, tasks) if self._timed.get(key)), None)

    def _asked(self, step: Step, tasks: list[str]) -> float | None:
        if isinstance(step, EvalStep):
            each = step.target.limit or self._rows.get(("evaluate", step.task.name))
            languages = step.target.languages
            count = len(step.task.languages) if languages == "all" else languages.count(",") + 1
            return None if each is None else each * count * len(step.setup.parts)
        kind = run_kind(step.plan.trains)
        if not kind.learns:
            # Members that are asked for answers read the dev rows once.
            dev = step.budget.dev_limit or make_settings().dev_limit
            return _FORWARD * dev * len(step.plan.makes.parts) if kind.asks else 0.0
        rows = 0
        for task in tasks:
            known, limit = self._rows.get(("train", task)), step.budget.limit
            if known is None and limit is None:
                return None
            rows += min(count for count in (known, limit) if count is not None)
        unlabelled = step.plan.makes.option("unlabelled") or 0
        rows += int(unlabelled) * sum(len(task.languages) - 1 for task in step.plan.tasks)
        return rows * (step.budget.epochs or 1) * kind.tries

    def _keys(self, what: str, tasks: list[str]) -> Iterator[tuple[str, ...]]:
        """From the most to the least specific."""
        yield (what, *sorted(tasks))
        # A task may be another user's own, whose records came with a checkpoint.
        kinds = {kind.name if (kind := self._tasks.kind_of(task)) else task for task in tasks}
        yield (what, "kinds", *sorted(kinds))
        yield (what,)


def _models(setup: str) -> int:
    return len(parse(setup).parts)
