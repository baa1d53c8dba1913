"""A suite on the command line: ``evaluate SUITE``, which :mod:`xadapt.cli.evaluate` hands over, and ``submit``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, show
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.evaluation.run_suite import SuiteRun
    from xadapt.evaluation.suite_scores import SuiteScore
    from xadapt.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def show_suite(
    lab: Session, run: SuiteRun, setup: str, settings: Mapping[str, int | None], to: Path | None, as_json: bool
) -> None:
    """Print what came of a suite, and write it to a folder."""
    from xadapt.composition.grammar import parse
    from xadapt.reports.suite_tables import suite_json, write_suite

    facts = {
        "setup": str(parse(setup)),
        "base": lab.backbone.name,
        "data": lab.source.name,
        "limit": settings["limit"],
        "pool_limit": settings["pool_limit"],
        "seed": lab.seed,
    }
    written = write_suite(run.score, facts, to) if to else []
    if as_json:
        print_json(suite_json(run.score, facts))
        return
    print_suite(run.score, ", ".join(f"{key} {value}" for key, value in facts.items() if value is not None))
    for path in written:
        out.print(str(path), highlight=False, soft_wrap=True)


def print_suite(score: SuiteScore, facts: str) -> None:
    """Print a suite's tasks, its groups, and what a reader must know."""
    from xadapt.reports.suite_tables import group_table, task_table, verdict_lines
    from xadapt.tables import terminal_table

    # The setups of all tasks are much alike and would fold the table: they stand below it.
    for table in (task_table(score, brief=True), group_table(score)):
        show(terminal_table(table))
    notes = ["In brackets: over what is there, not the benchmark's score."] if score.overall.missing else []
    answered = ", ".join(f"{task.task} by {task.setup}" for task in score.tasks if task.setup)
    for text in (*notes, *verdict_lines(score), f"Answered: {answered}.", facts):
        out.print(text, markup=False, highlight=False, soft_wrap=True)


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
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if lab.source.name != "hub":
        out.print(f"rows of {lab.source.name}: the evaluator wants the whole official test sets", markup=False)
    out.print(str(made.path), highlight=False, soft_wrap=True)
