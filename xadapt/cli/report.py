"""``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import command_line, out, print_json, show

_TITLE = "Adapters compared"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    results: Annotated[Path | None, typer.Argument(help="A folder of result files. [default: STORE/results]")] = None,
    to: Annotated[Path | None, typer.Option(help="Write Markdown, plots and CSV to this folder.")] = None,
    title: Annotated[str, typer.Option(help="The report's title.")] = _TITLE,
    store: o.StoreFolder = None,
    as_json: o.Json = False,
) -> None:
    """Compare the setups that were evaluated."""
    from xadapt import reports
    from xadapt.analysis.costs import COST_FILE, read_costs
    from xadapt.cli.evaluate import public
    from xadapt.errors import XadaptError
    from xadapt.store.files import read_json
    from xadapt.store.store import Store, read_results

    folder = results or Store(store).root / "results"
    found = read_results(folder)
    if not found:
        raise XadaptError(f"no results in {folder}: make some with `xadapt evaluate xnli --setup mnli`")
    beside = folder.parent
    costs = beside / COST_FILE
    # Tests take their time, and what is printed for programs has none.
    examples = beside / "examples" if to or not as_json else None
    comparisons = reports.compare(found, read_costs(costs), examples)
    if to:
        named = None if title == _TITLE else title
        commands = [command_line("report", folder, to=to, title=named)]
        explained = [read_json(path) for path in sorted((beside / "explanations").glob("*.json"))]
        written = reports.write_report(comparisons, found, to, title, commands, costs=costs, explanations=explained)
    if as_json:
        print_json([public(result) for result in found])
        return
    for table in reports.rich_tables(comparisons):
        show(table)
    if to:
        out.print(f"report: {written}", highlight=False, soft_wrap=True)
