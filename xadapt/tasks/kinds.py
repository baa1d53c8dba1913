"""The kinds of problem that a task can be: plain data, no code of any model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

#: A row: column or field to value.
Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What is predicted from what; two tasks of equal kind have the same labels and can share a head."""

    name: ClassVar[str]
    #: Fields that every row of a task of this kind has, after its columns were renamed.
    fields: ClassVar[tuple[str, ...]]
    #: Fields that a row may have besides.
    optional: ClassVar[tuple[str, ...]] = ()
    #: Fields of what is retrieved, where a task of this kind has a pool of its own.
    pool_fields: ClassVar[tuple[str, ...]] = ()
    trainable: ClassVar[bool] = True


@dataclass(frozen=True)
class TextClassification(Kind):
    """One label for a text; rows hold ``first`` and ``label`` (index into ``labels``)."""

    labels: tuple[str, ...] = ()
    name: ClassVar[str] = "text-classification"
    fields: ClassVar[tuple[str, ...]] = ("first", "label")


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
class MultipleChoice(Kind):
    """The best of a row's choices: a context, perhaps a question, texts to choose from, the right one's index.

    Each choice is scored by itself, so tasks with two, three or five choices share a head.
    """

    name: ClassVar[str] = "multiple-choice"
    fields: ClassVar[tuple[str, ...]] = ("context", "choices", "label")
    optional: ClassVar[tuple[str, ...]] = ("question",)


@dataclass(frozen=True)
class Tagging(Kind):
    """A tag for every word; rows hold ``tokens`` and ``tags``, both texts.

    Attributes:
        labels: The tags; empty when the training rows decide (see :meth:`xadapt.data.source.Source.with_labels`).
        tagset: Tells open tag sets apart.
    """

    labels: tuple[str, ...] = ()
    tagset: str = ""
    name: ClassVar[str] = "tagging"
    fields: ClassVar[tuple[str, ...]] = ("tokens", "tags")


@dataclass(frozen=True)
class SpanQA(Kind):
    """A span of the context answers the question; ``answers`` holds ``text`` and ``answer_start`` (characters).

    Attributes:
        unanswerable: Whether a question may have no answer (empty lists), as in SQuAD 2.0.
    """

    unanswerable: bool = False
    name: ClassVar[str] = "span-qa"
    fields: ClassVar[tuple[str, ...]] = ("id", "question", "context", "answers")
    optional: ClassVar[tuple[str, ...]] = ("is_impossible",)


@dataclass(frozen=True)
class Retrieval(Kind):
    """Find each sentence's translation; rows hold ``first`` (the language) and ``second`` (English)."""

    name: ClassVar[str] = "retrieval"
    fields: ClassVar[tuple[str, ...]] = ("first", "second")
    trainable: ClassVar[bool] = False


@dataclass(frozen=True)
class Mining(Kind):
    """Find the translations hidden in two sets of sentences; rows hold ``id`` and ``text``, and the pool's too.

    The task's ``gold`` rows hold the pairs: ``source`` and ``target`` ids.
    """

    name: ClassVar[str] = "mining"
    fields: ClassVar[tuple[str, ...]] = ("id", "text")
    pool_fields: ClassVar[tuple[str, ...]] = ("id", "text")
    trainable: ClassVar[bool] = False


@dataclass(frozen=True)
class AnswerRetrieval(Kind):
    """Find the sentence that answers a question among the sentences of all contexts of all languages.

    Rows are those of extractive QA; ``sentences`` and their ``breaks`` (first and last character + 1 in the context)
    where the data set has them.
    """

    name: ClassVar[str] = "answer-retrieval"
    fields: ClassVar[tuple[str, ...]] = ("id", "question", "context", "answers")
    optional: ClassVar[tuple[str, ...]] = ("sentences", "breaks")


@dataclass(frozen=True)
class EntityRetrieval(Kind):
    """Find the entity that a marked mention means, in a pool of entity descriptions.

    Rows hold ``id``, ``text`` (the mention, marked, in its context) and the gold ``entity``; training rows also the
    gold entity's ``description``. The pool holds ``entity`` and ``description``.
    """

    name: ClassVar[str] = "entity-retrieval"
    fields: ClassVar[tuple[str, ...]] = ("text",)
    optional: ClassVar[tuple[str, ...]] = ("id", "entity", "description")
    pool_fields: ClassVar[tuple[str, ...]] = ("entity", "description")
