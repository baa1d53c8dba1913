"""A table as Markdown."""

from __future__ import annotations

from xadapt.tables.table import Cell, Mark, Table

#: Follows what is significantly above or below.
DAGGER = "†"


def markdown_table(table: Table) -> str:
    """Lay a table out as Markdown, without its title and caption."""
    rule = ["---" if column.words else "--:" for column in table.columns]
    lines = [map(_cell, row) for row in ([column.heading for column in table.columns], *table.rows, *table.below)]
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([head, f"| {' | '.join(rule)} |", *rest])


def _cell(cell: Cell) -> str:
    text = cell.shown.replace("|", "\\|")
    if Mark.CODE in cell.marks:
        text = f"`{text}`"
    if cell.link:
        text = f"[{text}]({cell.link})"
    if Mark.BEST in cell.marks:
        text = f"**{text}**"
    text += cell.after
    if cell.marks & {Mark.ABOVE, Mark.BELOW}:
        text += DAGGER
    return rf"{text} \*" if Mark.STAR in cell.marks else text
