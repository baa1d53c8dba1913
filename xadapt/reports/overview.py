"""A whole report in one picture: how far compositions are from the reference, task by task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.verdict import Case, compositions, judged_cases
from xadapt.reports.pictures import png_of
from xadapt.reports.plots import family_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from xadapt.analysis.comparison_rows import SetupRow, TaskComparison

#: Its name in the folder of plots.
OVERVIEW = "overview.png"
_SHAPES = "osD^vPXdp"


def overview_png(comparisons: Sequence[TaskComparison]) -> bytes | None:
    """Draw the differences to the reference, a line per task.

    The judged composition has its 95 % interval, filled where it is significant; every other one is a pale mark.

    Args:
        comparisons: What `compare` returned.

    Returns:
        The picture, PNG; None with fewer than two tasks to judge.
    """
    cases = judged_cases(comparisons)
    if len(cases) < 2:
        return None
    return png_of(lambda: _draw(cases))


def _draw(cases: Sequence[Case]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 0.46 * len(cases) + 1.7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.axvline(0, color="#555555", linewidth=1)
    families = list(dict.fromkeys(row.family for case in cases for row in _others(case)))
    shapes = dict(zip(families, _SHAPES, strict=False))
    named: set[str] = set()
    for index, case in enumerate(cases):
        for row in _others(case):
            label = row.family if row.family not in named else None
            named.add(row.family)
            axes.plot(
                [row.difference or 0.0],
                [index],
                shapes.get(row.family, "o"),
                color=family_colour(row.family),
                alpha=0.75,
                markersize=6,
                label=label,
            )
        _mark(axes, index, case, first=index == 0)
    names = [f"{case.comparison.task}\nagainst {case.against}" for case in cases]
    axes.set_yticks(range(len(cases)), names, fontsize=8)
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.set_xlabel(
        "zero-shot points above or below the reference, the best in English that combines nothing", fontsize=8
    )
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def _others(case: Case) -> list[SetupRow]:
    return [row for row in compositions(case.block) if row.label != case.row.label]


def _mark(axes: Axes, index: int, case: Case, first: bool) -> None:
    colour, test = family_colour(case.row.family), case.row.tested
    label = "judged composition, 95 % interval (filled: p < 0.05 after Holm)" if first else None
    error = [[test.difference - test.low], [test.high - test.difference]] if test else None
    axes.errorbar(
        [case.difference],
        [index],
        xerr=error,
        fmt="o",
        color=colour,
        markerfacecolor=colour if test and test.significant else "white",
        markersize=9,
        capsize=3,
        label=label,
        zorder=3,
    )
