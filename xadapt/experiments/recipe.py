"""A recipe: an experiment written down in YAML, checked line by line before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from xadapt.composition.expression import parse
from xadapt.errors import XadaptError
from xadapt.store.files import read_text
from xadapt.tasks import get_task
from xadapt.validation import fault_error


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _unique(setups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(parse(text)) for text in setups))


class Budget(_Strict):
    """Training settings of one kind of run; what is left open takes the problem's default."""

    epochs: float | None = Field(default=None, gt=0)
    lr: float | None = Field(default=None, gt=0, le=1)
    batch_size: int | None = Field(default=None, ge=1)
    limit: int | None = Field(default=None, ge=1)
    dev_limit: int | None = Field(default=None, ge=1)
    max_length: int | None = Field(default=None, ge=16)
    adapter_config: str | None = None


class Target(_Strict):
    """A target task.

    Attributes:
        train: Budget of the target adapter that every setup gets; None scores the setups as they are.
        mode: How the target adapter is put on a setup.
        languages: ``all`` or codes.
        limit: Test rows a language.
        setups: The recipe's setups that this target is measured with; None for all of them.
    """

    train: Budget | None = None
    mode: Literal["stack", "continue"] = "stack"
    languages: str = "all"
    limit: int | None = Field(default=None, ge=1)
    setups: tuple[str, ...] | None = None

    @field_validator("setups")
    @classmethod
    def _canonical(cls, setups: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if setups is None else _unique(setups)


class Recipe(_Strict):
    """An experiment.

    Attributes:
        name: Names the report's folder.
        title: Heads the report.
        base: A base (see ``--base``).
        data: A data source (see ``--data``); the command's own ``--data`` takes its place.
        seeds: Every run that trains is done once a seed.
        adapters: Intermediate adapters to train here; others are taken from the store or the shipped ones.
        fusion: Budget of every fusion among the setups.
        setups: Expressions to compare; ``none`` is the base without an intermediate adapter.
        targets: What they are measured on.
    """

    name: str = Field(pattern=r"^[\w-]+$")
    title: str
    base: str = "minilm"
    data: str | None = None
    seeds: tuple[int, ...] = Field(default=(42,), min_length=1)
    adapters: dict[str, Budget] = Field(default_factory=dict)
    fusion: Budget = Budget()
    setups: tuple[str, ...] = Field(min_length=1)
    targets: dict[str, Target] = Field(min_length=1)

    @field_validator("setups")
    @classmethod
    def _canonical(cls, setups: tuple[str, ...]) -> tuple[str, ...]:
        return _unique(setups)

    @field_validator("adapters", "targets")
    @classmethod
    def _known(cls, tasks: dict[str, Any]) -> dict[str, Any]:
        for name in tasks:
            get_task(name)
        return tasks


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

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
        return Recipe(**content)
    except ValidationError as error:
        fault = error.errors()[0]
        where = f"{path}:{_line(tree, fault['loc'])}: {'.'.join(map(str, fault['loc']))}"
        raise fault_error(where, fault) from None
    except XadaptError as error:
        raise XadaptError(f"{path}: {error}") from None


def _line(node: Any, location: tuple[Any, ...]) -> int:
    """The line of a location in the YAML tree, or of the nearest part above it."""
    line = node.start_mark.line + 1
    for key in location:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(key)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
    return line
