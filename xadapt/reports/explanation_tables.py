"""An explanation as tables: the same cells for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xadapt.analysis.results import ENGLISH
from xadapt.reports.markdown_tables import markdown_table
from xadapt.reports.numbers import NOTHING, count, plain, signed

if TYPE_CHECKING:
    from rich.table import Table

    from xadapt.explain.explanation import Explanation

#: The name of the mean over all layers, which follows the layers everywhere.
ALL = "all"
MEASURES = {"cka": "CKA", "cosine": "cosine"}
#: Beyond this many members a terminal has no room for spreads.
SPREAD_MEMBERS = 4


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What stands there.
        bold: Whether it is the highest of its line or table.
    """

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Grid:
    """A table whose first column is text and whose others are numbers.

    Attributes:
        title: What it shows.
        head: Headings.
        lines: As many cells as headings each; the last lines that stand apart are ``apart``.
        apart: Lines below a rule.
    """

    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    apart: Sequence[Sequence[Cell]] = ()


def attention_grid(explanation: Explanation, language: str = "", spreads: bool = True) -> Grid:
    """Weights by layer and member, with their spread or without, in a language or as the mean over all."""
    attention = explanation.attention(language)
    lines = []
    for label, weights, spread, entropy in zip(
        [*explanation.layers, ALL], attention.weights, attention.spread, attention.entropy, strict=True
    ):
        highest = weights.argmax()
        cells = [
            Cell(f"{percent(weight)} ±{percent(wide)}" if spreads else percent(weight), number == highest)
            for number, (weight, wide) in enumerate(zip(weights, spread, strict=True))
        ]
        lines.append([Cell(label), *cells, Cell(two(entropy))])
    uniform = [Cell("uniform"), *[Cell(percent(explanation.uniform))] * len(explanation.members), Cell(two(1.0))]
    where = language or _every(explanation)
    return Grid(
        f"attention weights by layer, %: {where}",
        ("layer", *explanation.members, "entropy"),
        lines[:-1],
        [lines[-1], uniform],
    )


def _every(explanation: Explanation) -> str:
    codes = list(explanation.languages)
    return codes[0] if len(codes) == 1 else f"mean over {len(codes)} languages"


def language_grid(explanation: Explanation) -> Grid:
    """One line per language: rows, tokens, the weights over all layers and where it is most unlike English."""
    compared = explanation.fused and ENGLISH in explanation.languages
    head = ["language", "rows", "tokens"]
    head += [*explanation.members, "entropy"] if explanation.fused else list(MEASURES.values())
    head += [f"most unlike {ENGLISH}"] if compared else []
    lines = []
    for code, figures in explanation.languages.items():
        line = [Cell(code), Cell(count(figures.rows)), Cell(count(figures.tokens))]
        if figures.attention:
            weights = figures.attention.weights[-1]
            line += [Cell(percent(weight), number == weights.argmax()) for number, weight in enumerate(weights)]
            line.append(Cell(two(figures.attention.entropy[-1])))
        else:
            line += [Cell(two(_mean_pair(getattr(figures.similarity, measure)[-1]))) for measure in MEASURES]
        if compared:
            line.append(Cell(NOTHING if code == ENGLISH else _unlike(explanation, code)))
        lines.append(line)
    shown = "attention weights over all layers, %" if explanation.fused else "mean similarity of two members"
    return Grid(f"{shown}: by language", head, lines)


def _unlike(explanation: Explanation, language: str) -> str:
    layer, member, difference = largest_difference(explanation, language)
    return f"layer {explanation.layers[layer]}: {explanation.members[member]} {signed(100 * difference)}"


def largest_difference(explanation: Explanation, language: str) -> tuple[int, int, float]:
    """Where a language is most unlike English: layer, member, and the difference of weights there."""
    here, english = explanation.attention(language).weights, explanation.attention(ENGLISH).weights
    differences = (here - english)[:-1]
    layer, member = np.unravel_index(np.abs(differences).argmax(), differences.shape)
    return int(layer), int(member), float(differences[layer, member])


def matrix_grid(explanation: Explanation, measure: str) -> Grid:
    """Members by members: a measure's mean over layers and languages; the most alike pair is bold."""
    matrix = getattr(explanation.similarity(), measure)[-1]
    apart = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    highest = None if np.isnan(apart).all() else np.nanmax(apart)
    lines = [
        [Cell(name), *(Cell(two(value), value == highest and i != j) for j, value in enumerate(row))]
        for i, (name, row) in enumerate(zip(explanation.members, matrix, strict=True))
    ]
    return Grid(f"{MEASURES[measure]} of what members add, mean over layers", ("", *explanation.members), lines)


def pair_grid(explanation: Explanation, measure: str, language: str = "") -> Grid:
    """Pairs of members by layer; the layer where a pair is most alike is bold."""
    values = getattr(explanation.similarity(language), measure)
    lines = []
    for i, j in combinations(range(len(explanation.members)), 2):
        pair = values[:, i, j]
        highest = None if np.isnan(pair[:-1]).all() else np.nanmax(pair[:-1])
        cells = [Cell(two(value), value == highest and place < len(pair) - 1) for place, value in enumerate(pair)]
        lines.append([Cell(pair_name(explanation, i, j)), *cells])
    title = f"{MEASURES[measure]} by layer: {language or _every(explanation)}"
    return Grid(title, ("members", *explanation.layers, ALL), lines)


def pair_name(explanation: Explanation, i: int, j: int) -> str:
    """Two members by name."""
    return f"{explanation.members[i]} – {explanation.members[j]}"


def _mean_pair(matrix: np.ndarray) -> float:
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())


def percent(share: float) -> str:
    """Print a share as a percentage with one decimal."""
    return plain(100 * share)


def two(value: float) -> str:
    """Print a measure of similarity or entropy with two decimals, a dash where there is none."""
    return NOTHING if np.isnan(value) else f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")


def rich_grid(grid: Grid) -> Table:
    """Lay a grid out for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    # Few rules and little padding: a terminal of 80 columns should show every number.
    table = Table(title=grid.title, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(grid.head):
        table.add_column(
            escape(heading), justify="right" if number else "left", overflow="fold", min_width=0 if number else 8
        )
    for number, line in enumerate([*grid.lines, *grid.apart]):
        table.add_row(*(f"[bold]{escape(cell.text)}[/bold]" if cell.bold else escape(cell.text) for cell in line))
        if grid.apart and number == len(grid.lines) - 1:
            table.add_section()
    return table


def markdown_grid(grid: Grid) -> str:
    """Lay a grid out as Markdown, without its title."""
    lines = [[f"**{cell.text}**" if cell.bold else cell.text for cell in line] for line in [*grid.lines, *grid.apart]]
    return markdown_table(grid.head, lines)
