"""Which difference to the reference each target of a recipe could show, by what differences varied by before."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from xadapt.analysis.comparison import compare
from xadapt.analysis.results import base_title
from xadapt.analysis.tested import WANTED

if TYPE_CHECKING:
    from xadapt.analysis.comparison_rows import TaskComparison
    from xadapt.analysis.power import Spread
    from xadapt.experiments.recipe import Recipe, Target
    from xadapt.store.store import Store


@dataclass(frozen=True)
class Prospect:
    """What a target could show.

    Attributes:
        task: The target.
        seeds: Its seeds.
        rows: Its test rows a language on average, None where that is not known.
        points: The difference to the reference that is found in 80 % of experiments at a two-sided level of 5 %; None
            where it is not known, or there is one seed.
    """

    task: str
    seeds: int
    rows: float | None
    points: float | None

    @property
    def descriptive(self) -> bool:
        """Whether it cannot show three points."""
        return self.seeds < 2 or (self.points is not None and self.points > WANTED)

    def __str__(self) -> str:
        only = ": descriptive only" if self.descriptive else ""
        if self.seeds < 2:
            return f"{self.task}: one seed shows no difference{only}"
        if self.points is None or self.rows is None:
            return f"{self.task}: not known which difference it could show, nothing was tested yet"
        plan = f"{self.seeds} seeds, {self.rows:,.0f} rows a language"
        return f"{self.task}: could show {self.points:.1f} points ({plan}){only}"


def prospects(recipe: Recipe, store: Store, base: str) -> list[Prospect]:
    """Expect what each target could show from the results of its task on this base that are in the store.

    Args:
        recipe: The recipe.
        store: Its results and what each row added to them.
        base: The base's name, as results have it.
    """
    results = [one for one in store.results() if one.base == base and one.task in recipe.targets]
    compared: dict[str, list[TaskComparison]] = {name: [] for name in recipe.targets}
    for comparison in compare(results, None, store.root / "examples"):
        if comparison.base == base_title(base):
            compared[comparison.task].append(comparison)
    return [_prospect(name, len(recipe.seeds_of(one)), one, compared[name]) for name, one in recipe.targets.items()]


def _prospect(name: str, seeds: int, target: Target, compared: list[TaskComparison]) -> Prospect:
    from xadapt.analysis.power import detectable, expected, spreads

    measured: list[Spread] = [
        spread for comparison in compared for block in comparison.blocks for spread in spreads(comparison, block)
    ]
    rows = _rows(target, compared)
    if seeds < 2 or not measured or rows is None:
        return Prospect(name, seeds, rows, None)
    return Prospect(name, seeds, rows, detectable(expected(measured, seeds, rows), seeds))


def _rows(target: Target, compared: list[TaskComparison]) -> float | None:
    """Rows a language that the target will have: all that are there, or its limit."""
    there: dict[str, int] = {}
    for comparison in compared:
        for row in (row for block in comparison.blocks for row in block.rows):
            for run in row.runs:
                for code in comparison.languages:
                    score = run.languages.get(code)
                    if score is not None:
                        there[code] = max(there.get(code, 0), score.available or score.n)
    most = target.limit
    return fmean(min(count, most) if most else count for count in there.values()) if there else None
