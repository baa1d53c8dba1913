"""``tasks`` and ``info``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line, show
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
        print_line(catalogue_markdown(shown))
    elif as_json:
        print_json([facts(task) for task in shown])
    elif name:
        _print_task(shown[0])
    else:
        _print_tasks(shown)


def _print_task(task: Task) -> None:
    from xadapt.reports.catalogue import facts
    from xadapt.tables import Table, cells, words

    rows = [
        cells([key, "yes" if value is True else " ".join(value) if isinstance(value, list) else value])
        for key, value in facts(task).items()
        if value
    ]
    (name, own), *rest = rows
    columns = [*words(name.text), *words(own.text, wraps=True)]
    show(Table(f"Task {task.name}", columns, rest))


def _print_tasks(shown: list[Task]) -> None:
    from xadapt.reports.catalogue import rows
    from xadapt.tables import Table, cells, words

    columns = [
        *words("task", "kind", "metric"),
        *words("English training rows", wraps=True),
        *words("measured in", "suites"),
    ]
    show(Table("Tasks", columns, [cells(row) for row in rows(shown)], caption="more: xadapt tasks NAME"))


@with_session("base", "data", "store")
def info(lab: Session, as_json: o.Json = False) -> None:
    """Show versions, revisions of the kinds of run, hardware, base and adapters."""
    facts = lab.info()
    if as_json:
        print_json(facts.as_json())
        return
    print_line(", ".join(f"{name} {number}" for name, number in facts.versions.items()))
    revised = ", ".join(f"{name} {number}" for name, number in facts.revisions.items())
    print_line(f"revisions: {revised}")
    print_line(f"device {facts.device} ({facts.threads} threads), precision {facts.precision}")
    base = facts.base
    size = f"{base.layers} layers, width {base.width}"
    print_line(f"base {base.name}: {size}, fingerprint {base.fingerprint[:16]}")
    print_line(f"data {facts.data}, store {facts.store}")
    _print_adapters(facts.adapters)


def _print_adapters(adapters: list[AdapterFacts]) -> None:
    from xadapt.tables import Table, cells, words

    if not adapters:
        print_line("no adapters yet: make one with `xadapt train-task mnli`")
        return
    rows = [
        cells([one.setup, one.base if one.fits else f"{one.base} (another base)", one.data, str(one.seed)])
        + cells([one.run[:8], one.path])
        for one in adapters
    ]
    show(Table("Adapters", words("setup", "base", "data", "seed", "run", "folder", wraps=True), rows))
