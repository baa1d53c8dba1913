"""Comparisons as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xadapt.reports.numbers import count, plain, signed
from xadapt.reports.structures import Block, Row, TaskComparison
from xadapt.reports.tables import language_order


def setup_table(block: Block) -> str:
    """Lay out one line per setup; the best zero-shot mean is bold, the chosen single adapter has a star."""
    others = sorted({name for row in block.rows for name in row.others})
    sized = any(row.parameters is not None for row in block.rows)
    timed = any(row.seconds is not None for row in block.rows)
    head = ["setup", "English", "zero-shot", "gap", "± languages", "± seeds", "vs single"]
    head += [name.replace("_", " ") for name in others] + ["N", "seeds"]
    head += ["added parameters"] * sized + ["seconds"] * timed
    best = max((row.zero_shot for row in block.rows if row.zero_shot is not None), default=None)
    lines = []
    for row in block.rows:
        line = [_name(row, block), plain(row.english), _bold(row.zero_shot, best), signed(row.gap)]
        line += [plain(row.language_spread), plain(row.seed_spread), signed(row.difference)]
        line += [plain(row.others.get(name)) for name in others]
        line += [count(row.total), ", ".join(map(str, row.seeds))]
        line += [count(row.parameters)] * sized + [plain(row.seconds)] * timed
        lines.append(line)
    return markdown_table(head, lines)


def language_table(comparison: TaskComparison, block: Block) -> str:
    """Lay out one line per language with its N, one column per setup; the best setup of each language is bold."""
    lines = []
    for code in language_order(block):
        scores = [row.scores.get(code) for row in block.rows]
        best = max(score for score in scores if score is not None)
        lines.append([code, count(comparison.counts[code]), *(_bold(score, best) for score in scores)])
    return markdown_table(["language", "N", *(_name(row, block) for row in block.rows)], lines)


def markdown_table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lay out a table whose first column is text and whose others are numbers."""
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def _bold(value: float | None, best: float | None) -> str:
    return f"**{plain(value)}**" if value is not None and value == best else plain(value)


def _name(row: Row, block: Block) -> str:
    chosen = block.reference is not None and block.reference.chosen and row.label == block.reference.label
    return f"`{row.label}` \\*" if chosen else f"`{row.label}`"
