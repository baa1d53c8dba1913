"""Comparisons as `rich` tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xadapt.reports.numbers import count, plain, signed
from xadapt.reports.results import ENGLISH
from xadapt.reports.structures import Block, Row, TaskComparison
from xadapt.reports.verdicts import block_title

if TYPE_CHECKING:
    from rich.table import Table


def rich_tables(comparisons: Sequence[TaskComparison]) -> list[Table]:
    """Lay comparisons out for the terminal.

    Args:
        comparisons: What `compare` returned.

    Returns:
        Two tables per block: one of setups, one of languages by setups. The best number of a column (or line) is
        bold; the reference's label is marked with a star.
    """
    tables = []
    for comparison in comparisons:
        for block in comparison.blocks:
            tables += [setup_table(comparison, block), language_table(comparison, block)]
    return tables


def setup_table(comparison: TaskComparison, block: Block) -> Table:
    """Lay out one line per setup: English, zero-shot mean, gap, spreads, difference to the reference, N, seeds."""
    table = _table(f"{comparison.name}: {comparison.metric}", block)
    table.add_column("setup", overflow="fold", min_width=16)
    for heading in ("English", "zero-shot", "gap", "±lang", "±seed", "vs *", "N", "seeds"):
        table.add_column(heading, justify="right", no_wrap=True)
    best = max((row.zero_shot for row in block.rows if row.zero_shot is not None), default=None)
    for row in block.rows:
        zero_shot = plain(row.zero_shot)
        table.add_row(
            _name(row, block),
            plain(row.english),
            f"[bold]{zero_shot}[/bold]" if best is not None and row.zero_shot == best else zero_shot,
            signed(row.gap),
            plain(row.language_spread),
            plain(row.seed_spread),
            signed(row.difference),
            count(row.total),
            str(len(row.seeds)),
        )
    return table


def language_table(comparison: TaskComparison, block: Block) -> Table:
    """Lay out one line per language, one column per setup. Languages go down because there can be fifty of them."""
    table = _table(f"{comparison.task} by language", block)
    table.add_column("language")
    table.add_column("N", justify="right")
    for row in block.rows:
        table.add_column(_name(row, block), justify="right", overflow="fold")
    for code in language_order(block):
        scores = [row.scores.get(code) for row in block.rows]
        best = max(score for score in scores if score is not None)
        cells = [f"[bold]{plain(score)}[/bold]" if score == best else plain(score) for score in scores]
        table.add_row(code, count(comparison.counts[code]), *cells)
    return table


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
        padding=(0, 1, 0, 0),
    )


def language_order(block: Block) -> list[str]:
    """List the languages any setup of a block has, English first, then by code."""
    codes = {code for row in block.rows for code in row.scores}
    return sorted(codes, key=lambda code: (code != ENGLISH, code))


def _name(row: Row, block: Block) -> str:
    starred = block.reference is not None and block.reference.chosen and row.label == block.reference.label
    return f"{row.label} *" if starred else row.label


def _caption(block: Block) -> str:
    chosen = block.reference is not None and block.reference.chosen
    return f"{block_title(block)}{'; * best single adapter, chosen by English' if chosen else ''}"
