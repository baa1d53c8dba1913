"""``run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line, say, show
from xadapt.cli.evaluate import public
from xadapt.cli.shared import with_session
from xadapt.cli.suite import print_suite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.experiments.outlook import Expected
    from xadapt.reports.report import Report
    from xadapt.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


@with_session("base", "data", "store", "cache_size", "precision", "device")
def run(
    lab: Session,
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as recipes/quickstart.yaml.")],
    to: Annotated[Path | None, typer.Option(help="Folder of the report. [default: STORE/reports/NAME]")] = None,
    only: Annotated[str | None, typer.Option(help="Some of the recipe's targets, separated by commas.")] = None,
    max_hours: Annotated[
        float | None, typer.Option(min=0, help="Begin no run that would not end within so many hours.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Whether a training that was cut goes on or begins again.")
    ] = True,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the plan, what of it is done, how long the rest takes, what each target could show; stop.",
        ),
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Run a recipe: train, fuse, evaluate, report. Base and data are the recipe's unless they are given.

    Started again, it goes on from what is done.
    """
    if dry_run:
        _print_plan(lab.plan(recipe, only), as_json)
        if not as_json:
            print_line("\n".join(map(str, lab.prospects(recipe, only))))
        return
    done = lab.run(recipe, only, max_hours, resume)
    if not done.results:
        return
    report = done.report(to)
    if as_json:
        print_json({"report": str(report.path), "results": [public(result) for result in done.results]})
    else:
        _print(report)


def _print(report: Report) -> None:
    from xadapt.reports.terminal import comparison_tables

    for table in comparison_tables(report.comparisons):
        show(table, padding=0)
    for scored in report.suites:
        print_suite(scored.score, ", ".join(f"{key} {value}" for key, value in scored.facts.items()))
    print_line(f"report: {report.path}")


def _print_plan(expected: Sequence[Expected], as_json: bool) -> None:
    from xadapt.experiments.outlook import Pace
    from xadapt.experiments.run_view import duration, summary

    if as_json:
        print_json([{"run": str(one.step), "done": one.done, "seconds": one.seconds} for one in expected])
        return
    for number, one in enumerate(expected, start=1):
        about = "done" if one.done else "?" if one.seconds is None else duration(one.seconds)
        print_line(f"{number:3} {about:>12}  {one.step}")
    say(summary(expected, 0, Pace().seconds(expected)))
