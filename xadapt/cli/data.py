"""``data list``, ``data check`` and ``data pull``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import err, print_json, say
from xadapt.cli.data_tables import print_check, print_listing, print_pull
from xadapt.cli.groups import add_group

_SUITES = "A suite (xtreme, xtreme-r), a task, intermediate, paper (the nine of arXiv 2005.13013) or all; several too."
Suites = Annotated[list[str] | None, typer.Argument(metavar="SUITE", help=f"{_SUITES} [default: all]")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "data",
        "See what data there is, check it, and fill a mirror.",
        {"list": list_command, "check": check_command, "pull": pull_command},
    )


def list_command(suites: Suites = None, data: o.Data = None, as_json: o.Json = False) -> None:
    """List the data that tasks need and, in a mirror, what is there of it."""
    from xadapt.data.commands import list_data

    listing = list_data(suites or (), data)
    if as_json:
        print_json(listing.as_json())
    else:
        print_listing(listing)


def check_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A mirror.")],
    suites: Suites = None,
    files: Annotated[bool, typer.Option("--files", help="Show every file and everything that was found.")] = False,
    as_json: o.Json = False,
) -> None:
    """Read all of a mirror: what is there, what is missing, what is wrong.

    Exit code 1 means that something is wrong, or that nothing at all is there. A file that is missing is no fault.
    Single answers that are not where their rows say are warnings; more than one in a hundred are a fault.
    """
    from xadapt.data.commands import check_data, check_json

    with _progress("reading") as progress:
        result = check_data(folder, suites or (), progress)
    if as_json:
        print_json(check_json(result))
    else:
        print_check(folder, result, files)
    if result.faults:
        raise typer.Exit(1)


def pull_command(
    suites: Annotated[list[str], typer.Argument(metavar="SUITE", help=_SUITES)],
    to: Annotated[Path, typer.Option(help="The mirror to fill.")],
    workers: Annotated[int, typer.Option(min=1, max=32, help="Sets to get at once.")] = 4,
    languages: o.Languages = "all",
    as_json: o.Json = False,
) -> None:
    """Download data sets into a mirror.

    Started again, it goes on from what is there. A set that cannot be had does not stop the others. Train and
    development rows are English, so --languages is about test rows.
    """
    from xadapt.data.commands import pull_data

    with _progress("pulling", every_line=True) as progress:
        pulled = pull_data(to, suites, languages, workers, progress)
    if as_json:
        print_json(pulled.as_json())
    else:
        print_pull(pulled)
    if pulled.failed:
        raise typer.Exit(1)


@contextmanager
def _progress(what: str, every_line: bool = False) -> Iterator[Callable[[int, int, str], None]]:
    """A bar over files, or lines where there is no terminal: each, or one for every tenth part."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    if not err.is_terminal:

        def line(done: int, of: int, text: str) -> None:
            if text and (every_line or done % max(1, of // 10) == 0):
                say(f"{what} {done}/{of}: {text}")

        yield line
        return
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(TextColumn(what, markup=False), *columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=None)
        yield lambda done, of, text: progress.update(bar, completed=done, total=of, description=text)
