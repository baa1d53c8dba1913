"""What is wrong with the rows of one file, counted and with the first of each kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xadapt.data.row_checks import examine
from xadapt.tasks.specs import Fault, FieldFault, KindSpec, RowFault, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xadapt.data.inventory import Part
    from xadapt.tasks import Row

#: Up to this share, what is odd is a mistake of the data set; more may mean something else (`Remark.if_many`).
FEW = 0.01
#: Findings a file at most that are unlike.
_MOST = 5


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


class _Groups:
    """Findings that are alike become one, with a count."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, bool], tuple[str, int, int, str]] = {}

    def add(self, number: int, row: Row, what: str, fault: bool, group: str = "") -> None:
        key = group or what, fault
        if key not in self.found and len(self.found) == _MOST:
            key, what = ("others", fault), f"among others, {what}"
        first, count, at, name = self.found.get(key, (what, 0, number, _id(row)))
        self.found[key] = first, count + 1, at, name

    def findings(self, file: str) -> Iterator[Finding]:
        for (_, fault), (what, count, number, name) in self.found.items():
            yield Finding(file, what, fault, count, number, name)


def file_findings(file: str, rows: list[Row], part: Part) -> list[Finding]:
    """Check the rows that a task reads from a file.

    Args:
        file: What findings name.
        rows: Its rows in the kind's fields, those without a gold label included.
        part: Their declaration.
    """
    kind, fields = part.task.kind, part_fields(part)
    spec, found, odd = spec_of(kind), _Groups(), dict[str, _Groups]()
    examined = examine(rows, kind, file, fields)
    for number, row, fault in examined.faults:
        found.add(number, row, _in_columns(fault, part), True, fault.group if isinstance(fault, RowFault) else "")
    for number, row in examined.rows:
        for empty in _empty(row, fields or (*kind.fields, *kind.optional), spec):
            found.add(number, row, _in_columns(empty, part), False)
    for number, row, remark in examined.remarks:
        groups = odd.setdefault(remark.if_many, _Groups()) if remark.if_many else found
        groups.add(number, row, remark.what, False, remark.group)
    findings = [*found.findings(file), *(Finding(file, note, False) for note in examined.notes)]
    looked = sum(spec.remarked(row) for _, row in examined.rows)
    for meaning, groups in odd.items():
        findings += _weighed(groups.findings(file), meaning, looked)
    findings += _twice(file, examined.rows, part, spec)
    if not examined.rows and not examined.faults:
        findings.append(Finding(file, "no row has a gold label" if rows else "it is empty"))
    return findings


def part_fields(part: Part) -> tuple[str, ...] | None:
    """The fields that a part's rows must have, None for those of its kind."""
    if part.role == "gold":
        return ("source", "target")
    return part.task.kind.pool_fields if part.role == "pool" else None


def _in_columns(fault: Fault, part: Part) -> str:
    # Who looks into a file finds its columns there, and not the fields that a task makes of them.
    if isinstance(fault, FieldFault):
        column = (part.rows.columns or part.task.columns).get(fault.field)
        fault = replace(fault, field=column) if isinstance(column, str) else fault
    return str(fault)


def _empty(row: Row, fields: tuple[str, ...], spec: KindSpec) -> Iterator[FieldFault]:
    for name in fields:
        value, field = row.get(name), spec.field_of(name)
        if field.form == "text" and isinstance(value, str) and not value.strip():
            yield FieldFault(name, "empty")
        if field.listed and any(not text.strip() for text in value or ()):
            yield FieldFault(f"a {field.item}", "empty")


def _weighed(findings: Iterator[Finding], meaning: str, looked: int) -> Iterator[Finding]:
    for finding in findings:
        many = finding.count > FEW * looked
        yield replace(finding, what=f"{finding.what}: {meaning}", fault=True) if many else finding


def _twice(file: str, rows: list[tuple[int, Row]], part: Part, spec: KindSpec) -> Iterator[Finding]:
    pool = part.role == "pool"
    if part.role == "gold" or not (pool or spec.unique_ids):
        return
    name = spec.pool.key if pool and spec.pool else "id"
    groups, seen = _Groups(), set()
    for number, row in rows:
        value = str(row.get(name))
        if value in seen:
            groups.add(number, row, f"{name} {value!r} is there twice", part.role != "train", "twice")
        seen.add(value)
    yield from groups.findings(file)


def _id(row: Row) -> str:
    return str(row.get("id") or row.get("entity") or "")[:40]
