"""What is wrong with the rows of one file, counted and with the first of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xadapt.data.checks import TEXTS, row_fault
from xadapt.data.inventory import Part
from xadapt.data.spans import break_fault, span_faults
from xadapt.tasks import AnswerRetrieval, Mining, SpanQA

#: Answers at a wrong place up to this share are mistakes of a data set; more mean offsets that were counted otherwise.
FEW = 0.01
#: Kinds of finding that one file is told of.
_MOST = 5
#: What is different in two faults of one kind: quoted values, numbers, names of questions.
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|-?\d[\d.]*|question \S+")


@dataclass(frozen=True)
class Finding:
    """Something about a file.

    Attributes:
        file: The file, inside the mirror.
        what: What it is, one line.
        fault: Whether it stops a use of the file or makes figures wrong; else it is a warning.
        count: Rows that it is about, 0 when it is about the file.
        row: The first of them, counted from 0.
        id: The id of that row, where it has one.
    """

    file: str
    what: str
    fault: bool = True
    count: int = 0
    row: int | None = None
    id: str = ""


class _Kinds:
    """Findings of one kind become one, with a count."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, bool], tuple[str, int, int, str]] = {}

    def add(self, number: int, row: dict[str, Any], what: str, fault: bool, kind: str = "") -> None:
        key = kind or _VALUES.sub("#", what), fault
        if key not in self.found and len(self.found) == _MOST:
            key, what = ("others", fault), f"among others, {what}"
        first, count, at, name = self.found.get(key, (what, 0, number, _id(row)))
        self.found[key] = first, count + 1, at, name

    def findings(self, file: str) -> Iterator[Finding]:
        for (_, fault), (what, count, number, name) in self.found.items():
            yield Finding(file, what, fault, count, number, name)


def find(file: str, rows: list[dict[str, Any]], part: Part) -> list[Finding]:
    """Check the rows that a task reads from a file.

    Args:
        file: What findings name.
        rows: Its rows in the kind's fields, those without a gold label included.
        part: Their declaration.
    """
    kind, fields = part.task.kind, part_fields(part)
    kinds, answers, shifted = _Kinds(), 0, _Kinds()
    labelled = [(number, row) for number, row in enumerate(rows) if row.get("label") != -1]
    for number, row in labelled:
        fault = row_fault(row, kind, fields)
        if fault:
            kinds.add(number, row, _by_column(fault, part), True)
            continue
        for name in _empty(row, fields or (*kind.fields, *kind.optional)):
            kinds.add(number, row, _by_column(f"{name} is empty", part), False)
        if fields is None and isinstance(kind, SpanQA | AnswerRetrieval):
            answers += len(row["answers"].get("text") or [])
            for what, spelled in span_faults(row):
                (kinds if spelled else shifted).add(number, row, what, False, "span")
            moved = break_fault(row) if isinstance(kind, AnswerRetrieval) else None
            if moved:
                kinds.add(number, row, moved, False, "breaks")
    found = [*kinds.findings(file), *_shifted(file, shifted, answers), *_twice(file, labelled, part)]
    if not labelled:
        found.append(Finding(file, "no row has a gold label" if rows else "it is empty"))
    return found


def part_fields(part: Part) -> tuple[str, ...] | None:
    """The fields that a part's rows must have, None for those of its kind."""
    if part.role == "gold":
        return ("source", "target")
    return part.task.kind.pool_fields if part.role == "pool" else None


def _by_column(what: str, part: Part) -> str:
    # Who looks into a file finds its columns there, and not the fields that a task makes of them.
    name, _, rest = what.partition(" is ")
    column = (part.rows.columns or part.task.columns).get(name)
    return f"{column} is {rest}" if isinstance(column, str) else what


def _empty(row: dict[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    for name in fields:
        value = row.get(name)
        if name in TEXTS and isinstance(value, str) and not value.strip():
            yield name
        if name in ("choices", "tokens") and any(not text.strip() for text in value or ()):
            yield "a choice" if name == "choices" else "a token"


def _shifted(file: str, shifted: _Kinds, answers: int) -> Iterator[Finding]:
    for finding in shifted.findings(file):
        many = finding.count > FEW * answers
        what = finding.what + (": offsets that are not characters?" if many else "")
        yield Finding(file, what, many, finding.count, finding.row, finding.id)


def _twice(file: str, rows: list[tuple[int, dict[str, Any]]], part: Part) -> Iterator[Finding]:
    pool = part.role == "pool"
    name = "entity" if pool and "entity" in part.task.kind.pool_fields else "id"
    if part.role == "gold" or not (pool or isinstance(part.task.kind, SpanQA | AnswerRetrieval | Mining)):
        return
    kinds, seen = _Kinds(), set()
    for number, row in rows:
        value = str(row.get(name))
        if value in seen:
            kinds.add(number, row, f"{name} {value!r} is there twice", part.role != "train", "twice")
        seen.add(value)
    yield from kinds.findings(file)


def _id(row: dict[str, Any]) -> str:
    return str(row.get("id") or row.get("entity") or "")[:40]
