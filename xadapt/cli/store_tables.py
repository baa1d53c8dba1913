"""What the store commands print for people."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xadapt.cli.console import print_line, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xadapt.store.check import StoreCheck
    from xadapt.store.contents import Item, Room
    from xadapt.store.findings import Finding
    from xadapt.store.removal import Removal

_VERDICTS = {"damaged": "damaged", "left": "left over", "later": "of a later xadapt", "note": "note"}


def print_check(check: StoreCheck, done: Sequence[Finding]) -> None:
    """Print what was found, what was done about it, and a verdict."""
    from xadapt.tables import Table, cells, words
    from xadapt.tables.numbers import room

    if check.findings:
        rows = [cells([_VERDICTS[one.sort], _inside(check.root, one.path), one.what]) for one in check.findings]
        show(Table(f"Store {check.root}", [*words(""), *words("file", "what", wraps=True)], rows))
    for finding in done:
        print_line(f"done: {_inside(check.root, finding.path)} ({finding.what})")
    verdict = f"{len(check.damaged):,} damaged" if check.damaged else "nothing is damaged"
    print_line(f"{check.root}: {check.files:,} files, {room(check.bytes)}: {verdict}")
    if check.damaged:
        print_line("`xadapt store check --repair` sets it aside; the commands that made it make it again")
    elif any(finding.sort == "left" for finding in check.findings):
        print_line("`xadapt store check --repair` tidies up what is left over")


def print_items(root: Path, items: Sequence[Item]) -> None:
    """Print checkpoints and results, a table each."""
    from xadapt.tables import Cell, Table, numbers, words
    from xadapt.tables.numbers import age, room

    if not items:
        print_line(f"nothing in {root} yet, or nothing like that")
    now = time.time()
    for kind, title in (("checkpoint", "Checkpoints"), ("result", "Results")):
        chosen = [item for item in items if item.kind == kind]
        rows = [
            [
                *(Cell(text) for text in (item.setup, " ".join(item.tasks))),
                Cell(item.seed),
                Cell(item.score, 1),
                *(Cell(text) for text in (item.run[:8], room(item.bytes), age(now - item.changed))),
                *([Cell(len(item.used_by))] if kind == "checkpoint" else []),
            ]
            for item in chosen
        ]
        score = "dev" if kind == "checkpoint" else "mean"
        columns = [
            *words("setup", "tasks", wraps=True),
            *numbers("seed", score),
            *words("run"),
            *numbers("size", "age", *(["used by"] if kind == "checkpoint" else [])),
        ]
        if chosen:
            show(Table(f"{title} in {root}", columns, rows))


def print_rooms(root: Path, rooms: Sequence[Room]) -> None:
    """Print what each part takes and what of it can go."""
    from xadapt.tables import Cell, Table, numbers, words
    from xadapt.tables.numbers import room

    rows = [
        [
            Cell(part.name),
            Cell(part.files),
            Cell(room(part.bytes)),
            Cell(room(part.free) if part.free else None),
            Cell(part.command),
        ]
        for part in rooms
    ]
    files, size, free = (sum(getattr(part, key) for part in rooms) for key in ("files", "bytes", "free"))
    below = [[Cell("all"), Cell(files), Cell(room(size)), Cell(room(free) if free else None), Cell("")]]
    columns = [*words(""), *numbers("files", "size", "can go"), *words("with", wraps=True)]
    show(Table(f"Store {root}", columns, rows, below))


def print_removal(root: Path, removal: Removal) -> None:
    """Print what is to go."""
    from xadapt.tables.numbers import room

    for item in removal.items:
        print_line(
            f"{item.kind} {item.setup}: run {item.run}, {' '.join(item.tasks)}, seed {item.seed}, {room(item.bytes)}"
        )
    for path in removal.other:
        print_line(_inside(root, path))
    for note in removal.notes:
        print_line(f"note: {note}")
    print_line(f"{room(removal.bytes)} in all")


def _inside(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
