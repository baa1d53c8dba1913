"""``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line, show
from xadapt.cli.evaluate import public
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.session import Session

_TITLE = "Adapters compared"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


@with_session("store")
def report(
    lab: Session,
    results: Annotated[Path | None, typer.Argument(help="A folder of result files. [default: STORE/results]")] = None,
    to: Annotated[Path | None, typer.Option(help="Write Markdown, plots and CSV to this folder.")] = None,
    title: Annotated[str, typer.Option(help="The report's title.")] = _TITLE,
    as_json: o.Json = False,
) -> None:
    """Compare the setups that were evaluated."""
    from xadapt.reports.terminal import comparison_tables

    # Tests take their time, and what is printed for programs has none.
    made = lab.report(results, to, None if title == _TITLE else title, tested=bool(to) or not as_json)
    if as_json:
        print_json([public(result) for result in made.results])
        return
    for table in comparison_tables(made.comparisons):
        show(table, padding=0)
    if made.path:
        print_line(f"report: {made.path}")
