"""A recipe that was run: its results, and the report that is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.experiments.execute import Outcome, execute
from xadapt.experiments.fusion_explanations import fusions_explained
from xadapt.experiments.run_view import recipe_view
from xadapt.store.files import read_text

if TYPE_CHECKING:
    from xadapt.context import Context
    from xadapt.experiments.recipe import Recipe
    from xadapt.reports.report import Report
    from xadapt.store.explanation_record import ExplanationRecord
    from xadapt.store.result_record import Result


@dataclass(frozen=True)
class RecipeRun:
    """What a run of a recipe came to.

    Attributes:
        context: What its runs shared.
        recipe: The recipe.
        path: Its file, None for one that was never in a file.
        only: The targets that it was narrowed to, as they were given.
        outcome: Its results, and what it trained.
        explanations: What its fusions attend to, as `xadapt explain` stores it.
    """

    context: Context
    recipe: Recipe
    path: Path | None
    only: str | None
    outcome: Outcome
    explanations: list[ExplanationRecord]

    @property
    def results(self) -> list[Result]:
        """The results of its evaluations, in the order of the plan."""
        return self.outcome.results

    @property
    def left(self) -> int:
        """Runs that were not begun because the time was up."""
        return self.outcome.left

    @property
    def text(self) -> str:
        """The recipe's text, empty for one that was never in a file."""
        return read_text(self.path) if self.path else ""

    def adapters(self) -> list[str]:
        """A line for each checkpoint that its evaluations used, in the order of first use."""
        runs = dict.fromkeys(run for result in self.results for run in result.members.values())
        store = self.context.store
        there = {checkpoint.run: checkpoint for checkpoint in reversed(store.checkpoints())}
        return [there[run].describe() for run in runs if run in there]

    def report(self, to: Path | str | None = None) -> Report:
        """Compare the results and write the report.

        Args:
            to: Its folder; None for ``reports/NAME`` in the store.
        """
        from xadapt.reports.recipe_report import report_recipe

        return report_recipe(self, Path(to) if to else self.context.store.root / "reports" / self.recipe.name)

    def __repr__(self) -> str:
        left = f", {self.left} runs left" if self.left else ""
        return f"RecipeRun({self.recipe.name}: {len(self.results)} results{left})"


def run_recipe(
    context: Context,
    recipe: Recipe,
    path: Path | None = None,
    *,
    only: str | None = None,
    hours: float | None = None,
    resume: bool = True,
) -> RecipeRun:
    """Run a recipe and explain its fusions.

    Args:
        context: Base, rows, store, hardware and display.
        recipe: The recipe.
        path: Its file, for the report.
        only: The targets that it was narrowed to, for the report.
        hours: No step is begun that is not expected to end within so many hours.
        resume: Whether a training that was cut goes on from its last saved state.
    """
    say = context.display.say
    base, data, store = context.backbone.name, context.source.name, context.store.root
    say(f"{recipe.title}: base {base}, data {data}, store {store}")
    with recipe_view(context) as (inside, look):
        outcome = execute(inside, recipe, hours, resume, look)
    if outcome.left:
        say(f"{outcome.left} of {outcome.steps} runs are left: give the same command again to go on")
    # Before the end a fusion may not be there yet, and what is done must have its report.
    whole = bool(outcome.results) and not outcome.left
    explanations = fusions_explained(context, recipe, outcome.pins) if whole else []
    return RecipeRun(context, recipe, path, only, outcome, explanations)
