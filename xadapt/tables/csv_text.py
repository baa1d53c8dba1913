"""A table as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from xadapt.outside_text import shown

if TYPE_CHECKING:
    from xadapt.tables.table import Table, Value


def csv_text(table: Table) -> str:
    """Write a table as CSV: headings, then its values unrounded and without marks; None is empty.

    A table is opened in a spreadsheet, where words that begin like a formula are one: they have ``'`` before them.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_guarded, table.headings))
    writer.writerows([_guarded(cell.value) for cell in row] for row in (*table.rows, *table.below))
    return text.getvalue()


def _guarded(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    value = shown(value, lines=True)
    if not value.startswith(("=", "+", "-", "@", "\t")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
