"""YAML that people write: read with the lines of its parts, so that every error names file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from xadapt.errors import XadaptError, unknown
from xadapt.store.files import read_text
from xadapt.validation import fault_text, model_in, type_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xadapt.store.records import Json

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class YamlFile:
    """A YAML file whose content is a mapping.

    Attributes:
        path: The file.
        content: What is in it.
        tree: The same with the lines of its parts.
    """

    path: Path
    content: Json
    tree: yaml.Node

    def fault(self, keys: Sequence[str | int], what: object) -> XadaptError:
        """Build the error for a part of the file; names file and line.

        Args:
            keys: Keys and indices that lead to the part, or to where it should be.
            what: What is wrong with it.
        """
        named = f"{'.'.join(map(str, keys))}: " if keys else ""
        return XadaptError(f"{self.path}:{_line(self.tree, keys)}: {named}{what}")

    def validated(
        self, model: type[Model], content: Mapping[str, Any] | None = None, context: Mapping[str, Any] | None = None
    ) -> Model:
        """Build a model from the file's content, or from ``content`` that was made of it.

        Args:
            model: The model.
            content: What is read instead of the file's content.
            context: What its validators look up.

        Raises:
            XadaptError: If a key or a value is wrong; one line with file, line and, for a key, the nearest right one.
        """
        try:
            return model.model_validate(self.content if content is None else content, context=context)
        except ValidationError as error:
            # A misspelt key explains a missing one, not the other way round.
            fault = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
            keys = [key for key in fault["loc"] if key != "[key]"]
            if fault["type"] == "extra_forbidden":
                parent = model_in(type_at(model, keys[:-1])) or model
                raise self.fault(keys, unknown("key", str(keys[-1]), parent.model_fields)) from None
            if fault["type"] == "missing":
                raise self.fault(keys, "it is missing") from None
            raise self.fault(keys, fault_text(model, fault)) from None


def read_yaml(path: Path, wanted: str, loader: type[Any] = yaml.SafeLoader) -> YamlFile:
    """Read a file whose content is a mapping.

    Args:
        path: The file.
        wanted: What it should be, for errors, such as ``a recipe is a mapping with name and title``.
        loader: ``yaml.BaseLoader`` leaves every value as the text that is written there, ``no`` and ``1`` included.

    Raises:
        XadaptError: If it is missing, is not YAML, is no mapping, or gives a key twice; names file and line.
    """
    text = read_text(path)
    try:
        tree = yaml.compose(text, Loader=loader)
        content = yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise XadaptError(f"{where}: not YAML ({getattr(error, 'problem', error)})") from None
    if tree is None or not isinstance(content, dict):
        raise XadaptError(f"{path}: {wanted}")
    _refuse_double_keys(path, tree, set())
    return YamlFile(path, content, tree)


def _refuse_double_keys(path: Path, node: Any, seen: set[int]) -> None:
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    # An alias is the same node again, even inside of itself.
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_double_keys(path, child, seen)
        return
    keys = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in keys:
            raise XadaptError(f"{path}:{key.start_mark.line + 1}: {key.value!r} is given twice: keep one")
        keys.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        _refuse_double_keys(path, value, seen)


def _line(node: Any, keys: Sequence[str | int]) -> int:
    """The line of what is at keys in the YAML tree, or of the nearest part above it."""
    line: int = node.start_mark.line + 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(key)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line
