"""Heat maps of an explanation: attention or gates by member and layer, and how alike the members are."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xadapt.reports.explanation_tables import MEASURES
from xadapt.reports.pictures import png_of
from xadapt.reports.plots import wrap_label
from xadapt.store.explanation_record import ALL
from xadapt.tables.numbers import percent, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    from xadapt.explain.explanation import Explanation
    from xadapt.explain.gates import GateExplanation

#: Inches that a cell takes: wide enough for its number.
_WIDE, _HIGH = 0.4, 0.34
#: Inches for labels beside a map, and for its title and layers.
_BESIDE, _ABOVE = 1.9, 0.75
#: Beyond this many languages maps are in two columns.
_ONE_COLUMN = 3


def attention_png(explanation: Explanation) -> bytes:
    """Draw the mean weights, one map of member by layer for the mean and for each language; white is uniform."""
    return png_of(lambda: draw_attention(explanation))


def similarity_png(explanation: Explanation) -> bytes:
    """Draw each measure of similarity: members by members over all layers, and pairs of members by layer."""
    return png_of(lambda: draw_similarity(explanation))


def gates_png(explanation: GateExplanation) -> bytes:
    """Draw gates, one map of member by layer; white is 0."""
    return png_of(lambda: draw_gates(explanation))


def draw_gates(explanation: GateExplanation) -> Figure:
    """Lay out the map of gates; the last column is the mean of their sizes."""
    from matplotlib.colors import TwoSlopeNorm

    layers, members = [*explanation.layers, ALL], [wrap_label(name) for name in explanation.members]
    high = _HIGH * sum(name.count("\n") + 1 for name in members) + _ABOVE
    # Places have names of two words.
    wide = _WIDE * max(1.0, max(map(len, explanation.layers)) / 5)
    figure = _figure(wide * len(layers) + _BESIDE, high + 0.8)
    title = f"{wrap_label(explanation.explained, 90)}\ngates (base {explanation.base}, seed {explanation.seed})"
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    values = np.concatenate((explanation.gates, explanation.sizes[-1:])).T
    # 1 at least, so that small gates do not glow.
    highest = max(1.0, float(np.abs(values).max()))
    axes = figure.add_subplot()
    _heat_map(axes, values, members, layers, TwoSlopeNorm(0.0, -highest, highest), _two)
    axes.axvline(len(layers) - 1.5, color="white", linewidth=4)
    figure.supxlabel(f"layer; blue: above 0, red: below; {ALL}: mean size", fontsize=8)
    return figure


def draw_attention(explanation: Explanation) -> Figure:
    """Lay out the maps of attention."""
    from matplotlib.colors import TwoSlopeNorm

    languages = list(explanation.languages)
    panels = ["", *languages] if len(languages) > 1 else languages
    columns = 1 if len(panels) <= _ONE_COLUMN + 1 else 2
    rows = math.ceil(len(panels) / columns)
    layers = [*explanation.layers, ALL]
    members = [wrap_label(name) for name in explanation.members]
    high = _HIGH * sum(name.count("\n") + 1 for name in members) + _ABOVE
    figure = _figure(columns * (_WIDE * len(layers) + _BESIDE), rows * high + 0.5)
    figure.suptitle(_title("attention weights, %", explanation), fontsize=11, x=0.01, ha="left")
    weights = [explanation.attention(panel).weights.T for panel in panels]
    # Twice uniform at least, so that small preferences do not glow.
    highest = max(2 * explanation.uniform, *(float(values.max()) for values in weights))
    norm = TwoSlopeNorm(explanation.uniform, 0.0, highest)
    grid = figure.add_gridspec(rows, columns)
    for number, (panel, values) in enumerate(zip(panels, weights, strict=True)):
        axes = figure.add_subplot(grid[number // columns, number % columns])
        counted = [explanation.languages[code].rows for code in ([panel] if panel else languages)]
        name = panel or f"mean over {len(languages)} languages"
        axes.set_title(f"{name}, {sum(counted):,} rows", fontsize=9, loc="left")
        _heat_map(axes, values, members, layers, norm, lambda value: f"{100 * value:.0f}")
        axes.axvline(len(layers) - 1.5, color="white", linewidth=4)
    figure.supxlabel(f"layer; blue: above uniform ({percent(explanation.uniform)} %), red: below", fontsize=8)
    return figure


def draw_similarity(explanation: Explanation) -> Figure:
    """Lay out the maps of similarity."""
    from matplotlib.colors import Normalize

    size = len(explanation.members)
    pairs = list(combinations(range(size), 2))
    layers = [*explanation.layers, ALL]
    members = [wrap_label(name, 16) for name in explanation.members]
    names = [wrap_label(explanation.pair_name(*pair)) for pair in pairs]
    square = _WIDE * 1.6 * size
    high = max(square, _HIGH * sum(name.count("\n") + 1 for name in names)) + _ABOVE + 0.3
    figure = _figure(square + _WIDE * len(layers) + 2 * _BESIDE, len(MEASURES) * high + 0.5)
    figure.suptitle(_title("similarity of what members add", explanation), fontsize=11, x=0.01, ha="left")
    grid = figure.add_gridspec(len(MEASURES), 2, width_ratios=[square + _BESIDE, _WIDE * len(layers) + _BESIDE])
    mean = explanation.similarity()
    for number, (measure, shown) in enumerate(MEASURES.items()):
        values = getattr(mean, measure)
        norm = Normalize(-1.0, 1.0)
        axes = figure.add_subplot(grid[number, 0])
        axes.set_title(f"{shown}, mean over layers", fontsize=9, loc="left")
        _heat_map(axes, values[-1], members, members, norm, _two)
        axes.set_aspect("equal", anchor="NW")
        axes = figure.add_subplot(grid[number, 1])
        axes.set_title(f"{shown} by layer", fontsize=9, loc="left")
        _heat_map(axes, np.array([values[:, i, j] for i, j in pairs]), names, layers, norm, _two)
        axes.axvline(len(layers) - 1.5, color="white", linewidth=4)
    return figure


def _two(value: float) -> str:
    return plain(value, 2)


def _title(shown: str, explanation: Explanation) -> str:
    facts = explanation.facts
    return f"{wrap_label(explanation.explained, 90)}\n{facts['task']}: {shown} (base {facts['base']}, {facts['data']})"


def _figure(width: float, height: float) -> Figure:
    # A figure of its own, not pyplot's: no window system, and no global state that outlives the report.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06))
    FigureCanvasAgg(figure)
    return figure


def _heat_map(
    axes: Axes,
    cells: np.ndarray,
    down: Sequence[str],
    across: Sequence[str],
    norm: Normalize,
    shown: Callable[[float], str],
) -> None:
    axes.imshow(cells, cmap="RdBu", norm=norm, aspect="auto", interpolation="nearest")
    axes.set_facecolor("#eeeeee")
    for y, line in enumerate(cells):
        for x, value in enumerate(line):
            dark = not np.isnan(value) and abs(float(norm(value)) - 0.5) > 0.33
            axes.text(x, y, shown(value), ha="center", va="center", fontsize=7.5, color="white" if dark else "black")
    axes.set_xticks(range(len(across)), across, fontsize=8)
    axes.set_yticks(range(len(down)), down, fontsize=8.5)
    axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.tick_params(axis="y", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
