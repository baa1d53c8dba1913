"""Tasks by name."""

from __future__ import annotations

from functools import cache

from xadapt.errors import unknown
from xadapt.tasks.catalogue import INTERMEDIATE, TARGET
from xadapt.tasks.task import Task


@cache
def _by_name() -> dict[str, Task]:
    return {task.name: task for task in (*INTERMEDIATE, *TARGET)}


def all_tasks() -> tuple[Task, ...]:
    """All tasks, intermediate ones first, in the order of their declaration."""
    return tuple(_by_name().values())


def get_task(name: str) -> Task:
    """Look a task up.

    Raises:
        XadaptError: If there is no such task; names the nearest one.
    """
    try:
        return _by_name()[name]
    except KeyError:
        raise unknown("task", name, _by_name()) from None
