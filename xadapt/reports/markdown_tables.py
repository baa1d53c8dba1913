"""Comparisons as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from xadapt.analysis.comparison_rows import Block, Row, TaskComparison
from xadapt.analysis.results import ENGLISH
from xadapt.errors import XadaptError
from xadapt.reports.numbers import NOTHING, count, interval, megabytes, p_value, plain, signed, spread
from xadapt.reports.tables import FEW, in_parts, language_order

#: Languages beside each other in one table; more would not fit a page.
_ACROSS = 16
#: Marks a score that differs significantly from that of the best single adapter.
DAGGER = "†"


def setup_table(block: Block) -> str:
    """Lay out one line per setup: scores with their spread over seeds, differences, N, and what the setup costs.

    The best zero-shot mean is bold, the chosen single adapter has a star.
    """
    others = sorted({name for row in block.rows for name in row.others})
    sized = any(row.parameters is not None for row in block.rows)
    weighed = any(row.stored_bytes is not None for row in block.rows)
    timed = any(row.milliseconds for row in block.rows)
    compared = any(row.ratio is not None for row in block.rows)
    tested = any(row.tested or row.tally for row in block.rows)
    head = ["setup", "English", "zero-shot", "vs single"]
    head += ["95 % interval", "p (Holm)", "languages: better/worse (significant)"] * tested
    head += ["gap", "± languages"]
    head += [name.replace("_", " ") for name in others] + ["N", "seeds"]
    head += ["parameters"] * sized + ["MB"] * weighed + ["ms per example"] * timed + ["× single"] * compared
    best = max((row.zero_shot for row in block.rows if row.zero_shot is not None), default=None)
    lines = []
    for row in block.rows:
        line = [_name(row, block), spread(plain(row.english), row.spreads.get(ENGLISH))]
        line += [spread(_bold(row.zero_shot, best), row.seed_spread)]
        line += [spread(signed(row.difference), row.difference_spread)]
        line += _test_cells(row) * tested
        line += [signed(row.gap), plain(row.language_spread), *(plain(row.others.get(name)) for name in others)]
        line += [count(row.total), str(len(row.seeds))]
        line += [count(row.parameters)] * sized + [megabytes(row.stored_bytes)] * weighed
        line += [plain(median(row.milliseconds) if row.milliseconds else None)] * timed
        line += [NOTHING if row.ratio is None else f"{row.ratio:.2f}"] * compared
        lines.append(line)
    return markdown_table(head, lines)


def language_tables(comparison: TaskComparison, block: Block) -> list[str]:
    """Lay out scores by language with N; the best setup of each language is bold, significant differences marked.

    A few setups stand beside each other, with a line per language. More have a line each, in as many tables as the
    languages need.
    """
    columns = []
    for code in language_order(block):
        scores = [row.scores.get(code) for row in block.rows]
        best = max(score for score in scores if score is not None)
        marks = [DAGGER if (test := row.tests.get(code)) and test.significant else "" for row in block.rows]
        cells = [_bold(score, best) + mark for score, mark in zip(scores, marks, strict=True)]
        columns.append([code, count(comparison.counts[code]), *cells])
    names = [_name(row, block) for row in block.rows]
    if len(block.rows) <= FEW:
        return [markdown_table(["language", "N", *names], columns)]
    parts = in_parts(columns, _ACROSS)
    lines = [list(zip(["setup", "N", *names], *part, strict=True)) for part in parts]
    return [markdown_table(head, rest) for head, *rest in lines]


def test_table(block: Block) -> str:
    """Lay out what else tests say: one line per tested setup; "" if there is none.

    The effect is in standard deviations over seeds of one language's difference.
    """
    head = ["setup", "vs single", "95 % interval", "p", "p (Holm)", "p over seeds", "effect", "p of signs"]
    head += ["gap vs single's gap", "seeds", "examples"]
    best = block.reference.row if block.reference else None
    lines = []
    for row in block.rows:
        test = row.tested
        if test is None or row.tally is None:
            continue
        gap = row.gap - best.gap if row.gap is not None and best is not None and best.gap is not None else None
        line = [_name(row, block), signed(test.difference), interval(test.low, test.high), p_value(test.p_value)]
        line += [p_value(test.adjusted), p_value(test.seed_p_value), signed(row.effect)]
        line += [p_value(row.tally.sign_p_value), signed(gap), str(test.seeds), count(test.examples)]
        lines.append(line)
    return markdown_table(head, lines) if lines else ""


def group_table(comparison: TaskComparison, row: Row) -> str:
    """Lay out a setup's mean difference by family and script of the languages; "" if no group has two languages."""
    from xadapt.analysis.language_groups import by_group, language_groups

    differences = {code: row.differences[code] for code in comparison.languages if code in row.differences}
    lines = []
    for by in ("family", "script"):
        try:
            found = by_group(differences, language_groups(differences, by))
        except XadaptError:
            # An own task may have languages that no table knows.
            return ""
        for group in found.groups:
            languages = ", ".join(group.languages)
            name = f"{by}: {group.name} ({languages})"
            chance = p_value(found.p_value)
            lines.append([name, signed(group.mean), interval(group.low, group.high), chance])
    return (
        markdown_table(["languages", "vs single", "95 % interval", "p of no difference between groups"], lines)
        if lines
        else ""
    )


def markdown_table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lay out a table whose first column is text and whose others are numbers."""
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def _test_cells(row: Row) -> list[str]:
    test, tally = row.tested, row.tally
    cells = [interval(test.low, test.high), p_value(test.adjusted)] if test else [NOTHING, NOTHING]
    if tally is None:
        return [*cells, NOTHING]
    found = f"{tally.significantly_better}/{tally.significantly_worse}"
    return [*cells, f"{tally.better}/{tally.worse} ({found})"]


def _bold(value: float | None, best: float | None) -> str:
    return f"**{plain(value)}**" if value is not None and value == best else plain(value)


def _name(row: Row, block: Block) -> str:
    chosen = block.reference is not None and block.reference.chosen and row.label == block.reference.label
    return f"`{row.label}` \\*" if chosen else f"`{row.label}`"
