"""A suite on the command line: ``evaluate SUITE``, which :mod:`xadapt.cli.evaluate` hands over, and ``submit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line, show
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.evaluation.run_suite import SuiteRun
    from xadapt.evaluation.suite_scores import SuiteScore
    from xadapt.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def print_suite_run(run: SuiteRun, as_json: bool) -> None:
    """Print a suite that was evaluated, and the files that were written of it."""
    from xadapt.reports.suite_tables import suite_json

    if as_json:
        print_json(suite_json(run.score, run.facts))
        return
    print_suite(run.score, ", ".join(f"{key} {value}" for key, value in run.facts.items() if value is not None))
    for path in run.files:
        print_line(str(path))


def print_suite(score: SuiteScore, facts: str) -> None:
    """Print a suite's tasks, its groups, and what a reader must be aware of."""
    from xadapt.reports.suite_tables import group_table, task_table, verdict_lines

    # The setups of all tasks are much alike and would fold the table: they follow it.
    for table in (task_table(score, brief=True), group_table(score)):
        show(table)
    notes = ["In brackets: over what is there, not the benchmark's score."] if score.overall.missing else []
    answered = ", ".join(f"{task.task} by {task.setup}" for task in score.tasks if task.setup)
    for text in (*notes, *verdict_lines(score), f"Answered: {answered}.", facts):
        print_line(text)


@with_session("base", "data", "store", "seed")
def submit(
    lab: Session,
    suite: Annotated[str, typer.Argument(help="xtreme or xtreme-r.")],
    setup: Annotated[str, typer.Option(help="The setup that was evaluated on the suite, such as lingnli or none.")],
    to: Annotated[Path, typer.Option(help="Folder of the submission: new, empty, or an earlier submission.")],
    allow_sample: Annotated[
        bool, typer.Option("--allow-sample", help="Write predictions on a part of the rows too.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Write stored predictions in the layout that XTREME's evaluator reads.

    Nothing is computed: `xadapt evaluate SUITE --setup SETUP` makes the predictions. Give the same --base, --data and
    --store as there. Tasks and languages that are not there are named, a line each.
    """
    made = lab.submit(setup, suite, to, allow_sample)
    if as_json:
        print_json({"path": str(made.path), "tasks": made.tasks, "missing": list(made.missing)})
        return
    for line in made.lines():
        print_line(line)
    if lab.source.name != "hub":
        print_line(f"rows of {lab.source.name}: the evaluator wants the whole official test sets")
    print_line(str(made.path))
