"""Stored predictions as the files of a submission."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xadapt.tasks.kinds import Row
    from xadapt.tasks.task import Task


@dataclass(frozen=True)
class Predicted:
    """A task's stored predictions in a language.

    Attributes:
        task: The task.
        language: The language.
        predictions: The predictions.
        rows: Reads the rows as the data source has them now.
        same_rows: The same; raises if they are not those that were predicted.
        gold: Reads the gold pairs.
    """

    task: Task
    language: str
    predictions: list[Any]
    rows: Callable[[], list[Row]]
    same_rows: Callable[[], list[Row]]
    gold: Callable[[], list[tuple[str, str]]]


@dataclass(frozen=True)
class SubmissionFile:
    """The file of a kind.

    Attributes:
        suffix: How its name ends.
        text: Makes its content.
    """

    suffix: str
    text: Callable[[Predicted], str]


def lines(texts: Iterable[str]) -> str:
    """Texts, a line each."""
    return "".join(f"{text}\n" for text in texts)


def as_json(value: Any) -> str:
    """A value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False) + "\n"


#: A prediction a line, as JSON.
LINES = SubmissionFile("jsonl", lambda given: "".join(map(as_json, given.predictions)))
