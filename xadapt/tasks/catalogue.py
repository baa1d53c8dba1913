"""The tasks of a session: those of xadapt and the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.errors import XadaptError, unknown
from xadapt.tasks.intermediate import INTERMEDIATE
from xadapt.tasks.targets import TARGET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xadapt.tasks.kinds import Kind
    from xadapt.tasks.task import Task

#: The tasks that xadapt comes with, by name.
SHIPPED = {task.name: task for task in (*INTERMEDIATE, *TARGET)}

#: The intermediate tasks of "English Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too".
#: Source: arXiv 2005.13013, table 1.
PAPER = ("anli", "mnli", "qqp", "squad", "squad2", "hellaswag", "ccg", "cosmosqa", "csqa")


class Catalogue:
    """Tasks by name: those of xadapt first, in the order of their declaration, then the user's own."""

    def __init__(self, own: Iterable[Task] = (), faults: Mapping[str, str] | None = None) -> None:
        """Begin with the tasks of xadapt.

        Args:
            own: Tasks of the user's.
            faults: By name, what is wrong with a task of the user's that cannot be used.

        Raises:
            XadaptError: If xadapt comes with a task of such a name.
        """
        self._own: dict[str, Task] = {}
        self._faults = dict(faults or {})
        for task in own:
            self.add(task)

    def add(self, task: Task) -> None:
        """Add a user's own task; one of the same name replaces an earlier one.

        Raises:
            XadaptError: If xadapt comes with a task of that name.
        """
        if task.name in SHIPPED:
            raise XadaptError(f"xadapt comes with a task called {task.name}: give your task another name")
        self._own[task.name] = task

    def __iter__(self) -> Iterator[Task]:
        yield from SHIPPED.values()
        yield from self._own.values()

    def __contains__(self, name: object) -> bool:
        return name in SHIPPED or name in self._own

    def get(self, name: str) -> Task | None:
        """A task, None if there is none of that name."""
        return SHIPPED.get(name) or self._own.get(name)

    def __getitem__(self, name: str) -> Task:
        """Look a task up.

        Raises:
            XadaptError: If there is no such task, or it cannot be used; names the nearest one.
        """
        found = self.get(name)
        if found is None and name in self._faults:
            raise XadaptError(f"task {name} cannot be used: {self._faults[name]}")
        if found is None:
            raise unknown("task", name, self.names)
        return found

    @property
    def names(self) -> list[str]:
        """The names of all tasks."""
        return [task.name for task in self]

    def kind_of(self, name: str) -> Kind | None:
        """The kind of a task; None for one that is not known here, such as another user's own."""
        found = self.get(name)
        return found.kind if found else None

    def pick(self, names: Iterable[str]) -> tuple[Task, ...]:
        """Look up tasks by what users type.

        Args:
            names: Each is a suite, ``intermediate``, ``paper`` (:data:`PAPER`), ``all`` or a task; nothing means all.

        Returns:
            The tasks, each once, in the order of their declaration.

        Raises:
            XadaptError: If there is no such task or group; names the nearest one.
        """
        groups = {suite: [task.name for task in self if suite in task.suites] for suite in SUITE_NAMES}
        groups |= {
            "all": self.names,
            "intermediate": [task.name for task in self if task.test is None],
            "paper": list(PAPER),
        }
        wanted: set[str] = set()
        for name in [*names] or ["all"]:
            if name not in groups and name not in self:
                raise unknown("suite or task", name, [*groups, *self.names])
            wanted.update(groups.get(name, [name]))
        return tuple(task for task in self if task.name in wanted)


#: The suites that tasks belong to.
SUITE_NAMES = tuple(dict.fromkeys(suite for task in SHIPPED.values() for suite in task.suites))
#: The catalogue where nobody has tasks of their own. Not to be added to.
DEFAULT = Catalogue()


def all_tasks() -> tuple[Task, ...]:
    """The tasks that xadapt comes with, intermediate ones first."""
    return tuple(SHIPPED.values())


def get_task(name: str) -> Task:
    """Look up a task that xadapt comes with.

    Raises:
        XadaptError: If there is no such task; names the nearest one.
    """
    return DEFAULT[name]
