"""The ways in which files write the answers of extractive QA, brought to one: a list of texts and a list of starts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xadapt.tasks.specs import RowFault

if TYPE_CHECKING:
    from xadapt.tasks import Row

#: How files say whether a question has no answer.
_SAID = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_WHOLE = re.compile(r"\s*[+-]?\d{1,18}(\.0*)?\s*")


def read_answers(row: Row) -> Row:
    """Bring the answers of a row to ``{"text": [...], "answer_start": [...]}``, both empty where there is none.

    Read are a text and its start, lists of them, a list of ``{"text": …, "answer_start": …}``, starts as text or with
    ``.0``, and as no answer also null, an empty text wherever it starts, and ``is_impossible``. What cannot be read is
    left as it is, for :func:`~xadapt.problems.answer_checks.answer_fault`.

    Args:
        row: A row of extractive QA.

    Returns:
        The same row, or a new one.
    """
    if _is_read(row):
        return row
    texts, starts = _lists(row.get("answers"))
    if texts is None or starts is None:
        return row
    starts = [_start(start) for start in starts]
    if _says_nothing(texts, starts):
        texts, starts = [], []
    answers = {"text": texts, "answer_start": starts}
    read = row if answers == row["answers"] else {**row, "answers": answers}
    if "is_impossible" not in row or contradiction(read):
        return read
    return {name: value for name, value in read.items() if name != "is_impossible"}


def _is_read(row: Row) -> bool:
    """Whether a row has answers in the form that is wanted, as nearly all of public sets have."""
    answers = row.get("answers")
    if type(answers) is not dict or len(answers) != 2 or "is_impossible" in row:
        return False
    texts, starts = answers.get("text"), answers.get("answer_start")
    if type(texts) is not list or type(starts) is not list or not texts:
        return False
    for text, start in zip(texts, starts, strict=False):
        if type(start) is not int or type(text) is not str or not text.strip():
            return False
    return len(texts) == len(starts)


def contradiction(row: Row) -> RowFault | None:
    """How ``is_impossible`` of a row with lists of answers contradicts them, None where it does not or is not there."""
    said, texts = row.get("is_impossible"), row["answers"]["text"]
    if said is None or said == "":
        return None
    impossible = _SAID.get(str(said).strip().lower())
    if impossible is None:
        return RowFault(f"is_impossible is {said!r}, and not true or false", "impossible")
    if impossible and texts:
        what = f"is_impossible is true, and there is an answer, {texts[0]!r}: empty its answers, or say false"
        return RowFault(what, "impossible")
    if not impossible and not texts:
        return RowFault("is_impossible is false, and there is no answer: give one, or say true", "impossible")
    return None


def _lists(answers: Any) -> tuple[list[Any] | None, list[Any] | None]:
    if answers is None:
        return [], []
    if isinstance(answers, list) and all(isinstance(one, dict) for one in answers):
        return [one.get("text") for one in answers], [one.get("answer_start") for one in answers]
    if isinstance(answers, list) and len(answers) == 2:
        # Of two columns.
        answers = dict(zip(("text", "answer_start"), answers, strict=True))
    if not isinstance(answers, dict):
        return None, None
    texts, starts = answers.get("text"), answers.get("answer_start")
    if texts is None or isinstance(texts, str):
        one = not isinstance(starts, list)
        texts = [] if texts is None else [texts] if one else texts
        starts = ([] if starts is None and not texts else [starts]) if one else starts
    elif starts is None:
        starts = []
    return (texts, starts) if isinstance(texts, list) and isinstance(starts, list) else (None, None)


def _start(start: Any) -> Any:
    if isinstance(start, float) and start.is_integer():
        return int(start)
    if isinstance(start, str) and _WHOLE.fullmatch(start):
        return int(start.partition(".")[0])
    return start


def _says_nothing(texts: list[Any], starts: list[Any]) -> bool:
    # An empty text may start anywhere, one that is missing or not there must not.
    if any(not isinstance(text, str | None) or (text and text.strip()) for text in texts):
        return False
    return all(map(_nowhere, starts)) if None in texts or not texts else True


def _nowhere(start: Any) -> bool:
    return start is None or start in (-1, "")
