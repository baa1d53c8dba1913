"""Rows are checked as they come in, so that a bad one is named before hours of training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xadapt.data.labels import UNLABELLED
from xadapt.errors import XadaptError
from xadapt.tasks.specs import Fault, FieldFault, KindSpec, spec_of

if TYPE_CHECKING:
    from xadapt.tasks import Kind, Row


def checked_rows(rows: list[Row], kind: Kind, where: str, fields: tuple[str, ...] | None = None) -> list[Row]:
    """Return the rows that can be used.

    Rows without a gold label (see :mod:`xadapt.data.labels`) are left out, as the benchmarks do.

    Args:
        rows: Rows in the kind's fields.
        kind: The kind that they must fit.
        where: What the error names.
        fields: The fields that they must have, where they are not the kind's own rows but its pool or its gold pairs.

    Raises:
        XadaptError: If there is no usable row, or a row does not fit; names the row, counted from 0.
    """
    spec, usable = spec_of(kind), []
    for number, row in enumerate(rows):
        if is_unlabelled(row):
            continue
        fault = row_fault(row, kind, fields, spec)
        if fault:
            raise XadaptError(f"{where}, row {number}: {fault}")
        usable.append(row)
    if rows and not usable:
        raise XadaptError(f"{where}: no row has a gold label: there is nothing to learn or measure; take another split")
    if not usable:
        raise XadaptError(f"{where} is empty: there is nothing to learn or measure; check it or take another split")
    return usable


def is_unlabelled(row: Row) -> bool:
    """Whether a row has no gold label, or no gold score."""
    values = row.values()
    return row.get("label") == UNLABELLED or any(isinstance(value, float) and math.isnan(value) for value in values)


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
