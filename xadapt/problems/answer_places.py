"""Answers of extractive QA that are not where their rows say: where they are, and what can be put right."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.tasks import Row

#: By unit that starts may be counted in beside characters, the encoding and the bytes of one.
_UNITS = {"UTF-8 bytes": ("utf-8", 1), "UTF-16 units": ("utf-16-le", 2)}


@dataclass(frozen=True)
class MovedAnswer:
    """An answer that is not at its start.

    Attributes:
        text: The answer.
        start: Where its row has it, in characters.
        found: What the context has there.
        respelled: Whether that is the same text in another spelling (spaces, case, Unicode form).
        nearest: Where the context has it, and how its start seems to be counted; "" where that is not known.
    """

    text: str
    start: int
    found: str
    respelled: bool
    nearest: str = ""

    def __str__(self) -> str:
        what = f"{_short(self.text)} is not at {self.start} of its context, which has {_short(self.found)} there"
        return f"{what}; {self.nearest}" if self.nearest else what


def moved_answers(row: Row) -> list[MovedAnswer]:
    """Compare a row's answers with its context.

    Args:
        row: A row of extractive QA that fits its kind.

    Returns:
        The answers that are not at their starts.
    """
    if _is_placed(row):
        return []
    context, answers = row["context"], row["answers"]
    moved = []
    for text, start in zip(answers.get("text") or [], answers.get("answer_start") or [], strict=True):
        if _is_at(context, text, start):
            continue
        # A negative start would count from the context's end.
        found = context[start : start + len(text)] if start >= 0 else ""
        respelled = _spelt_at(context, text, start) is not None
        moved.append(MovedAnswer(text, start, found, respelled, "" if respelled else _nearest(context, text, start)))
    return moved


def settle_answers(rows: Sequence[Row], own: bool) -> tuple[list[Row], list[str]]:
    """Put right the starts and the spelling of answers, where all rows of a file show how.

    Starts that count UTF-8 bytes or UTF-16 units become characters if that is where the answers are, and no answer is
    where its row says in characters alone. Of a user's own rows, answers that their context has in another spelling at
    that place are taken as it has them, for nothing else can be cut out of it.

    Args:
        rows: Rows of one file, which fit their kind.
        own: Whether they are a user's own.

    Returns:
        The rows, and a note for each thing that was put right.
    """
    if all(map(_is_placed, rows)):
        return list(rows), []
    settled, notes = list(rows), []
    unit = _unit(rows)
    if unit:
        settled = [_counted(row, unit) for row in rows]
        notes.append(f"its answer starts count {unit}, and are read as such: those of others count characters")
    if own:
        spelt = [_spelt(row) for row in settled]
        changed = [number for number, (one, other) in enumerate(zip(settled, spelt, strict=True)) if one is not other]
        if changed:
            old, new = (every[changed[0]]["answers"]["text"] for every in (settled, spelt))
            first = next(((one, other) for one, other in zip(old, new, strict=True) if one != other), None)
            # An answer that is the same begins behind the white space at its place.
            example = f"{_short(first[1])} for {_short(first[0])}" if first else f"{_short(new[0])}, behind white space"
            notes.append(
                f"{len(changed)} of {len(rows)} questions have an answer that their context spells otherwise, and are "
                f"read as it has it (the first is row {changed[0]}: {example})"
            )
        settled = spelt
    return settled, notes


def _is_placed(row: Row) -> bool:
    """Whether all answers of a row are where it says."""
    context, answers = row["context"], row["answers"]
    for text, start in zip(answers.get("text") or (), answers.get("answer_start") or (), strict=True):
        if start < 0 or not context.startswith(text, start):
            return False
    return True


def _unit(rows: Sequence[Row]) -> str | None:
    """The unit that explains the most answers, None where characters explain some that it does not, or as many."""
    best, most = None, sum(_is_at(*answer) for row in rows for answer in _answers(row))
    for unit in _UNITS:
        fits = 0
        for row in rows:
            for context, text, start in _answers(row):
                fit = _is_at(context, text, _characters(context, start, unit))
                if not fit and _is_at(context, text, start):
                    fits = -1
                    break
                fits += fit
            if fits < 0:
                break
        if fits > most:
            best, most = unit, fits
    return best


def _answers(row: Row) -> list[tuple[str, str, int]]:
    answers = row["answers"]
    pairs = zip(answers.get("text") or [], answers.get("answer_start") or [], strict=True)
    return [(row["context"], text, start) for text, start in pairs]


def _counted(row: Row, unit: str) -> Row:
    starts = [_characters(context, start, unit) for context, _, start in _answers(row)]
    return {**row, "answers": {**row["answers"], "answer_start": starts}} if starts else row


def _characters(context: str, start: int, unit: str) -> int:
    """How many characters are before a place that is counted in another unit; −1 where that is within one."""
    encoding, size = _UNITS[unit]
    before = context.encode(encoding, "surrogatepass")[: max(start, 0) * size]
    try:
        return len(before.decode(encoding, "surrogatepass")) if start >= 0 else start
    except UnicodeDecodeError:
        return -1


def _spelt(row: Row) -> Row:
    texts, starts, changed = [], [], False
    for context, text, start in _answers(row):
        place = None if _is_at(context, text, start) else _spelt_at(context, text, start)
        first, last = place or (start, 0)
        texts.append(context[first:last] if place else text)
        starts.append(first)
        changed = changed or place is not None
    return {**row, "answers": {"text": texts, "answer_start": starts}} if changed else row


def _is_at(context: str, text: str, start: int) -> bool:
    return start >= 0 and context.startswith(text, start)


def _spelt_at(context: str, text: str, start: int) -> tuple[int, int] | None:
    """Where an answer begins and ends that has its place in the context, spelt otherwise; None where it has not."""
    wanted = _plain(text)
    if start < 0 or not wanted:
        return None
    first = start
    while first < len(context) and context[first].isspace():
        first += 1
    # Decomposed text has up to four characters for one, and spaces may be doubled.
    for last in range(first + 1, min(len(context), first + 4 * len(text) + 4) + 1):
        given = _plain(context[first:last])
        if given == wanted:
            return first, last
        if len(given) > len(wanted) + 4:
            break
    return None


def _nearest(context: str, text: str, start: int) -> str:
    before, after = context.rfind(text, 0, max(start, 0) + len(text)), context.find(text, max(start, 0))
    places = [place for place in (before, after) if place >= 0]
    if not text or not places:
        return "it is there in another spelling elsewhere" if _plain(text) in _plain(context) else "it is nowhere in it"
    units = [unit for unit in _UNITS if any(_characters(context, start, unit) == place for place in places)]
    nearest = min(places, key=lambda place: abs(place - start))
    return f"it is at {nearest}" + (f" (does its start count {units[0]}?)" if units else "")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
