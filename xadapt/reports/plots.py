"""One picture per comparison: the setups' scores, and where each is above or below the reference."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from xadapt.composition.specs import families
from xadapt.reports.pictures import png_of
from xadapt.reports.verdicts import block_title
from xadapt.tables.numbers import plain, signed, spread
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from xadapt.analysis.comparison_rows import Block, SetupRow, TaskComparison

#: How much wider than the highest score the axis is, so that the mean and its spread fit at its end.
ROOM = 1.16
SPREAD_ROOM = 1.32
#: Differences of this many points and more have the strongest colour: a hopeless setup must not pale all others.
STRONGEST = 10.0
#: Beyond this many languages the numbers no longer fit the cells of the heat map.
NUMBERED = 24


def family_colour(name: str) -> str:
    """The colour of a family of setups."""
    return next(family.colour for family in families() if family.name == name)


def comparison_png(comparison: TaskComparison) -> bytes:
    """Draw a comparison.

    Left, a bar per setup: its zero-shot mean, with its standard deviation over seeds, a dot per target language and a
    diamond for English. Right, a heat map of setup by language: the difference to the block's reference. Blocks are
    drawn below each other.

    Args:
        comparison: One comparison.

    Returns:
        The picture, PNG.
    """
    return png_of(lambda: _draw(comparison))


def wrap_label(label: str, width: int = 26) -> str:
    """Break a long setup name into lines, at spaces, so that it fits beside a bar."""
    return "\n".join(textwrap.wrap(label, width, break_long_words=False, break_on_hyphens=False)) or label


def _draw(comparison: TaskComparison) -> Figure:
    # A figure of its own, not pyplot's: no window system, and no global state that outlives the report.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    blocks = comparison.blocks
    columns = max(max(len(block.languages) for block in blocks) + 1, 4)
    heights = [max(sum(_lines(row) for row in block.rows), 2) for block in blocks]
    cell = 0.46 if columns <= NUMBERED + 1 else 0.27
    map_width = cell * columns
    figure = Figure(
        figsize=(5.2 + map_width + 2.6, sum(0.36 * height + 1.25 for height in heights) + 0.5),
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, hspace=0.06),
    )
    FigureCanvasAgg(figure)
    figure.suptitle(f"{comparison.name}: {comparison.metric}", fontsize=12, x=0.01, ha="left")
    grid = figure.add_gridspec(len(blocks), 2, width_ratios=[4.6, map_width], height_ratios=heights)
    room = SPREAD_ROOM if _seeded(comparison) else ROOM
    limits = _limits(comparison, room)
    for index, block in enumerate(blocks):
        bars = figure.add_subplot(grid[index, 0])
        _bars(bars, block, comparison.languages, limits, room)
        bars.set_title(block_title(block), fontsize=10, loc="left")
        if index == len(blocks) - 1:
            bars.set_xlabel(_legend(comparison), fontsize=8)
        if block.reference is not None:
            _heat_map(figure, figure.add_subplot(grid[index, 1], sharey=bars), block)
    return figure


def _legend(comparison: TaskComparison) -> str:
    english = any(row.english is not None for block in comparison.blocks for row in block.rows)
    means = "bar and line: zero-shot mean ± over seeds" if _seeded(comparison) else "bar: zero-shot mean"
    return f"{means}; dots: target languages{'; diamond: English' if english else ''}"


def _seeded(comparison: TaskComparison) -> bool:
    return any(row.seed_spread is not None for block in comparison.blocks for row in block.rows)


def _lines(row: SetupRow) -> int:
    return max(1, wrap_label(row.label).count("\n") + 1)


def _limits(comparison: TaskComparison, room: float) -> tuple[float, float]:
    # Bars start at zero, or their lengths would mislead; only correlations go below.
    values = [score for block in comparison.blocks for row in block.rows for score in row.scores.values()]
    low, high = min(values, default=0.0), max(values, default=100.0)
    return min(0.0, low - 0.03 * high), max(high, 1.0) * room


def _bars(axes: Axes, block: Block, languages: Sequence[str], limits: tuple[float, float], room: float) -> None:
    rows = block.rows
    indexes = range(len(rows))
    axes.barh(
        indexes, [row.zero_shot or 0.0 for row in rows], height=0.66, color=[family_colour(row.family) for row in rows]
    )
    for index, row in enumerate(rows):
        dots = [row.scores[code] for code in languages if code in row.scores]
        offsets = [0.2 * ((number % 3) - 1) for number in range(len(dots))]
        axes.plot(dots, [index + offset for offset in offsets], "o", color="black", markersize=2.6, alpha=0.6)
        if row.english is not None:
            axes.plot(row.english, index, "D", markersize=5, markerfacecolor="white", markeredgecolor="black")
        if row.seed_spread is not None and row.zero_shot is not None:
            axes.errorbar(row.zero_shot, index, xerr=row.seed_spread, color="black", capsize=5, linewidth=1.4)
        if row.zero_shot is not None:
            mean = spread(plain(row.zero_shot), row.seed_spread)
            axes.text(limits[1], index, mean, va="center", ha="right", fontsize=9)
    axes.set_yticks(list(indexes), [_starred(row, block) for row in rows], fontsize=8.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(*limits)
    # No tick where no score can be: the axis ends beyond 100 only to make room for the numbers.
    axes.set_xticks([tick for tick in axes.get_xticks() if limits[0] <= tick <= min(limits[1] / room, 100)])
    axes.set_xlim(*limits)
    axes.tick_params(axis="x", labelsize=8)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _starred(row: SetupRow, block: Block) -> str:
    return wrap_label(f"{row.label} *" if block.is_reference(row) else row.label)


def _heat_map(figure: Figure, axes: Axes, block: Block) -> None:
    from matplotlib.colors import TwoSlopeNorm

    assert block.reference is not None
    codes = block.languages
    missing = float("nan")
    cells = [[row.differences.get(code, missing) for code in codes] for row in block.rows]
    if any(row.difference is not None for row in block.rows):
        cells = [
            [*line, missing if row.difference is None else row.difference]
            for line, row in zip(cells, block.rows, strict=True)
        ]
        codes = [*codes, "mean"]
    largest = max((abs(value) for line in cells for value in line if not math.isnan(value)), default=0.0)
    # One point either way at least, so that noise of a tenth does not glow.
    span = min(max(largest, 1.0), STRONGEST)
    image = axes.imshow(cells, cmap="RdBu", norm=TwoSlopeNorm(0.0, -span, span), aspect="auto", interpolation="nearest")
    axes.set_facecolor("#eeeeee")
    if len(codes) <= NUMBERED + 1:
        for y, line in enumerate(cells):
            for x, value in enumerate(line):
                if not math.isnan(value):
                    colour = "white" if abs(value) > 0.6 * span else "black"
                    axes.text(x, y, signed(value), ha="center", va="center", fontsize=7.5, color=colour)
    axes.set_xticks(range(len(codes)), codes, fontsize=8 if len(codes) <= NUMBERED + 1 else 7)
    axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.tick_params(axis="y", labelleft=False, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if codes[0] == ENGLISH and len(codes) > 1:
        axes.axvline(0.5, color="white", linewidth=4)
    if codes[-1] == "mean":
        axes.axvline(len(codes) - 1.5, color="white", linewidth=4)
    against = f"{block.reference.label} (*)" if block.reference.chosen else block.reference.label
    capped = f"; strongest colours from {STRONGEST:.0f} up" if largest > STRONGEST else ""
    axes.set_xlabel(f"difference to {against}, points{capped}", fontsize=8)
    if len(codes) > NUMBERED + 1:
        bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01)
        bar.ax.tick_params(labelsize=7)
        bar.outline.set_visible(False)
