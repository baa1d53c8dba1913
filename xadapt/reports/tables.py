"""Comparisons as `rich` tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from xadapt.analysis.comparison_rows import ALPHA, Block, Row, TaskComparison, Tested
from xadapt.analysis.results import ENGLISH
from xadapt.reports.numbers import count, p_value, plain, signed
from xadapt.reports.verdicts import block_title

if TYPE_CHECKING:
    from rich.table import Table

_Column = TypeVar("_Column")

#: So many setups stand beside each other where there is a line per language; more have a line each.
FEW = 5
#: Languages beside each other in one table, so that a terminal of 80 columns shows them.
_ACROSS = 9


def rich_tables(comparisons: Sequence[TaskComparison]) -> list[Table]:
    """Lay comparisons out for the terminal.

    Args:
        comparisons: What `compare` returned.

    Returns:
        Two tables per block or more: one of setups, others of their scores by language. The best number of a column
        (or line) is bold; the reference's label is marked with a star, what differs from it significantly by ▲ or ▼.
    """
    tables = []
    for comparison in comparisons:
        for block in comparison.blocks:
            tables += [setup_table(comparison, block), *language_tables(comparison, block)]
    return tables


def setup_table(comparison: TaskComparison, block: Block) -> Table:
    """Lay out one line per setup: English, zero-shot mean, difference to the reference, its p, spreads, N, seeds."""
    tested = any(row.tested for row in block.rows)
    table = _table(f"{comparison.name}: {comparison.metric}", block)
    table.add_column("setup", overflow="fold", min_width=16)
    for heading in ("English", "zero-shot", "±seed", "vs *", "±seed", *["p"] * tested, "±lang", "N", "seeds"):
        table.add_column(heading, justify="right", no_wrap=True)
    best = max((row.zero_shot for row in block.rows if row.zero_shot is not None), default=None)
    for row in block.rows:
        zero_shot = plain(row.zero_shot)
        table.add_row(
            _name(row, block),
            plain(row.english),
            f"[bold]{zero_shot}[/bold]" if best is not None and row.zero_shot == best else zero_shot,
            plain(row.seed_spread),
            f"{_mark(row.tested)}{signed(row.difference)}",
            plain(row.difference_spread),
            *[p_value(row.tested.adjusted if row.tested else None)] * tested,
            plain(row.language_spread),
            count(row.total),
            str(len(row.seeds)),
        )
    return table


def language_tables(comparison: TaskComparison, block: Block) -> list[Table]:
    """Lay out scores by language: a few setups beside each other, more below each other in as many tables as needed."""
    codes = language_order(block)
    if len(block.rows) <= FEW:
        table = _table(f"{comparison.task} by language", block)
        table.add_column("language")
        table.add_column("N", justify="right")
        for row in block.rows:
            table.add_column(_name(row, block), justify="right", overflow="fold")
        for code in codes:
            table.add_row(code, count(comparison.counts[code]), *_marked(block, code))
        return [table]
    tables = []
    for part in in_parts(codes, _ACROSS):
        table = _table(f"{comparison.task} by language", block)
        table.add_column("setup", overflow="fold", min_width=16)
        for code in part:
            table.add_column(code, justify="right", no_wrap=True)
        table.add_row("N", *(count(comparison.counts[code]) for code in part))
        cells = zip(*(_marked(block, code) for code in part), strict=True)
        for row, line in zip(block.rows, cells, strict=True):
            table.add_row(_name(row, block), *line)
        tables.append(table)
    return tables


def in_parts(columns: Sequence[_Column], most: int) -> list[Sequence[_Column]]:
    """Cut columns into parts of about the same size with at most so many in each."""
    size = math.ceil(len(columns) / math.ceil(len(columns) / most)) if columns else 1
    return [columns[at : at + size] for at in range(0, len(columns), size)]


def _marked(block: Block, code: str) -> list[str]:
    scores = [row.scores.get(code) for row in block.rows]
    best = max(score for score in scores if score is not None)
    cells = [f"[bold]{plain(score)}[/bold]" if score == best else plain(score) for score in scores]
    return [f"{_mark(row.tests.get(code))}{cell}" for row, cell in zip(block.rows, cells, strict=True)]


def _mark(tested: Tested | None) -> str:
    # In front, so that the digits of a column stay below each other.
    if tested is None or not tested.significant:
        return ""
    return "▲" if tested.difference > 0 else "▼"


def _table(title: str, block: Block) -> Table:
    # Few rules and little padding: a terminal of 80 columns should show every number.
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(
        title=title,
        title_justify="left",
        caption=_caption(block),
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )


def language_order(block: Block) -> list[str]:
    """List the languages any setup of a block has, English first, then by code."""
    return sorted({code for row in block.rows for code in row.scores}, key=english_first)


def english_first(code: str) -> tuple[bool, str]:
    """Sort key of languages: English, then by code."""
    return code != ENGLISH, code


def _name(row: Row, block: Block) -> str:
    starred = block.reference is not None and block.reference.chosen and row.label == block.reference.label
    return f"{row.label} *" if starred else row.label


def _caption(block: Block) -> str:
    text = block_title(block)
    if block.reference is not None and block.reference.chosen:
        by = "the target languages, as asked" if block.reference.by_targets else "English"
        text += f"; * best single adapter, chosen by {by}"
    if any(row.tested or row.tests for row in block.rows):
        text += f"; ▲ ▼ above or below it with p < {ALPHA} (paired bootstrap, Holm-adjusted)"
    return text
