"""Checks of rows of extractive QA: answers and sentences are well formed and are where their offsets say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.errors import quoted
from xadapt.problems.answer_forms import contradiction
from xadapt.problems.answer_places import moved_answers
from xadapt.tasks.specs import FieldFault, Remark, RowFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.tasks import Row
    from xadapt.tasks.specs import Fault


def answer_fault(row: Row, may_lack: bool = False) -> Fault | None:
    """What is wrong with the answers of a row, None if nothing is.

    Args:
        row: A row of extractive QA.
        may_lack: Whether a question may have no answer.
    """
    answers = row["answers"]
    if not isinstance(answers, dict):
        what = "not a pair of lists text and answer_start (two columns make one: columns: {answers: [TEXT, START]})"
        if isinstance(answers, str) and answers.lstrip()[:1] in ("{", "["):
            what = "lists that were written as text: write them as .jsonl or .parquet"
        return FieldFault("answers", f"{type(answers).__name__}, {what}")
    texts, starts = answers.get("text") or [], answers.get("answer_start") or []
    if not isinstance(texts, list) or not isinstance(starts, list):
        return FieldFault("answers", "not a pair of lists text and answer_start")
    if len(texts) != len(starts):
        return RowFault(f"question {row['id']} has not as many answer starts as answers", "starts")
    for text, start in zip(texts, starts, strict=True):
        if not isinstance(text, str):
            return RowFault(f"question {row['id']} has the answer {quoted(text)}, which is not text", "types")
        if type(start) is not int:
            what = f"question {row['id']}: the start of {quoted(text)} is {quoted(start)}, not a whole number"
            return RowFault(what, "types")
    if not all(text.strip() for text in texts):
        what = f"question {row['id']} has an empty answer beside another: no answer is an empty list"
        return RowFault(what, "empty")
    if texts or may_lack:
        return contradiction({**row, "answers": {"text": texts}})
    what = f"question {row['id']} has no answer span (a task of which some have none says unanswerable: true)"
    return RowFault(what, "no answer")


def answer_remarks(row: Row) -> list[Remark]:
    """Remarks on the answers that are not at their starts."""
    # Starts that were counted in bytes or so are wrong nearly everywhere; other texts are the data set's mistakes.
    many = "offsets that are not characters?"
    return [
        Remark(str(moved), "span") if moved.respelled else Remark(str(moved), "span", many, wrong=True)
        for moved in moved_answers(row)
    ]


def answer_notes(rows: Sequence[Row], kind: object) -> list[str]:
    """What a user should know of the answers of a file together."""
    return [] if any(map(count_answers, rows)) else ["no question has an answer, and nothing is learnt to be cut out"]


def count_answers(row: Row) -> int:
    """How many answers a row has."""
    return len(row["answers"].get("text") or [])


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
