"""``tasks`` and ``info``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, show
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.info import AdapterFacts
    from xadapt.session import Session
    from xadapt.tasks import Task


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("tasks")(tasks)
    app.command("info")(info)


@with_session("store")
def tasks(
    lab: Session,
    name: Annotated[str | None, typer.Argument(help="Show all there is to say about one task.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the catalogue as README has it.")] = False,
    as_json: o.Json = False,
) -> None:
    """List the tasks, or show one."""
    from xadapt.reports.catalogue import catalogue_markdown, facts

    shown = [lab.tasks[name]] if name else list(lab.tasks)
    if markdown:
        print(catalogue_markdown(shown))
    elif as_json:
        print_json([facts(task) for task in shown])
    elif name:
        _print_task(shown[0])
    else:
        _print_tasks(shown)


def _print_task(task: Task) -> None:
    from rich.table import Table

    from xadapt.reports.catalogue import facts

    table = Table(show_header=False, title=f"Task {task.name}")
    for key, value in facts(task).items():
        if value:
            table.add_row(key, "yes" if value is True else " ".join(value) if isinstance(value, list) else value)
    show(table)


def _print_tasks(shown: list[Task]) -> None:
    from rich.table import Table

    from xadapt.reports.catalogue import rows

    table = Table(title="Tasks", caption="more: xadapt tasks NAME", caption_justify="left")
    for column in ("task", "kind", "metric", "English training rows", "measured in", "suites"):
        table.add_column(column, no_wrap=column != "English training rows")
    for row in rows(shown):
        table.add_row(*row)
    show(table)


@with_session("base", "data", "store")
def info(lab: Session, as_json: o.Json = False) -> None:
    """Show versions, revisions of the kinds of run, hardware, base and adapters."""
    facts = lab.info()
    if as_json:
        print_json(facts.as_json())
        return
    out.print(", ".join(f"{name} {number}" for name, number in facts.versions.items()), highlight=False)
    revised = ", ".join(f"{name} {number}" for name, number in facts.revisions.items())
    out.print(f"revisions: {revised}", highlight=False, soft_wrap=True)
    out.print(f"device {facts.device} ({facts.threads} threads), precision {facts.precision}", highlight=False)
    base = facts.base
    size = f"{base.layers} layers, width {base.width}"
    out.print(f"base {base.name}: {size}, fingerprint {base.fingerprint[:16]}", highlight=False)
    out.print(f"data {facts.data}, store {facts.store}", highlight=False, soft_wrap=True)
    _print_adapters(facts.adapters)


def _print_adapters(adapters: list[AdapterFacts]) -> None:
    from rich.table import Table

    if not adapters:
        out.print("no adapters yet: make one with `xadapt train-task mnli`")
        return
    table = Table(title="Adapters")
    for column in ("setup", "base", "data", "seed", "run", "folder"):
        table.add_column(column, overflow="fold")
    for one in adapters:
        base = one.base if one.fits else f"{one.base} (another base)"
        table.add_row(one.setup, base, one.data, str(one.seed), one.run[:8], one.path)
    show(table)
