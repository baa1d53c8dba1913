"""Whether answers stand where their rows say they do."""

from __future__ import annotations

import unicodedata
from typing import Any


def span_faults(row: dict[str, Any]) -> list[tuple[str, bool]]:
    """Compare a row's answers with its context.

    Args:
        row: A row of extractive QA that fits its kind.

    Returns:
        For each answer that does not stand at its start: what was found there, and whether it is the same text in
        another spelling (spaces, case, Unicode form).
    """
    context, answers = row["context"], row["answers"]
    faults = []
    for text, start in zip(answers.get("text") or [], answers.get("answer_start") or [], strict=True):
        # A negative start would count from the context's end.
        found = context[start : start + len(text)] if start >= 0 else ""
        if found == text:
            continue
        # Another spelling may be longer, such as one space more.
        near = context[start : start + len(text) + 4] if start >= 0 else ""
        spelled = bool(_plain(text)) and _plain(near).startswith(_plain(text))
        faults.append((f"{_short(text)} is not at {start} of its context, which has {_short(found)} there", spelled))
    return faults


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def break_fault(row: dict[str, Any]) -> str | None:
    """Whether a row's sentences stand where its breaks say; what is wrong, None when nothing is or it has none."""
    sentences, breaks = row.get("sentences"), row.get("breaks")
    if sentences is None and breaks is None:
        return None
    if not isinstance(sentences, list) or not isinstance(breaks, list) or len(sentences) != len(breaks):
        return "has not as many sentences as sentence breaks"
    for number, (sentence, ends) in enumerate(zip(sentences, breaks, strict=True)):
        if len(ends) != 2 or row["context"][ends[0] : ends[1]] != sentence:
            return f"its sentence {number} is not at {ends} of its context"
    return None
