"""The figures of the page: a heat map of differences for every setup, and bars with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import Block, SetupRow, TaskComparison, english_first
from xadapt.analysis.verdict import compositions, judged
from xadapt.reports.block_names import NamedBlock, labels
from xadapt.reports.setup_cells import difference_with_interval
from xadapt.tables import Cell, depth
from xadapt.tables.numbers import NOTHING, plain, signed, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.tested import Tested

#: The choice of the heat map that takes another setup in each task.
JUDGED = "the judged composition of each task"
#: No narrower than this many points, so that small differences do not glow.
_LEAST = 2.0
#: Width of a figure in its own units, which are those of a phone's screen.
_WIDTH = 340.0
#: From one bar to the next, and the axis below.
_STEP, _AXIS = 36.0, 26.0
#: Characters of a label that fit beside its number.
_FITS = 34


@dataclass(frozen=True)
class Choice:
    """What the heat map shows for one setup.

    Attributes:
        name: The setup, or the judged one of each task.
        who: The setup of each row.
        cells: Text and depth of each cell, row by row.
    """

    name: str
    who: list[str]
    cells: list[list[tuple[str, int | None]]]


@dataclass(frozen=True)
class HeatMap:
    """Differences to the reference: tasks down, their mean and languages across, for one setup or another.

    Attributes:
        rows: Name of each row.
        columns: The mean, then language codes.
        full: Points at which the colour is full.
        setups: The choices.
    """

    rows: list[str]
    columns: list[str]
    full: float
    setups: list[Choice]

    @property
    def first(self) -> list[list[Cell]]:
        """The cells of the first choice."""
        return [[Cell(text, depth=shade) for text, shade in line] for line in self.setups[0].cells]


def heat_map(blocks: Sequence[NamedBlock]) -> HeatMap | None:
    """Collect the differences of every setup that has any.

    Returns:
        The map, None where nothing can be compared.
    """
    blocks = [each for each in blocks if any(row.difference is not None for row in each.block.rows)]
    rows = [row for each in blocks for row in each.block.rows if row.difference is not None]
    if not rows:
        return None
    # A bare base or a single adapter of another task, far below all others, would wash out what matters.
    composed = [row for each in blocks for row in compositions(each.block)] or rows
    sizes = sorted(abs(value) for row in composed for value in row.differences.values())
    full = max(_LEAST, sizes[int(0.9 * (len(sizes) - 1))]) if sizes else _LEAST
    codes = sorted({code for row in rows for code in row.differences}, key=english_first)
    choices = [(JUDGED, [judged(each.block) for each in blocks])]
    for label in labels(blocks):
        found = [next((row for row in each.block.rows if row.label == label), None) for each in blocks]
        choices.append((label, found))
    setups = [
        Choice(name, [row.label if row else NOTHING for row in chosen], [_line(row, codes, full) for row in chosen])
        for name, chosen in choices
    ]
    return HeatMap([each.name for each in blocks], ["mean", *codes], full, setups)


def _line(row: SetupRow | None, codes: Sequence[str], full: float) -> list[tuple[str, int | None]]:
    if row is None:
        return [(NOTHING, None)] * (len(codes) + 1)
    cells = [_difference(row.difference, row.tested, full)]
    return cells + [_difference(row.differences.get(code), row.tests.get(code), full) for code in codes]


def _difference(value: float | None, tested: Tested | None, full: float) -> tuple[str, int | None]:
    if value is None:
        return NOTHING, None
    return f"{signed(value)}{'*' if tested and tested.significant else ''}", depth(value, full)


@dataclass(frozen=True)
class Bar:
    """A bar of a figure, in the figure's units; `y` is the line of its label.

    Attributes:
        label: The setup, cut to fit.
        whole: The setup.
        number: The value as it is printed.
        y: Height of the label.
        x: Left end of the bar.
        width: Its length.
        whisker: Both ends of the interval, None without one.
        negative: Whether the value is below zero.
    """

    label: str
    whole: str
    number: str
    y: float
    x: float
    width: float
    whisker: tuple[float, float] | None
    negative: bool


@dataclass(frozen=True)
class _Value:
    """What a bar shows: its length, the ends of its whisker, and how both are printed."""

    label: str
    number: float
    interval: tuple[float, float] | None
    text: str


@dataclass(frozen=True)
class Bars:
    """A figure of bars, one a setup.

    Attributes:
        title: What it shows.
        desc: The same numbers in words.
        bars: The bars.
        ticks: Numbers under the axis and where they are.
        zero: Where zero is.
        width: Width of the figure.
        height: Its height.
    """

    title: str
    desc: str
    bars: list[Bar]
    ticks: list[tuple[str, float]]
    zero: float
    width: float
    height: float


def bar_figures(comparison: TaskComparison, block: Block) -> list[Bars]:
    """Draw zero-shot means with their spread over seeds, and tested differences with their 95 % interval.

    A difference that was not tested has its standard deviation over seeds instead.
    """
    scores = [_Value(row.label, row.zero_shot, *_scored(row)) for row in block.rows if row.zero_shot is not None]
    compared = [row for row in block.rows if row.difference is not None]
    differences = [
        _Value(row.label, row.difference or 0.0, _ends(row), difference_with_interval(row).text) for row in compared
    ]
    what = "95 % interval" if any(row.tested for row in compared) else "± standard deviation over seeds"
    figures = [
        _draw(f"{comparison.task}: zero-shot mean, ± standard deviation over seeds", scores),
        _draw(f"{comparison.task}: difference to the reference, {what}", differences),
    ]
    return [figure for figure in figures if figure is not None]


def _scored(row: SetupRow) -> tuple[tuple[float, float] | None, str]:
    return _around(row.zero_shot, row.seed_spread), spread(plain(row.zero_shot), row.seed_spread)


def _ends(row: SetupRow) -> tuple[float, float] | None:
    return (row.tested.low, row.tested.high) if row.tested else _around(row.difference, row.difference_spread)


def _around(value: float | None, deviation: float | None) -> tuple[float, float] | None:
    return None if value is None or deviation is None else (value - deviation, value + deviation)


def _draw(title: str, values: Sequence[_Value]) -> Bars | None:
    if len(values) < 2:
        return None
    from matplotlib.ticker import MaxNLocator

    ends = [0.0, *(value.number for value in values), *(end for value in values for end in value.interval or ())]
    # Nothing but zeros would have no width to draw in.
    ticks = [float(tick) for tick in MaxNLocator(nbins=5).tick_values(min(ends), max(ends) if any(ends) else 1.0)]
    low, high = ticks[0], ticks[-1]

    def across(value: float) -> float:
        return round(16 + (_WIDTH - 32) * (value - low) / (high - low), 1)

    bars = []
    for number, value in enumerate(values):
        x, other = sorted((across(0.0), across(value.number)))
        whisker = (across(value.interval[0]), across(value.interval[1])) if value.interval else None
        cut = value.label if len(value.label) <= _FITS else f"{value.label[: _FITS - 1]}…"
        y, length = 12 + number * _STEP, round(other - x, 1)
        bars.append(Bar(cut, value.label, value.text, y, x, length, whisker, value.number < 0))
    desc = "; ".join(f"{bar.whole}: {bar.number}" for bar in bars)
    marks = [(f"{tick:g}".replace("-", "−"), across(tick)) for tick in ticks]
    return Bars(title, desc, bars, marks, across(0.0), _WIDTH, len(bars) * _STEP + _AXIS)
