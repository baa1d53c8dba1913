"""A table as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xadapt.tables.table import Table


def csv_text(table: Table) -> str:
    """Write a table as CSV: headings, then its values unrounded and without marks; None is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.headings)
    writer.writerows([cell.value for cell in row] for row in (*table.rows, *table.below))
    return text.getvalue()
