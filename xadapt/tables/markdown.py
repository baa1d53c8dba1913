"""A table as Markdown."""

from __future__ import annotations

import re
from urllib.parse import quote

from xadapt.outside_text import shown
from xadapt.tables.table import Cell, Mark, Table

#: Follows what is significantly above or below.
DAGGER = "†"


_IN_LINKS = "/:?#@!$&'*+,;=%~"
#: What opens a link, a tag, code or a cell.
_OPENING = re.compile(r"[\\`\[\]|]|<(?=[A-Za-z/!?])")


def markdown_text(text: str) -> str:
    """Words for a page, such as a name that somebody else gave: on one line, no link, no HTML and no code."""
    return _OPENING.sub(r"\\\g<0>", shown(" ".join(text.split())))


def markdown_code(text: str) -> str:
    """Something that is typed, as code on one line, whatever is in it."""
    line = shown(" ".join(text.split()))
    runs = [len(run) for run in re.findall("`+", line)]
    fence = "`" * (max(runs, default=0) + 1)
    # A tick at an end needs room.
    return f"{fence} {line} {fence}" if runs else f"`{line}`"


def fence_of(text: str) -> str:
    """The ticks that a block of code with this text begins and ends with."""
    return "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)


def markdown_table(table: Table) -> str:
    """Lay a table out as Markdown, without its title and caption."""
    rule = ["---" if column.words else "--:" for column in table.columns]
    lines = [map(_cell, row) for row in ([column.heading for column in table.columns], *table.rows, *table.below)]
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([head, f"| {' | '.join(rule)} |", *rest])


def _cell(cell: Cell) -> str:
    # A bar ends a cell in code too.
    text = markdown_code(cell.shown).replace("|", r"\|") if Mark.CODE in cell.marks else markdown_text(cell.shown)
    if cell.leads:
        text = f"[{text}]({quote(cell.leads, safe=_IN_LINKS)})"
    if Mark.BEST in cell.marks:
        text = f"**{text}**"
    text += cell.after
    if cell.marks & {Mark.ABOVE, Mark.BELOW}:
        text += DAGGER
    return rf"{text} \*" if Mark.STAR in cell.marks else text
