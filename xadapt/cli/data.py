"""``data list``, ``data check`` and ``data pull``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from xadapt.cli import options as o
from xadapt.cli.console import err, out, print_json, say, show

if TYPE_CHECKING:
    from rich.table import Table

    from xadapt.data.file_findings import Finding
    from xadapt.data.inventory import Stock
    from xadapt.data.mirror_check import MirrorCheck

_SUITES = "A suite (xtreme, xtreme-r), a task, intermediate, paper (the nine of arXiv 2005.13013) or all; several too."
Suites = Annotated[list[str] | None, typer.Argument(metavar="SUITE", help=f"{_SUITES} [default: all]")]
#: Findings that are printed unless all are asked for.
_SHOWN = 20
_NONE = "–"
#: Columns that a terminal must have for kinds to be shown.
_WIDE = 100


class _Group(TyperGroup):
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from xadapt.errors import unknown

        found = super().get_command(ctx, cmd_name)
        if found is None:
            raise unknown("command of data", cmd_name, self.commands)
        return found


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(cls=_Group, invoke_without_command=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("list")(list_command)
    group.command("check")(check)
    group.command("pull")(pull_command)
    app.add_typer(group, name="data")


def _root(context: typer.Context) -> None:
    """See what data there is, check it, and fill a mirror."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def list_command(suites: Suites = None, data: o.Data = None, as_json: o.Json = False) -> None:
    """List the data that tasks need and, in a mirror, what is there of it."""
    from rich.table import Table

    from xadapt.data.inventory import declared_facts, hub_sets, take_stock
    from xadapt.data.pull import needed_files
    from xadapt.data.source import open_source
    from xadapt.tasks.catalogue import DEFAULT

    tasks, source = DEFAULT.pick(suites or ()), open_source(data)
    if source.name == "hub":
        if as_json:
            print_json([declared_facts(task) for task in tasks])
            return
        table = Table(title="Data on the hub", box=None, header_style="bold", padding=(0, 2, 0, 0))
        for column in ("task", "kind", "suites", "trained on", "languages"):
            table.add_column(column, overflow="fold", no_wrap=column in ("task", "kind"))
        for task in tasks:
            languages = str(len(task.languages)) if task.test else "en"
            sets = "\n".join(hub_sets(task, "train")) or _NONE
            table.add_row(task.name, task.kind.name, " ".join(task.suites) or _NONE, sets, languages)
        show(table)
        for name, note in needed_files(tasks)[1].items():
            _line(f"not on the hub: {name}: {note}")
        return
    stocks = [take_stock(source, task) for task in tasks]
    if as_json:
        print_json([{**declared_facts(stock.task), **stock.facts()} for stock in stocks])
        return
    wide = out.width >= _WIDE
    table = _table(f"Data in {source.root or source.name}", ("task", "kind", "suites") if wide else ("task", "suites"))
    table.add_column("missing", overflow="fold")
    for stock in stocks:
        missing = ", ".join([*stock.missing(), *(f"unreadable: {line}" for line in stock.unreadable)])
        kind, suites_of = [stock.task.kind.name] if wide else [], " ".join(stock.task.suites) or _NONE
        table.add_row(stock.task.name, *kind, suites_of, *_counts(stock), missing)
    show(table)


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A mirror.")],
    suites: Suites = None,
    files: Annotated[bool, typer.Option("--files", help="Show every file and everything that was found.")] = False,
    as_json: o.Json = False,
) -> None:
    """Read all of a mirror: what is there, what is missing, what is wrong.

    Exit code 1 means that something is wrong, or that nothing at all is there. A file that is missing is no fault.
    Single answers that do not stand where their rows say are warnings; more than one in a hundred are a fault.
    """
    from xadapt.data.mirror_check import check_mirror
    from xadapt.errors import RunFailed, XadaptError
    from xadapt.tasks.catalogue import DEFAULT

    tasks = DEFAULT.pick(suites or ())
    if not folder.is_dir():
        raise XadaptError(f"no folder {folder}: give the folder of a mirror")
    with _progress("reading") as tick:
        result = check_mirror(folder, tasks, tick)
    if not result.readings and not result.findings:
        what = " ".join(suites or ["all"])
        raise RunFailed(
            f"{folder} has none of the files of {what}: get them with `xadapt data pull {what} --to {folder}`"
        )
    if as_json:
        print_json(_examined(result))
    else:
        _print_examined(folder, result, files)
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
    from xadapt.data.pull import failures, needed_files, pull, with_earlier
    from xadapt.data.source import language_codes
    from xadapt.tasks.catalogue import DEFAULT

    wanted, notes = needed_files(with_earlier(DEFAULT.pick(suites)), language_codes(languages))
    with _progress("pulling", every_line=True) as tick:
        outcomes = pull(to, wanted, workers, lambda done, of, outcome: tick(done, of, str(outcome)))
    failed, there = failures(outcomes), {outcome.file for outcome in outcomes if outcome.kept}
    written = {outcome.file: outcome.entry for outcome in outcomes if outcome.entry}
    if as_json:
        files = {name: {"rows": entry.rows, "bytes": entry.bytes} for name, entry in sorted(written.items())}
        told = {"pulled": files, "kept": sorted(there), "failed": failed, "not_on_the_hub": notes}
        print_json({"folder": str(to), **told})
    else:
        for line in [*(f"not on the hub: {name}: {note}" for name, note in notes.items()), *failed]:
            _line(line)
        rows, size = sum(entry.rows for entry in written.values()), sum(entry.bytes for entry in written.values())
        _line(
            f"{to}: {_count(len(written), 'file')} pulled ({rows:,} rows, {size / 1e6:.1f} MB), "
            f"{len(there):,} already there, {sum(bool(outcome.failure) for outcome in outcomes):,} could not be had"
        )
    if failed:
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
    with Progress(TextColumn(what), *columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=None)
        yield lambda done, of, text: progress.update(bar, completed=done, total=of, description=text)


def _table(title: str, first: tuple[str, ...]) -> Table:
    from rich.table import Table

    table = Table(title=title, box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in first:
        table.add_column(name, no_wrap=True)
    for name in ("train", "dev", "languages", "test rows"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _counts(stock: Stock) -> list[str]:
    here = f"{len(stock.languages)} of {len(stock.task.languages)}" if stock.task.test else _NONE
    return [_number(stock.train), _number(stock.dev), here, _number(stock.test)]


def _number(count: int) -> str:
    return f"{count:,}" if count else _NONE


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _line(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def _examined(result: MirrorCheck) -> dict[str, Any]:
    return {
        "tasks": [{"task": stock.task.name, **stock.facts()} for stock in result.stocks],
        "files": [asdict(reading) for reading in result.readings],
        "faults": [asdict(finding) for finding in result.faults],
        "warnings": [asdict(finding) for finding in result.warnings],
        "reused": [asdict(reused) for reused in result.reused],
        "undeclared": result.undeclared,
    }


def _print_examined(folder: Path, result: MirrorCheck, everything: bool) -> None:
    from rich.table import Table

    from xadapt.data.inventory import total

    unlabelled: dict[str, int] = {}
    for reading in result.readings:
        for name in reading.tasks:
            unlabelled[name] = unlabelled.get(name, 0) + reading.unlabelled
    table = _table(f"Mirror {folder}", ("task",))
    table.add_column("test split")
    table.add_column("missing")
    for stock in result.stocks:
        without = unlabelled.get(stock.task.name, 0)
        said = [*stock.missing(), *([f"{without:,} rows without gold label, left out"] if without else [])]
        table.add_row(stock.task.name, *_counts(stock), " ".join(stock.splits), ", ".join(said))
    show(table)
    if everything:
        files = Table(title="Files", box=None, header_style="bold", padding=(0, 2, 0, 0))
        files.add_column("file", overflow="fold")
        files.add_column("rows", justify="right", no_wrap=True)
        files.add_column("no label", justify="right", no_wrap=True)
        files.add_column("read by", overflow="fold")
        for reading in result.readings:
            files.add_row(reading.file, f"{reading.rows:,}", _number(reading.unlabelled), " ".join(reading.tasks))
        show(files)
    for name, findings in (("fault", result.faults), ("warning", result.warnings)):
        for finding in findings if everything else findings[:_SHOWN]:
            _line(f"{name}: {_found(finding)}")
        if len(findings) > _SHOWN and not everything:
            _line(f"{name}: and {len(findings) - _SHOWN} more, see --files")
    if result.reused:
        shown = ", ".join(f"{reused.task} ({reused.rows:,} of {reused.of:,})" for reused in result.reused)
        _line(f"note: checkpoints are chosen on English test rows, so English scores may be too high: {shown}")
    if result.undeclared:
        _line(f"read by no task: {', '.join(result.undeclared)}")
    counts = total(result.stocks)
    rows = sum(reading.rows for reading in result.readings)
    _line(
        f"{_count(len(result.stocks), 'task')}: {counts['whole']} whole, {counts['in part']} in part, "
        f"{counts['not there']} not there; "
        f"{_count(len(result.readings), 'file')}, {_count(rows, 'row')}; "
        f"{_count(len(result.faults), 'fault')}, {_count(len(result.warnings), 'warning')}"
    )


def _found(finding: Finding) -> str:
    if finding.row is None:
        return f"{finding.file}: {finding.what}"
    first = f"row {finding.row}" + (f" (id {finding.id})" if finding.id else "")
    if finding.count == 1:
        return f"{finding.file}, {first}: {finding.what}"
    return f"{finding.file}, {finding.count:,} rows, the first is {first}: {finding.what}"
