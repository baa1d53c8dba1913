"""What a person sees while a command works: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xadapt.outside_text import console, shown_json

if TYPE_CHECKING:
    from xadapt.tables import Table

out = console()
err = console(stderr=True)


def say(text: str) -> None:
    """Print a line on standard error, as it is."""
    err.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)


def print_line(text: str) -> None:
    """Print a line on standard output, as it is, however long."""
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print JSON on standard output, for programs."""
    print(shown_json(json.dumps(value, indent=2, ensure_ascii=False)))


def show(table: Table, padding: int = 1) -> None:
    """Print a table with its title and its caption on lines of their own, which a narrow table would fold."""
    from xadapt.tables import terminal_table

    laid_out = terminal_table(table, padding)
    laid_out.title = laid_out.caption = None
    out.print(table.title, style="bold", markup=False, highlight=False, soft_wrap=True)
    out.print(laid_out)
    if table.caption:
        out.print(table.caption, style="table.caption", markup=False, highlight=False, soft_wrap=True)
