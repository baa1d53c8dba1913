"""The table and the plot of comparison.py, from what it measured."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal, TypedDict

from rich.console import Console
from rich.table import Table

from xadapt.store.records import Json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """A run of xadapt.

    Attributes:
        base: Its base.
        layers: The layers with adapters.
        method: Their configuration.
        epochs: Epochs of an English adapter; None for those given.
    """

    base: str
    layers: str
    method: str = "seq_bn[reduction_factor=8]"
    epochs: float | None = None


LAYOUTS = {
    "xadapt, all layers": Layout("e5-small", "all"),
    "xadapt, layers 6-11": Layout("e5-small", "6-11"),
    "xadapt, e5-small:10, double in layers 5-9, one epoch": Layout(
        "e5-small:10", "5-9", "double_seq_bn[reduction_factor=8]", 1
    ),
}
PLAIN = "plain"
STAGES = ("intermediate adapters", "fusion", "multitask", "target adapters", "evaluation")


class Times(TypedDict, total=False):
    """Processor seconds of a job or step; by language where it evaluates."""

    seconds: float
    languages: dict[str, float]
    steps: int


class Step(Times, total=False):
    """A step of either side: its name for xadapt, the kind of job that it repeats for the plain way."""

    step: str
    job: str
    seed: int
    stage: str
    setup: str


class Figures(TypedDict, total=False):
    """What comparison.py measured: the file that it writes."""

    sizes: Json
    hardware: str
    versions: dict[str, str]
    setups: list[str]
    plan: list[Step]
    rounds: list[dict[str, Times]]
    runs: dict[str, list[Step]]
    seconds: Seconds


#: By side the seconds of every stage and in all, and the curves.
Seconds = dict[str, Json]


def plain_steps(found: Figures) -> list[Step]:
    """The plan of the plain way with the median times of its kinds of jobs."""
    rounds = [round_ for round_ in found["rounds"] if len(round_) == len(found["rounds"][0])]
    kinds: dict[str, Times] = {}
    for name, first in rounds[0].items():
        kinds[name] = {"seconds": median(round_[name]["seconds"] for round_ in rounds)}
        if "languages" in first:
            languages = {
                code: median(round_[name]["languages"][code] for round_ in rounds) for code in first["languages"]
            }
            kinds[name]["languages"] = languages
    return [{**step, **kinds[step["job"]]} for step in found["plan"]]


def total(
    steps: list[Step], key: Literal["stage", "setup", "seed"] = "stage", values: Sequence[str | int] = STAGES
) -> float:
    """Seconds of the steps whose ``key`` has one of these values; of all steps by default."""
    return sum(step["seconds"] for step in steps if step[key] in values)


def by_setups(steps: list[Step], found: Figures) -> list[float]:
    """What the first setup costs, the first two, and so on: all seeds, all languages."""
    setups = found["setups"]
    return [total(steps, "setup", setups[:n]) for n in range(1, len(setups) + 1)]


def by_seeds(steps: list[Step], found: Figures) -> list[float]:
    """What the first seed costs, the first two, and so on."""
    seeds = sorted({step["seed"] for step in found["plan"]})
    return [total(steps, "seed", seeds[:n]) for n in range(1, len(seeds) + 1)]


def by_languages(steps: list[Step], found: Figures) -> list[float]:
    """What everything costs with one language, with two, and so on."""
    codes = list(found["rounds"][0]["evaluate none"]["languages"])
    spent = {code: sum(step.get("languages", {}).get(code, 0.0) for step in steps) for code in codes}
    base = total(steps) - sum(spent.values())
    return [base + sum(spent[code] for code in codes[:n]) for n in range(1, len(codes) + 1)]


CURVES = {"setups": by_setups, "seeds": by_seeds, "languages": by_languages}


def show(found: Figures, picture: Path) -> Seconds:
    """Print the table of what has been measured to its end, draw the curves.

    Args:
        found: What was measured.
        picture: The file for the plot.

    Returns:
        By side seconds of every stage and in all, and the curves.
    """
    seeds = {step["seed"] for step in found["plan"]}
    sides: dict[str, list[Step]] = {PLAIN: plain_steps(found)}
    for name, steps in found["runs"].items():
        # One that was cut would look cheap.
        if sum(step["stage"] == STAGES[-1] for step in steps) == len(seeds) * len(found["setups"]):
            sides[name] = steps
    seconds: Seconds = {}
    for name, steps in sides.items():
        stages = {stage: total(steps, "stage", [stage]) for stage in STAGES}
        seconds[name] = {**stages, "total": total(steps), **{f"by {x}": of(steps, found) for x, of in CURVES.items()}}
    _print(seconds, found)
    _draw(seconds, picture)
    return seconds


def _print(seconds: Seconds, found: Figures) -> None:
    table = Table("processor seconds", PLAIN, "share", title="plain: measured by kind, summed over the plan")
    for name in list(seconds)[1:]:
        for heading in (name, "share", "x"):
            table.add_column(heading, justify="right")
    for stage in (*STAGES, "total"):
        cells = []
        for side in seconds.values():
            cells += [f"{side[stage]:.1f}", f"{100 * side[stage] / side['total']:.0f} %"]
            if side is not seconds[PLAIN]:
                cells.append(f"{seconds[PLAIN][stage] / side[stage]:.2f}")
        table.add_row(stage, *cells, end_section=stage == STAGES[-1])
    console = Console(width=120)
    console.print(table)
    parts = len({step["seed"] for step in found["plan"]}), len(found["setups"])
    console.print(f"{parts[1]} setups, {parts[0]} seeds, {found['sizes']}", highlight=False)
    for x in CURVES:
        grows = (f"{name} {_slope(side[f'by {x}']):.1f}" for name, side in seconds.items())
        console.print(f"a further one of {x}, mean: {'; '.join(grows)} s", highlight=False)


def _slope(curve: list[float]) -> float:
    return (curve[-1] - curve[0]) / (len(curve) - 1) if len(curve) > 1 else 0.0


def _draw(seconds: Seconds, picture: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(CURVES), figsize=(12, 4), layout="constrained", sharey=True)
    for axes, x in zip(panels, CURVES, strict=True):
        for name, side in seconds.items():
            curve = side[f"by {x}"]
            axes.plot(range(1, len(curve) + 1), curve, marker="o", label=name)
        axes.set_xlabel(f"number of {x}")
        axes.set_xticks(range(1, len(seconds[PLAIN][f"by {x}"]) + 1))
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("processor seconds, one thread")
    panels[0].set_ylim(bottom=0)
    panels[0].legend()
    figure.savefig(picture, dpi=120)
    pyplot.close(figure)
