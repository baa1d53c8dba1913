"""Tasks by the names of what they belong to: suites, and groups that are wanted together."""

from __future__ import annotations

from collections.abc import Iterable

from xadapt.errors import unknown
from xadapt.tasks.registry import all_tasks
from xadapt.tasks.task import Task

#: The intermediate tasks of "English Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too".
#: Source: arXiv 2005.13013, table 1.
PAPER = ("anli", "mnli", "qqp", "squad", "squad2", "hellaswag", "ccg", "cosmosqa", "csqa")


def pick_tasks(names: Iterable[str]) -> tuple[Task, ...]:
    """Look up tasks by what users type.

    Args:
        names: Each is a suite, ``intermediate``, ``paper`` (:data:`PAPER`), ``all`` or a task; nothing means all.

    Returns:
        The tasks, each once, in the order of their declaration.

    Raises:
        XadaptError: If there is no such task or group; names the nearest one.
    """
    tasks = {task.name: task for task in all_tasks()}
    groups = {suite: [task.name for task in all_tasks() if suite in task.suites] for suite in suite_names()}
    groups |= {
        "all": list(tasks),
        "intermediate": [task.name for task in all_tasks() if task.test is None],
        "paper": list(PAPER),
    }
    wanted: set[str] = set()
    for name in [*names] or ["all"]:
        if name not in groups and name not in tasks:
            raise unknown("suite or task", name, [*groups, *tasks])
        wanted.update(groups.get(name, [name]))
    return tuple(task for name, task in tasks.items() if name in wanted)


def suite_names() -> tuple[str, ...]:
    """The suites that tasks belong to."""
    return tuple(dict.fromkeys(suite for task in all_tasks() for suite in task.suites))
