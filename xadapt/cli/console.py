"""What a person sees while a command works: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.table import Table

out = Console()
err = Console(stderr=True)


def say(text: str) -> None:
    """Tell something on standard error, as it is."""
    err.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print JSON on standard output, for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def show(table: Table) -> None:
    """Print a table with its title and its caption on lines of their own, which a narrow table would fold."""
    caption = table.caption
    if table.title:
        out.print(table.title, style="bold", markup=False, highlight=False, soft_wrap=True)
    table.title = table.caption = None
    out.print(table)
    if caption:
        out.print(caption, style="table.caption", markup=False, highlight=False, soft_wrap=True)
