"""``store check``, ``store list``, ``store size`` and ``store remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line
from xadapt.cli.groups import add_group
from xadapt.cli.shared import with_session
from xadapt.cli.store_tables import print_check, print_items, print_removal, print_rooms
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from xadapt.session import Session


Unused = Annotated[
    bool, typer.Option("--unused", help="Checkpoints that nothing was trained on and nothing measured with.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "store",
        "Check, list, measure and clean a store.",
        {"check": check_command, "list": list_command, "size": size_command, "remove": remove_command},
    )


@with_session("store")
def check_command(
    lab: Session,
    repair: Annotated[
        bool, typer.Option("--repair", help="Set aside what is damaged, so that it is made again.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Read every file of the store and compare it with what is known of it.

    Exit code 1 means that something is damaged. --repair moves that to STORE/damaged, where nothing is deleted, and
    sweeps what processes left that died; the same commands as before then make it again. What a process works on is
    left alone.
    """
    if repair:
        check, done = lab.repair_store()
    else:
        check, done = lab.check_store(), []
    if as_json:
        repaired = [one.path.relative_to(check.root).as_posix() for one in done]
        print_json({**check.as_json(), **({"repaired": repaired} if repair else {})})
    else:
        print_check(check, done)
    if check.damaged:
        raise typer.Exit(1)


@with_session("store")
def list_command(
    lab: Session,
    task: Annotated[str | None, typer.Option(help="Those that were trained or measured on this task.")] = None,
    seed: Annotated[int | None, typer.Option(help="Those of this seed.")] = None,
    unused: Unused = False,
    as_json: o.Json = False,
) -> None:
    """List checkpoints and results, the newest first."""
    found = lab.stored(task, seed, unused)
    if as_json:
        print_json([item.as_json() for item in found])
    else:
        print_items(lab.store.root, found)


@with_session("store")
def size_command(lab: Session, as_json: o.Json = False) -> None:
    """Show what each part of the store takes, and which command frees how much of it."""
    found = lab.store_size()
    if as_json:
        print_json([room.as_json() for room in found])
    else:
        print_rooms(lab.store.root, found)


@with_session("store")
def remove_command(
    lab: Session,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="SETUP|RUN", help="Setups, or runs by six digits or more.")
    ] = None,
    results: Annotated[bool, typer.Option("--results", help="Remove their results, too.")] = False,
    unused: Unused = False,
    dependents: Annotated[bool, typer.Option("--dependents", help="Remove what was trained on them, too.")] = False,
    caches: Annotated[bool, typer.Option("--caches", help="What models made of texts; it is computed again.")] = False,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="States of runs that were cut.")] = False,
    damaged: Annotated[bool, typer.Option("--damaged", help="What `store check --repair` set aside.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: o.Json = False,
) -> None:
    """Remove checkpoints, results, or what can be computed again.

    Shows what would go first. A checkpoint that others were trained on stays unless --dependents is given.
    """
    chosen = {"results": results, "unused": unused, "dependents": dependents}
    others = {"caches": caches, "unfinished": unfinished, "damaged": damaged}
    removal = lab.removal(*(names or ()), **chosen, **others)
    if as_json:
        print_json(removal.as_json())
    else:
        print_removal(lab.store.root, removal)
    if not dry_run and (yes or _asked()):
        removal.carry_out()
        if not as_json:
            print_line("removed")


def _asked() -> bool:
    import sys

    if not sys.stdin.isatty():
        raise XadaptError("nothing was removed: give --yes to remove it")
    return typer.confirm("remove it?", err=True)
