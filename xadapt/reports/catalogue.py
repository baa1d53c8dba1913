"""The catalogue of tasks as a table, made from the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.tables import Cell, Mark, Table, cells, markdown_table, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.tasks import Rows, Task


def facts(task: Task) -> dict[str, str | bool | list[str] | None]:
    """Everything that a declaration says, as plain values."""
    return {
        "task": task.name,
        "kind": task.kind.name,
        "labels": list(getattr(task.kind, "labels", ())),
        "metric": task.metric,
        "train": [_shown(rows) for rows in task.parts("train")],
        "dev": [_shown(rows) for rows in task.parts("dev")],
        "test": _shown(task.test) if task.test else None,
        "languages": list(task.languages) if task.test else [],
        "trained first on": task.after,
        "trained as": task.adapter,
        "bundled": task.bundled is not None,
        "suites": list(task.suites),
        "note": task.note,
        "source": task.source,
    }


def rows(tasks: Sequence[Task]) -> list[tuple[str, str, str, str, str, str]]:
    """Task, kind, metric, training rows, where it is measured, and suites, a line each."""
    return [
        (task.name, task.kind.name, task.metric, _trained_on(task), _measured(task), ", ".join(task.suites))
        for task in tasks
    ]


def catalogue_markdown(tasks: Sequence[Task]) -> str:
    """The catalogue as a Markdown table."""
    code = frozenset({Mark.CODE})
    lines = [[Cell(name, marks=code), *cells(rest)] for name, *rest in rows(tasks)]
    columns = words("task", "kind", "metric", "English training rows", "measured in", "suites")
    return markdown_table(Table("Tasks", columns, lines))


def _shown(rows: Rows) -> str:
    config = "" if rows.config == "default" else f" {rows.config}"
    return rows.path or f"{rows.hub_id}{config} {'/'.join(rows.splits)}"


def _trained_on(task: Task) -> str:
    if not task.train:
        return "none needed"
    names = dict.fromkeys(_set_name(rows) for rows in task.parts("train"))
    before = f"{task.after}, then " if task.after else ""
    return before + ", ".join(names)


def _set_name(rows: Rows) -> str:
    if rows.path:
        return rows.path.rsplit("/", 1)[-1]
    name = rows.hub_id.rsplit("/", 1)[-1]
    return f"{name} {rows.config}" if name in ("glue", "super_glue", "xtreme") else name


def _measured(task: Task) -> str:
    if task.test is None:
        return "English dev"
    pairs = any("-" in code for code in task.languages)
    count = len(task.languages)
    if count == 1:
        return task.languages[0]
    return f"{count} pairs of languages" if pairs else f"{count} languages"
