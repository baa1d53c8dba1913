"""A table for the terminal, made with rich."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from xadapt.outside_text import console, shown
from xadapt.tables.table import Cell, Mark, Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable


def terminal_table(table: Table, padding: int = 1) -> RichTable:
    """Lay a table out for the terminal.

    The best cell is bold, what is chosen has a star, what is significantly above or below has ▲ or ▼ before it, so
    that the digits of a column stay below each other.

    Args:
        table: The table.
        padding: Blanks after a cell.
    """
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table as RichTable

    # Few rules and little padding: a terminal of 80 columns should show every number.
    made = RichTable(
        title=table.title,
        title_justify="left",
        caption=table.caption or None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, padding, 0, 0),
    )
    for column in table.columns:
        made.add_column(
            escape(_plain(column.heading)),
            justify="left" if column.words else "right",
            min_width=column.width or None,
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
        )
    for number, row in enumerate([*table.rows, *table.below]):
        if table.below and number == len(table.rows):
            made.add_section()
        made.add_row(*map(_styled, row))
    return made


def terminal_text(table: Table, width: int = 120) -> str:
    """A table as plain text, for a ``repr``; title and caption have lines of their own, however narrow the table is."""
    page = console(file=io.StringIO(), width=width, color_system=None)
    made = terminal_table(table)
    made.title = made.caption = None
    with page.capture() as printed:
        page.print(made)
    lines = [line.rstrip() for line in printed.get().splitlines() if line.strip()]
    return "\n".join([shown(table.title), *lines, *([shown(table.caption)] if table.caption else [])])


def _styled(cell: Cell) -> str:
    from rich.markup import escape

    text = escape(cell.text)
    return f"{_change(cell)}[bold]{text}[/bold]{_star(cell)}" if Mark.BEST in cell.marks else escape(_plain(cell))


def _plain(cell: Cell) -> str:
    return f"{_change(cell)}{cell.text}{_star(cell)}"


def _change(cell: Cell) -> str:
    return "▲" if Mark.ABOVE in cell.marks else "▼" if Mark.BELOW in cell.marks else ""


def _star(cell: Cell) -> str:
    return " *" if Mark.STAR in cell.marks else ""
