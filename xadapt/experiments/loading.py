"""Reading a recipe: every error names the file and, where there is one, the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.data.own_tasks import TASK_FILES, declare, open_task
from xadapt.display import Say, unsaid
from xadapt.errors import XadaptError
from xadapt.experiments.foresight import check_recipe
from xadapt.experiments.recipe import Recipe
from xadapt.yaml_files import YamlFile, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.store.store import Store
    from xadapt.tasks.catalogue import Catalogue


def load_recipe(path: Path, tasks: Catalogue, store: Store | None = None, say: Say = unsaid) -> Recipe:
    """Read and check a recipe and the tasks that it declares, and that its steps can be planned.

    Args:
        path: The recipe.
        tasks: The tasks that are known; the recipe's own are added.
        store: Keeps the declarations of the recipe's own tasks for later sessions; None keeps nothing.
        say: Called with each note on their rows.

    Raises:
        XadaptError: If the file is missing, is not YAML, or says something wrong; names file and line.
    """
    file = read_yaml(path, "a recipe is a mapping with name, title, setups and targets")
    _open_tasks(file, tasks, store, say)
    recipe = file.validated(Recipe, context={"tasks": tasks}).read_from(file)
    check_recipe(recipe, tasks)
    return recipe


def _open_tasks(file: YamlFile, tasks: Catalogue, store: Store | None, say: Say) -> None:
    # Setups and targets name these tasks, so they must be known before the recipe can be checked.
    declared = file.content.get("tasks")
    for number, name in enumerate(declared if isinstance(declared, list) else ()):
        if not isinstance(name, str):
            continue
        if not name.endswith(TASK_FILES):
            raise file.fault(["tasks", number], f"{name!r} declares no task: name a {' or '.join(TASK_FILES)} file")
        try:
            if store is None:
                tasks.add(declare(file.path.parent / name, say).task())
            else:
                open_task(str(file.path.parent / name), store, tasks, say)
        except XadaptError as error:
            raise file.fault(["tasks", number], error) from None
