"""Submissions, and what the evaluator does with a file, done again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from xadapt.composition.grammar import parse
from xadapt.context import Context
from xadapt.data.source import RowSet
from xadapt.evaluation.submission import Submission, write_submission
from xadapt.store.result_record import Result
from xadapt.tasks.suites import XTREME, Suite


class Given:
    """A source of rows that a test wrote down."""

    name = "hub"

    def __init__(self, rows: dict[str, list[dict[str, Any]]], gold: list[tuple[str, str]] | None = None) -> None:
        self.rows, self.pairs = rows, gold or []

    def test(self, task: Any, language: str, limit: int | None = None) -> RowSet:
        """All rows of the task, whatever the language."""
        return RowSet(self.rows[task.name], "test", len(self.rows[task.name]))

    def gold(self, task: Any, language: str) -> list[tuple[str, str]]:
        """The pairs."""
        return self.pairs


#: Stores a made-up result, as the fixture `keep` does.
Keep = Callable[..., Result]


def submit(
    store: Any, to: Path, source: Any = None, suite: Suite = XTREME, seed: int = 42, allow_sample: bool = False
) -> Submission:
    """Submit what was stored of mnli."""
    rows: Any = source or Given({})
    context = Context(rows, store, seed=seed)
    return write_submission(context, suite, parse("mnli"), to, allow_sample)


def read_labels(path: Path) -> list[str]:
    """A label a line."""
    return [line.strip() for line in path.read_text().splitlines()]


def accuracy(predictions: list[Any], labels: list[Any]) -> float:
    """Share of right labels, 0-100."""
    assert len(predictions) == len(labels)
    return 100 * sum(a == b for a, b in zip(predictions, labels, strict=True)) / len(labels)


def sorted_positions(english: list[str]) -> list[str]:
    """The evaluator's labels of Tatoeba: its English side is sorted, a label is the index in the files as they come."""
    return [str(index) for index, _ in sorted(enumerate(english), key=lambda item: item[1].strip())]
