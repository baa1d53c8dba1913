"""A table as HTML: for a report's page, and by itself for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.tables.table import Cell, Column, Mark, Table

if TYPE_CHECKING:
    from collections.abc import Sequence


def html_table(table: Table, identifier: str = "", filtered: str = "") -> str:
    """Lay a table out as HTML; all text is escaped.

    Args:
        table: The table.
        identifier: Its identifier in a page, whose script then lets a reader sort it; "" for a table by itself.
        filtered: What its rows can be filtered by, as a hint to the reader; "" for no filter.
    """
    from markupsafe import escape

    name = escape(identifier)
    body = "\n".join(_row(table.columns, row) for row in (*table.rows, *table.below))
    head = "\n".join(
        f'<th scope="col"{_left(column)}>{escape(plain_cell(column.heading))}</th>' for column in table.columns
    )
    opened, caption = (f' id="{name}" class="sortable"', f' id="{name}-caption"') if identifier else ("", "")
    text = (
        f"<table{opened}>\n<caption{caption}>{escape(table.title)}</caption>\n<thead><tr>\n{head}\n</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )
    if identifier:
        text = f'<div class="box" tabindex="0" role="region" aria-labelledby="{name}-caption">\n{text}\n</div>'
    if filtered:
        search = f'<input type="search" data-filter="{name}" placeholder="{escape(filtered)}">'
        count = f'<output data-count="{name}"></output>'
        text = f'<p class="tools js"><label>Filter {search}</label>\n{count}</p>\n{text}'
    return f'{text}\n<p class="note">{escape(table.caption)}</p>' if table.caption else text


def plain_cell(cell: Cell) -> str:
    """All that a cell says with its marks in characters, such as "61.0 ▲" or "mnli *"."""
    change = " ▲" if Mark.ABOVE in cell.marks else " ▼" if Mark.BELOW in cell.marks else ""
    return f"{cell.text}{change}{' *' if Mark.STAR in cell.marks else ''}"


def colour(cell: Cell) -> str:
    """The attributes that colour a cell, "" for none."""
    if cell.depth is None:
        return ""
    return f' class="{"below" if cell.depth < 0 else "above"}" style="--d:{abs(cell.depth)}"'


def _left(column: Column) -> str:
    return ' class="t"' if column.words else ""


def _row(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    first, *rest = row
    others = "".join(
        f"\n<td{_left(column)}{colour(cell)}{_title(cell)}>{_content(cell)}</td>"
        for column, cell in zip(columns[1:], rest, strict=True)
    )
    return f'<tr><th scope="row"{_title(first)}>{_content(first)}</th>{others}\n</tr>'


def _title(cell: Cell) -> str:
    from markupsafe import escape

    return f' title="{escape(cell.title)}"' if cell.title else ""


def _content(cell: Cell) -> str:
    from markupsafe import escape

    text = str(escape(plain_cell(cell)))
    if Mark.CODE in cell.marks:
        text = f"<code>{text}</code>"
    if cell.leads:
        text = f'<a href="{escape(cell.leads)}">{text}</a>'
    return f"<b>{text}</b>" if Mark.BEST in cell.marks else text
