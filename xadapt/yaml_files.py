"""YAML that people write: read with the lines of its parts, so that every error names file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from xadapt.errors import XadaptError, shortened, unknown
from xadapt.store.files import read_text
from xadapt.validation import fault_text, model_in, type_at
from xadapt.yaml_text import LARGEST, NotYaml, read_yaml_text

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
        named = f"{shortened('.'.join(map(str, keys)), 200)}: " if keys else ""
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


def read_yaml(path: Path, wanted: str, texts: bool = False) -> YamlFile:
    """Read a file whose content is a mapping.

    Args:
        path: The file.
        wanted: What it should be, for errors, such as ``a recipe is a mapping with name and title``.
        texts: Whether every value stays the text that is written there, ``true`` and ``1`` included.

    Raises:
        XadaptError: If it is missing, too large, is not YAML that can be read, or is no mapping; names file and line.
    """
    try:
        tree, content = read_yaml_text(read_text(path, LARGEST), texts)
    except NotYaml as error:
        where = f"{path}:{error.line}" if error.line else str(path)
        raise XadaptError(f"{where}: {error}") from None
    if tree is None or not isinstance(content, dict):
        raise XadaptError(f"{path}: {wanted}")
    return YamlFile(path, content, tree)


def _line(node: Any, keys: Sequence[str | int]) -> int:
    """The line of what is at keys in the YAML tree, or of the nearest part above it."""
    line: int = node.start_mark.line + 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            # What is merged into a mapping stands before its own keys, which hold.
            found = next((pair for pair in reversed(node.value) if pair[0].value == str(key)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line
