"""What the data commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.cli.console import out, print_line, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xadapt.data.commands import Listing, MirrorPull
    from xadapt.data.file_findings import Finding
    from xadapt.data.inventory import Stock
    from xadapt.data.mirror_check import MirrorCheck, Reading
    from xadapt.tables import Cell, Column

#: Findings that are printed unless all are asked for.
_SHOWN = 20
_NONE = "–"
#: Columns that a terminal must have for kinds to be shown.
_WIDE = 100


def print_listing(listing: Listing) -> None:
    """Print the data that tasks need, or what a source has of it."""
    if listing.stocks is None:
        _print_needs(listing)
    else:
        _print_stocks(f"Data in {listing.source.root or listing.source.name}", listing.stocks)


def _print_needs(listing: Listing) -> None:
    from xadapt.data.inventory import hub_sets
    from xadapt.tables import Table, cells, words

    rows = [
        cells(
            (
                task.name,
                task.kind.name,
                " ".join(task.suites) or _NONE,
                "\n".join(hub_sets(task, "train")) or _NONE,
                str(len(task.languages)) if task.test else "en",
            )
        )
        for task in listing.tasks
    ]
    columns = [*words("task", "kind"), *words("suites", "trained on", "languages", wraps=True)]
    show(Table("Data on the hub", columns, rows))
    _print_notes(listing.notes)


def _print_notes(notes: dict[str, str]) -> None:
    for name, note in notes.items():
        print_line(f"not on the hub: {name}: {note}")


def _print_stocks(title: str, stocks: Sequence[Stock]) -> None:
    from xadapt.tables import Table, cells, words

    kinds = out.width >= _WIDE
    rows = []
    for stock in stocks:
        first = [stock.task.name, *([stock.task.kind.name] if kinds else []), " ".join(stock.task.suites) or _NONE]
        missing = ", ".join([*stock.missing(), *(f"unreadable: {line}" for line in stock.unreadable)])
        rows.append([*cells(first), *_counts(stock), *cells([missing])])
    names = words("task", *(["kind"] if kinds else []), "suites")
    show(Table(title, [*names, *_count_columns(), *words("missing", wraps=True)], rows))


def print_check(folder: Path, result: MirrorCheck, everything: bool) -> None:
    """Print what a check found: tasks, files if everything is wanted, faults, warnings, and the totals."""
    _print_tasks(folder, result)
    if everything:
        _print_files(result.readings)
    for name, findings in (("fault", result.faults), ("warning", result.warnings)):
        for finding in findings if everything else findings[:_SHOWN]:
            print_line(f"{name}: {_found(finding)}")
        if len(findings) > _SHOWN and not everything:
            print_line(f"{name}: and {len(findings) - _SHOWN} more, see --files")
    if result.reused:
        shown = ", ".join(f"{reused.task} ({reused.rows:,} of {reused.of:,})" for reused in result.reused)
        print_line(f"note: checkpoints are chosen on English test rows, so English scores may be too high: {shown}")
    if result.undeclared:
        print_line(f"read by no task: {', '.join(result.undeclared)}")
    _print_totals(result)


def _print_tasks(folder: Path, result: MirrorCheck) -> None:
    from xadapt.tables import Table, cells, words

    unlabelled: dict[str, int] = {}
    for reading in result.readings:
        for name in reading.tasks:
            unlabelled[name] = unlabelled.get(name, 0) + reading.unlabelled
    rows = []
    for stock in result.stocks:
        without = unlabelled.get(stock.task.name, 0)
        missing = [*stock.missing(), *([f"{without:,} rows without gold label, left out"] if without else [])]
        rows.append([*cells([stock.task.name]), *_counts(stock), *cells([" ".join(stock.splits), ", ".join(missing)])])
    columns = [*words("task"), *_count_columns(), *words("test split", "missing", wraps=True)]
    show(Table(f"Mirror {folder}", columns, rows))


def _print_files(readings: Sequence[Reading]) -> None:
    from xadapt.tables import Table, cells, numbers, words

    rows = [
        cells([reading.file, reading.rows, reading.unlabelled or None, " ".join(reading.tasks)]) for reading in readings
    ]
    columns = [*words("file", wraps=True), *numbers("rows", "no label"), *words("read by", wraps=True)]
    show(Table("Files", columns, rows))


def _print_totals(result: MirrorCheck) -> None:
    from xadapt.data.inventory import total

    counts = total(result.stocks)
    rows = sum(reading.rows for reading in result.readings)
    print_line(
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


def print_pull(pulled: MirrorPull) -> None:
    """Print what became of the files that a mirror was to get."""
    _print_notes(pulled.notes)
    for line in pulled.failed:
        print_line(line)
    entries = pulled.written.values()
    rows, size = sum(entry.rows for entry in entries), sum(entry.bytes for entry in entries)
    print_line(
        f"{pulled.folder}: {_count(len(entries), 'file')} pulled ({rows:,} rows, {size / 1e6:.1f} MB), "
        f"{len(pulled.kept):,} already there, "
        f"{sum(bool(outcome.failure) for outcome in pulled.outcomes):,} could not be had"
    )


def _count_columns() -> list[Column]:
    from xadapt.tables import numbers

    return numbers("train", "dev", "languages", "test rows")


def _counts(stock: Stock) -> list[Cell]:
    from xadapt.tables import cells

    here = f"{len(stock.languages)} of {len(stock.task.languages)}" if stock.task.test else _NONE
    return cells([stock.train or None, stock.dev or None, here, stock.test or None])


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
