"""The reports that a session makes: of a recipe that was run, and of all results in a folder."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from xadapt.analysis.suites import score_setups
from xadapt.errors import XadaptError
from xadapt.reports.report import TITLE, Report, make_report
from xadapt.store.cost_record import COST_FILE, CostRecord
from xadapt.store.explanation_record import ExplanationRecord
from xadapt.store.left_out import LeftOut
from xadapt.store.store import Store, read_results

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.experiments.recipe_run import RecipeRun
    from xadapt.store.records import RunRecord


def report_recipe(run: RecipeRun, to: Path) -> Report:
    """Compare a recipe's results and write them.

    Args:
        run: The recipe that was run.
        to: The report's folder.

    Raises:
        XadaptError: If there is no result.
    """
    recipe, root = run.recipe, run.context.store.root
    by_targets = recipe.selection == "targets"
    report = replace(
        make_report(
            run.results,
            recipe.title,
            _cost(root, run.context.store.left_out),
            root / "examples",
            by_targets,
            recipe.names,
        ),
        commands=[_command(run)] if run.path else [],
        recipe=run.text,
        adapters=run.adapters(),
        records=_records(run.context.store),
        explanations=run.explanations,
        suites=score_setups(run.results, recipe.suites, recipe.setups),
    )
    return replace(report, path=report.write(to))


def report_results(
    folder: Path,
    to: Path | None = None,
    title: str | None = None,
    tested: bool = True,
    left_out: LeftOut | None = None,
) -> Report:
    """Compare the results of a folder.

    Args:
        folder: A folder of result files, as a store has it; what lies beside it is looked at too.
        to: The report's folder; None writes nothing.
        title: Its title.
        tested: Whether differences are tested, which takes its time.
        left_out: Takes files that cannot be read.

    Raises:
        XadaptError: If there is no result.
    """
    left_out = left_out or LeftOut()
    found = read_results(folder, left_out)
    if not found:
        raise XadaptError(f"no results in {folder}: make some with `xadapt evaluate xnli --setup mnli`")
    beside = folder.parent
    report = replace(
        make_report(found, title or TITLE, _cost(beside, left_out), beside / "examples" if tested else None),
        commands=[command_line("report", folder, to=to, title=title)],
        records=_records(Store(beside)),
        explanations=left_out.whole(sorted((beside / "explanations").glob("[!.]*.json")), ExplanationRecord.read),
    )
    return report if to is None else replace(report, path=report.write(to))


def _records(store: Store) -> dict[str, RunRecord]:
    return {checkpoint.run: checkpoint.record for checkpoint in store.checkpoints()}


def _cost(folder: Path, left_out: LeftOut) -> CostRecord | None:
    path = folder / COST_FILE
    return next(iter(left_out.whole([path] if path.exists() else [], CostRecord.read)), None)


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
