"""Comparisons as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from xadapt.reports.numbers import NOTHING, count, megabytes, plain, signed, spread
from xadapt.reports.results import ENGLISH
from xadapt.reports.structures import Block, Row, TaskComparison
from xadapt.reports.tables import FEW, in_parts, language_order

#: Languages beside each other in one table; more would not fit a page.
_ACROSS = 16


def setup_table(block: Block) -> str:
    """Lay out one line per setup: scores with their spread over seeds, differences, N, and what the setup costs.

    The best zero-shot mean is bold, the chosen single adapter has a star.
    """
    others = sorted({name for row in block.rows for name in row.others})
    sized = any(row.parameters is not None for row in block.rows)
    weighed = any(row.stored_bytes is not None for row in block.rows)
    timed = any(row.milliseconds for row in block.rows)
    compared = any(row.ratio is not None for row in block.rows)
    head = ["setup", "English", "zero-shot", "vs single", "gap", "± languages"]
    head += [name.replace("_", " ") for name in others] + ["N", "seeds"]
    head += ["parameters"] * sized + ["MB"] * weighed + ["ms per example"] * timed + ["× single"] * compared
    best = max((row.zero_shot for row in block.rows if row.zero_shot is not None), default=None)
    lines = []
    for row in block.rows:
        line = [_name(row, block), spread(plain(row.english), row.spreads.get(ENGLISH))]
        line += [spread(_bold(row.zero_shot, best), row.seed_spread)]
        line += [spread(signed(row.difference), row.difference_spread)]
        line += [signed(row.gap), plain(row.language_spread), *(plain(row.others.get(name)) for name in others)]
        line += [count(row.total), str(len(row.seeds))]
        line += [count(row.parameters)] * sized + [megabytes(row.stored_bytes)] * weighed
        line += [plain(median(row.milliseconds) if row.milliseconds else None)] * timed
        line += [NOTHING if row.ratio is None else f"{row.ratio:.2f}"] * compared
        lines.append(line)
    return markdown_table(head, lines)


def language_tables(comparison: TaskComparison, block: Block) -> list[str]:
    """Lay out scores by language with N; the best setup of each language is bold.

    A few setups stand beside each other, with a line per language. More have a line each, in as many tables as the
    languages need.
    """
    columns = []
    for code in language_order(block):
        scores = [row.scores.get(code) for row in block.rows]
        best = max(score for score in scores if score is not None)
        columns.append([code, count(comparison.counts[code]), *(_bold(score, best) for score in scores)])
    names = [_name(row, block) for row in block.rows]
    if len(block.rows) <= FEW:
        return [markdown_table(["language", "N", *names], columns)]
    parts = in_parts(columns, _ACROSS)
    lines = [list(zip(["setup", "N", *names], *part, strict=True)) for part in parts]
    return [markdown_table(head, rest) for head, *rest in lines]


def markdown_table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lay out a table whose first column is text and whose others are numbers."""
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def _bold(value: float | None, best: float | None) -> str:
    return f"**{plain(value)}**" if value is not None and value == best else plain(value)


def _name(row: Row, block: Block) -> str:
    chosen = block.reference is not None and block.reference.chosen and row.label == block.reference.label
    return f"`{row.label}` \\*" if chosen else f"`{row.label}`"
