"""Tables with the scores of setups by language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from xadapt.analysis.tested import ALPHA
from xadapt.analysis.verdict import judged
from xadapt.reports import setup_cells as cell
from xadapt.reports.setup_tables import brief_caption
from xadapt.tables import Cell, Column, Table, numbers, words
from xadapt.tasks.languages import ENGLISH, LANGUAGES, Language, language_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.comparison_rows import Block, TaskComparison

_Item = TypeVar("_Item")

#: So many setups are columns where there is a line per language; more have a line each.
FEW = 5
#: Languages beside each other in one table, so that a terminal of 80 columns shows them.
TERMINAL = 9
#: The same in Markdown; more would not fit a page.
MARKDOWN = 16


def language_tables(comparison: TaskComparison, block: Block, across: int) -> list[Table]:
    """Lay out scores by language with N; the best setup of each language and significant differences are marked.

    A few setups are columns, with a line per language. More have a line each, in as many tables as the
    languages need.

    Args:
        comparison: The comparison.
        block: One of its blocks.
        across: Languages that have room beside each other.
    """
    codes, names = block.languages, [cell.name(row, block) for row in block.rows]
    title, caption = f"{comparison.task} by language", brief_caption(block)
    if len(block.rows) <= FEW:
        lines = [[Cell(code), Cell(comparison.counts[code]), *_scores(block, code)] for code in codes]
        columns = [*words("language"), *numbers("N"), *numbers(*names, wraps=True)]
        return [Table(title, columns, lines, caption=caption)]
    tables = []
    for part in in_parts(codes, across):
        scores = zip(*(_scores(block, code) for code in part), strict=True)
        lines = [[Cell("N"), *(Cell(comparison.counts[code]) for code in part)]]
        lines += [[name, *line] for name, line in zip(names, scores, strict=True)]
        columns = [*words("setup", width=16, wraps=True), *numbers(*part)]
        tables.append(Table(title, columns, lines, caption=caption))
    return tables


def page_languages(comparison: TaskComparison, block: Block) -> Table:
    """Lay out one line per language: its family, script and N, the judged difference, the score of every setup."""
    chosen = judged(block)
    columns: list[Column] = [*words("language", "code", "family", "script"), *numbers("N")]
    columns += numbers(f"{chosen.label} vs reference") if chosen else []
    columns += numbers(*(cell.name(row, block) for row in block.rows))
    lines = []
    for code in block.languages:
        line = [Cell(language_name(code)), Cell(code), *map(Cell, family_and_script(code))]
        line.append(Cell(comparison.counts[code]))
        line += [cell.difference_with_interval(chosen, code)] if chosen else []
        lines.append([*line, *_scores(block, code)])
    note = "Bold: best of a language."
    if any(row.tests for row in block.rows):
        note += f" ▲ ▼ above or below the reference with p < {ALPHA}, Holm-adjusted over languages."
    title = f"{comparison.task}: {comparison.metric.replace('_', ' ')} by language"
    return Table(title, columns, lines, caption=note)


def in_parts(items: Sequence[_Item], most: int) -> list[Sequence[_Item]]:
    """Cut into parts of about the same size with at most so many in each."""
    size = math.ceil(len(items) / math.ceil(len(items) / most)) if items else 1
    return [items[at : at + size] for at in range(0, len(items), size)]


def family_and_script(code: str) -> tuple[str, str]:
    """Name a language's family and script, for a pair those of the language beside English; "" if there are none."""
    parts: list[Language] = [LANGUAGES[part] for part in code.split("-") if part in LANGUAGES]
    parts = [part for part in parts if part.code != ENGLISH] or parts
    families, scripts = ([part.family for part in parts], [part.script for part in parts])
    return " / ".join(dict.fromkeys(families)), " / ".join(dict.fromkeys(scripts))


def _scores(block: Block, code: str) -> list[Cell]:
    return [cell.language(row, block, code) for row in block.rows]
