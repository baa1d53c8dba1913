"""Rows from all sources are read and checked as they come in, so that a bad one is named before hours of training."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from xadapt.data.labels import UNLABELLED
from xadapt.display import Say, unsaid
from xadapt.errors import XadaptError
from xadapt.tasks.specs import Fault, FieldFault, KindSpec, Remark, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.tasks import Kind, Row


@dataclass
class Examined:
    """Rows of one file that were read and checked.

    Attributes:
        rows: The usable ones with their numbers, counted from 0: they have a gold label and no fault.
        faults: The faulty ones with their numbers and faults.
        remarks: What is odd about usable rows, with their numbers.
        notes: What was put right.
    """

    rows: list[tuple[int, Row]] = field(default_factory=list)
    faults: list[tuple[int, Row, Fault]] = field(default_factory=list)
    remarks: list[tuple[int, Row, Remark]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(
    rows: list[Row], kind: Kind, where: str, fields: tuple[str, ...] | None = None, own: bool = False
) -> Examined:
    """Read and check rows by all that their kind knows of them.

    Args:
        rows: Rows in the kind's fields.
        kind: The kind that they must fit.
        where: The file that they come from; in a user's own, a row without an id is known by its place there.
        fields: The fields that they must have, where they are not the kind's own rows but its pool or its gold pairs.
        own: Whether they are a user's own.
    """
    spec, found = spec_of(kind), Examined()
    for number, row in enumerate(rows):
        if is_unlabelled(row):
            continue
        if fields is None:
            row = _read(row, number, where, spec, own)  # noqa: PLW2901 - the same row
        fault = row_fault(row, kind, fields, spec)
        if fault:
            found.faults.append((number, row, fault))
        else:
            found.rows.append((number, row))
    if fields is None:
        settled, found.notes = spec.settle([row for _, row in found.rows], own)
        found.rows = [(number, row) for (number, _), row in zip(found.rows, settled, strict=True)]
        found.remarks = [(number, row, remark) for number, row in found.rows for remark in spec.remarks(row)]
    return found


def _read(row: Row, number: int, where: str, spec: KindSpec, own: bool) -> Row:
    if spec.unique_ids:
        name = row.get("id")
        if own and (name is None or name == ""):
            row = {**row, "id": f"{PurePath(where).name}:{number}"}
        elif isinstance(name, int):
            # 1 and "1" are one id to whoever scores.
            row = {**row, "id": str(name)}
    return spec.read_row(row)


def checked_rows(
    rows: list[Row],
    kind: Kind,
    where: str,
    fields: tuple[str, ...] | None = None,
    own: bool = False,
    say: Say = unsaid,
) -> list[Row]:
    """Return the rows that can be used; see :func:`numbered_rows`."""
    return [row for _, row in numbered_rows(rows, kind, where, fields, own, say)]


def numbered_rows(
    rows: list[Row],
    kind: Kind,
    where: str,
    fields: tuple[str, ...] | None = None,
    own: bool = False,
    say: Say = unsaid,
) -> list[tuple[int, Row]]:
    """Return the rows that can be used, with their numbers, counted from 0.

    Rows without a gold label (see :mod:`xadapt.data.labels`) are left out, as the benchmarks do. What is wrong with the
    contents of a few rows of a public set is said, and they are used as they are; in a user's own file it is an error.

    Args:
        rows: Rows in the kind's fields.
        kind: The kind that they must fit.
        where: What errors and notes name.
        fields: The fields that they must have, where they are not the kind's own rows but its pool or its gold pairs.
        own: Whether they are a user's own.
        say: Called with each note.

    Raises:
        XadaptError: If there is no usable row, or a row does not fit; names the row, counted from 0.
    """
    found = examine(rows, kind, where, fields, own)
    for number, _, fault in found.faults[:1]:
        raise XadaptError(f"{where}, row {number}: {fault}")
    if rows and not found.rows:
        raise XadaptError(f"{where}: no row has a gold label: there is nothing to learn or measure; take another split")
    if not found.rows:
        raise XadaptError(f"{where} is empty: there is nothing to learn or measure; check it or take another split")
    for note in found.notes:
        say(f"{where}: {note}")
    wrong = [(number, remark) for number, _, remark in found.remarks if remark.wrong]
    if wrong:
        number, remark = wrong[0]
        others = f" (and {len(wrong) - 1} more of {len(found.rows)} rows)" if len(wrong) > 1 else ""
        what = f"{where}, row {number}: {remark.what}{others}"
        if own:
            raise XadaptError(what)
        say(f"{what}; used as they are")
    return found.rows


def check_ids(parts: Iterable[tuple[str, Iterable[tuple[int, Row]]]], kind: Kind) -> None:
    """Check that no id is there twice, where rows are told apart by ids when they are scored.

    Args:
        parts: The rows of files that are scored together with their numbers, each with what errors name.
        kind: Their kind.

    Raises:
        XadaptError: If one is; names both rows, counted from 0.
    """
    if not spec_of(kind).unique_ids:
        return
    seen: dict[str, str] = {}
    for where, rows in parts:
        for number, row in rows:
            place, name = f"{where}, row {number}", str(row["id"])
            if name in seen:
                raise XadaptError(f"{place}: id {name[:60]!r} is that of {seen[name]} too: give each row its own")
            seen[name] = place


def is_unlabelled(row: Row) -> bool:
    """Whether a row has no gold label, or no gold score."""
    if row.get("label") == UNLABELLED:
        return True
    # Asked of every row that is read: a loop takes half of what any() does.
    for value in row.values():  # noqa: SIM110 - as said
        if isinstance(value, float) and math.isnan(value):
            return True
    return False


def row_fault(
    row: Row, kind: Kind, fields: tuple[str, ...] | None = None, spec: KindSpec | None = None
) -> Fault | None:
    """What is wrong with a row, None when nothing is.

    Args:
        row: A row in the kind's fields.
        kind: The kind that it must fit.
        fields: The fields that it must have, where they are not the kind's own.
        spec: The kind's spec, if it was looked up already.
    """
    spec = spec or spec_of(kind)
    for name in fields or kind.fields:
        value = row.get(name)
        if value is None:
            return FieldFault(name, "missing")
        if spec.field_of(name).form == "text" and not isinstance(value, str):
            return FieldFault(name, f"{type(value).__name__}, not text")
    return spec.row_fault(row, kind) if fields is None else None
