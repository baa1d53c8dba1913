"""Checks of rows of extractive QA: answers and sentences are well formed and are where their offsets say."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.tasks.specs import FieldFault, Remark, RowFault

if TYPE_CHECKING:
    from xadapt.tasks import Row
    from xadapt.tasks.specs import Fault


@dataclass(frozen=True)
class MovedAnswer:
    """An answer that is not at its start.

    Attributes:
        text: The answer.
        start: Where its row has it, in characters.
        found: What the context has there.
        respelled: Whether that is the same text in another spelling (spaces, case, Unicode form).
    """

    text: str
    start: int
    found: str
    respelled: bool

    def __str__(self) -> str:
        return f"{_short(self.text)} is not at {self.start} of its context, which has {_short(self.found)} there"


def answer_fault(row: Row, may_lack: bool = False) -> Fault | None:
    """What is wrong with the answers of a row, None if nothing is.

    Args:
        row: A row of extractive QA.
        may_lack: Whether a question may have no answer.
    """
    answers = row["answers"]
    if not isinstance(answers, dict):
        return FieldFault("answers", f"{type(answers).__name__}, not a pair of lists text and answer_start")
    texts, starts = answers.get("text") or [], answers.get("answer_start") or []
    if not isinstance(texts, list) or not isinstance(starts, list):
        return FieldFault("answers", "not a pair of lists text and answer_start")
    if len(texts) != len(starts):
        return RowFault(f"question {row['id']} has not as many answer starts as answers", "starts")
    if not all(isinstance(text, str) and isinstance(start, int) for text, start in zip(texts, starts, strict=True)):
        what = f"question {row['id']} has an answer that is not text, or a start that is not a whole number"
        return RowFault(what, "types")
    return None if texts or may_lack else RowFault(f"question {row['id']} has no answer span", "no answer")


def answer_remarks(row: Row) -> list[Remark]:
    """Remarks on the answers that are not at their starts."""
    # Starts that were counted in bytes or so are wrong nearly everywhere; other texts are the data set's mistakes.
    many = "offsets that are not characters?"
    return [Remark(str(moved), "span", "" if moved.respelled else many) for moved in moved_answers(row)]


def count_answers(row: Row) -> int:
    """How many answers a row has."""
    return len(row["answers"].get("text") or [])


def moved_answers(row: Row) -> list[MovedAnswer]:
    """Compare a row's answers with its context.

    Args:
        row: A row of extractive QA that fits its kind.

    Returns:
        The answers that are not at their starts.
    """
    context, answers = row["context"], row["answers"]
    moved = []
    for text, start in zip(answers.get("text") or [], answers.get("answer_start") or [], strict=True):
        # A negative start would count from the context's end.
        found = context[start : start + len(text)] if start >= 0 else ""
        if found == text:
            continue
        # Another spelling may be longer, such as one space more.
        near = context[start : start + len(text) + 4] if start >= 0 else ""
        respelled = bool(_plain(text)) and _plain(near).startswith(_plain(text))
        moved.append(MovedAnswer(text, start, found, respelled))
    return moved


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def break_fault(row: Row) -> str | None:
    """What is wrong with a row's sentences and their breaks, None when nothing is or it has none."""
    sentences, breaks = row.get("sentences"), row.get("breaks")
    if sentences is None and breaks is None:
        return None
    if not isinstance(sentences, list) or not isinstance(breaks, list) or len(sentences) != len(breaks):
        return "has not as many sentences as sentence breaks"
    for number, (sentence, ends) in enumerate(zip(sentences, breaks, strict=True)):
        if len(ends) != 2 or row["context"][ends[0] : ends[1]] != sentence:
            return f"its sentence {number} is not at {ends} of its context"
    return None
