"""Tasks by name."""

from __future__ import annotations

from xadapt.errors import XadaptError, unknown
from xadapt.tasks.intermediate import INTERMEDIATE
from xadapt.tasks.targets import TARGET
from xadapt.tasks.task import Task

SHIPPED = {task.name: task for task in (*INTERMEDIATE, *TARGET)}
_OWN: dict[str, Task] = {}


def all_tasks() -> tuple[Task, ...]:
    """All tasks, intermediate ones first, in the order of their declaration; the user's own come last."""
    return (*SHIPPED.values(), *_OWN.values())


def get_task(name: str) -> Task:
    """Look a task up.

    Raises:
        XadaptError: If there is no such task; names the nearest one.
    """
    found = SHIPPED.get(name) or _OWN.get(name)
    if found is None:
        raise unknown("task", name, [*SHIPPED, *_OWN])
    return found


def register(task: Task) -> None:
    """Add a user's own task; one of the same name takes the place of an earlier one.

    Raises:
        XadaptError: If xadapt comes with a task of that name.
    """
    if task.name in SHIPPED:
        raise XadaptError(f"xadapt comes with a task called {task.name}: give your task another name")
    _OWN[task.name] = task
