"""The report of a recipe: its comparisons, its suites' scores, and the files that they were written to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.analysis.comparison import compare
from xadapt.analysis.costs import COST_FILE, read_costs
from xadapt.errors import XadaptError
from xadapt.reports.markdown import write_report
from xadapt.reports.suites import Facts, suite_summary, write_suites
from xadapt.store.files import read_json
from xadapt.store.store import read_results

if TYPE_CHECKING:
    from xadapt.analysis.comparison_rows import TaskComparison
    from xadapt.evaluation.suite_scores import SuiteScore
    from xadapt.experiments.recipe_run import RecipeRun
    from xadapt.store.records import Result


@dataclass(frozen=True)
class RecipeReport:
    """A report that was written.

    Attributes:
        path: Its Markdown; ``report.html`` lies beside it.
        comparisons: Task by task, which setup does what.
        suites: Scores of suites, with what decided them.
    """

    path: Path
    comparisons: Sequence[TaskComparison]
    suites: Sequence[tuple[SuiteScore, Facts]]


def report_recipe(run: RecipeRun, to: Path) -> RecipeReport:
    """Compare a recipe's results and write them.

    Args:
        run: The recipe that was run.
        to: The report's folder.

    Raises:
        XadaptError: If there is no result.
    """
    recipe, store = run.recipe, run.context.store
    suites = write_suites(run.results, recipe.suites, to, recipe.setups)
    costs = store.root / COST_FILE
    comparisons = compare(
        run.results, read_costs(costs), store.root / "examples", by_targets=recipe.selection == "targets"
    )
    path = write_report(
        comparisons,
        run.results,
        to,
        recipe.title,
        commands=[_command(run)] if run.path else [],
        recipe=run.text,
        adapters=run.adapters(),
        costs=costs,
        explanations=run.explanations,
        scores=[line for score, facts in suites for line in suite_summary(score, facts)],
    )
    return RecipeReport(path, comparisons, suites)


@dataclass(frozen=True)
class ResultsReport:
    """Results of a folder, compared.

    Attributes:
        results: The results.
        comparisons: Task by task, which setup does what.
        path: The report's Markdown, None where none was written.
    """

    results: Sequence[Result]
    comparisons: Sequence[TaskComparison]
    path: Path | None = None


def report_results(
    folder: Path, to: Path | None = None, title: str | None = None, tested: bool = True
) -> ResultsReport:
    """Compare the results of a folder.

    Args:
        folder: A folder of result files, as a store has it; what lies beside it is looked at too.
        to: The report's folder; None writes nothing.
        title: Its title.
        tested: Whether differences are tested, which takes its time.

    Raises:
        XadaptError: If there is no result.
    """
    found = read_results(folder)
    if not found:
        raise XadaptError(f"no results in {folder}: make some with `xadapt evaluate xnli --setup mnli`")
    beside = folder.parent
    costs = beside / COST_FILE
    comparisons = compare(found, read_costs(costs), beside / "examples" if tested else None)
    if to is None:
        return ResultsReport(found, comparisons)
    commands = [command_line("report", folder, to=to, title=title)]
    explained = [read_json(path) for path in sorted((beside / "explanations").glob("*.json"))]
    path = write_report(
        comparisons, found, to, title or "Adapters compared", commands, costs=costs, explanations=explained
    )
    return ResultsReport(found, comparisons, path)


def _command(run: RecipeRun) -> str:
    context = run.context
    # A folder of this machine says nothing to a reader.
    rows = "MIRROR" if context.source.root else context.source.name
    base = None if context.base == run.recipe.base else context.base
    precision = None if context.precision_name == "auto" else context.precision_name
    return command_line("run", run.path, data=rows, base=base, only=run.only, precision=precision)


def command_line(*words: object, **options: object) -> str:
    """Write an `xadapt` command as a shell takes it; options that are None were not given."""
    given = [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]
    return shlex.join(map(str, ["xadapt", *words, *given]))
