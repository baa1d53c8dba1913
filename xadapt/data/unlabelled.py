"""Rows of target languages without labels: of a split that is not measured, or behind what a limit takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xadapt.data.source import RowSet, Source, shuffled
from xadapt.errors import XadaptError
from xadapt.store.files import sha256_json
from xadapt.tasks.languages import ENGLISH
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from xadapt.tasks import Row, Task


@dataclass(frozen=True)
class Unlabelled:
    """Rows of a language without labels.

    Attributes:
        rows: What is read of them alone.
        english: The same in English; None where the task's rows are not parallel.
        split: Their split.
        available: How many it has.
        measured: Whether it is the split that is measured: these are the last by the fixed shuffle of a limit then.
    """

    rows: list[Row]
    english: list[Row] | None
    split: str
    available: int
    measured: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what is learnt from."""
        return sha256_json([self.rows, self.english])


def unlabelled_rows(source: Source, task: Task, language: str, limit: int) -> Unlabelled:
    """Read rows of a language without their labels.

    Args:
        source: Where rows come from.
        task: A task with test rows.
        language: The language.
        limit: How many, at most all of a split that is not measured, or half of one that is.
    """
    spare = _spare(source, task, language)
    found = spare or source.test(task, language)
    order = shuffled(found.available)
    numbers = sorted(order[:limit] if spare else order[len(order) - min(limit, len(order) // 2) :])
    english = _english(source, task, language, found, measured=not spare)
    return Unlabelled(
        _asked(task, [found.rows[number] for number in numbers]),
        _asked(task, [english[number] for number in numbers]) if english else None,
        found.split,
        found.available,
        measured=not spare,
    )


def _spare(source: Source, task: Task, language: str) -> RowSet | None:
    """The rows of a split that is not measured; None where there is none."""
    if task.test is None or task.test.path or source.name == "bundled":
        return None
    measured = source.test(task, language).split
    for split in (*task.test.splits, *task.test.spare):
        found = None if split == measured else _split(source, task, language, split)
        if found:
            return found
    return None


def _split(source: Source, task: Task, language: str, split: str) -> RowSet | None:
    assert task.test is not None
    part = replace(task.test, split=split)
    if not source.has(task, part, language):
        return None
    try:
        rows, name = source.read(task, part, language)
    except XadaptError:
        # The hub says so only when it is asked for.
        return None
    return RowSet(rows, name, len(rows))


def _english(source: Source, task: Task, language: str, found: RowSet, measured: bool) -> list[Row] | None:
    if not task.parallel or language == ENGLISH or ENGLISH not in source.languages(task):
        return None
    same = source.test(task, ENGLISH) if measured else _split(source, task, ENGLISH, found.split)
    if same is None or (same.split, same.available) != (found.split, found.available):
        # A copy that lacks rows of a language has others at the same places.
        return None
    return same.rows


def _asked(task: Task, rows: list[Row]) -> list[Row]:
    spec = spec_of(task.kind)
    return [{name: value for name, value in row.items() if spec.field_of(name).asked} for row in rows]
