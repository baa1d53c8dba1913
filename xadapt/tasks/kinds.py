"""The kinds of problem that a task can be: plain data, no code of any model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Kind:
    """What is predicted from what; two tasks of equal kind speak the same labels and can share a head."""

    name: ClassVar[str]
    #: Fields that every row of a task of this kind has, after its columns were renamed.
    fields: ClassVar[tuple[str, ...]]
    trainable: ClassVar[bool] = True


@dataclass(frozen=True)
class PairClassification(Kind):
    """One label for a pair of texts; rows hold ``first``, ``second`` and ``label`` (index into ``labels``)."""

    labels: tuple[str, ...] = ()
    name: ClassVar[str] = "pair-classification"
    fields: ClassVar[tuple[str, ...]] = ("first", "second", "label")


@dataclass(frozen=True)
class PairRegression(Kind):
    """A number for a pair of texts; rows hold ``first``, ``second`` and ``score`` in [low, high]."""

    low: float = 0.0
    high: float = 1.0
    name: ClassVar[str] = "pair-regression"
    fields: ClassVar[tuple[str, ...]] = ("first", "second", "score")


@dataclass(frozen=True)
class SpanQA(Kind):
    """A span of the context answers the question; ``answers`` holds ``text`` and ``answer_start`` (characters)."""

    name: ClassVar[str] = "span-qa"
    fields: ClassVar[tuple[str, ...]] = ("id", "question", "context", "answers")


@dataclass(frozen=True)
class Retrieval(Kind):
    """Find each sentence's translation; rows hold ``first`` (the language) and ``second`` (English)."""

    name: ClassVar[str] = "retrieval"
    fields: ClassVar[tuple[str, ...]] = ("first", "second")
    trainable: ClassVar[bool] = False
