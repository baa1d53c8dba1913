"""Reading a recipe: every error names the file and, where there is one, the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from xadapt.errors import XadaptError
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import plan_steps
from xadapt.store.files import read_text
from xadapt.validation import fault_error


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe, and that its steps can be planned.

    Raises:
        XadaptError: If the file is missing, is not YAML, or says something wrong; names file and line.
    """
    text = read_text(path)
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise XadaptError(f"{where}: not YAML ({getattr(error, 'problem', error)})") from None
    if not isinstance(content, dict):
        raise XadaptError(f"{path}: a recipe is a mapping with name, title, setups and targets")
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        place = [key for key in fault["loc"] if key != "[key]"]
        where = f"{path}:{_line(tree, place)}: {'.'.join(map(str, place))}"
        raise fault_error(where, fault) from None
    try:
        plan_steps(recipe)
    except XadaptError as error:
        raise XadaptError(f"{path}: {error}") from None
    return recipe


def _line(node: Any, place: list[Any]) -> int:
    """The line of a place in the YAML tree, or of the nearest part above it."""
    line = node.start_mark.line + 1
    for key in place:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(key)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line
