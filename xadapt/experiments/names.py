"""Short names that a recipe gives to setups: its other setups may be written with them, and reports show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xadapt.composition.grammar import parse
from xadapt.composition.placeholder import TARGET, with_names
from xadapt.composition.specs import words
from xadapt.errors import XadaptError, quoted

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from xadapt.composition.expression import Node

#: Where setups stand, in a recipe and in each of its targets.
_LISTS, _LISTS_OF_TARGET = ("setups", "ready"), ("setups", "also", "straight")


def check_name(name: str, tasks: Container[str]) -> str:
    """Check that a setup can be called so.

    Raises:
        XadaptError: If the name is another thing's, or none that a setup can be written with.
    """
    if not re.fullmatch(r"[A-Za-z][\w-]{0,99}", name):
        raise XadaptError(f"{quoted(name)} is no name: begin with a letter, then letters, digits, - and _")
    if name in ("none", TARGET) or name in set(words()):
        raise XadaptError(f"{name} has a meaning in setups already: choose another name")
    if name in tasks:
        raise XadaptError(f"{name} is a task, and its adapter is called so: choose another name")
    return name


def spelled_out(content: Any) -> Any:
    """A recipe's content with what its names stand for in their place.

    A name may use those before it. What is no setup is left as it is, for whoever checks it.
    """
    if not isinstance(content, dict) or not isinstance(content.get("names"), dict):
        return content
    named: dict[str, Node] = {}
    names = {}
    for name, text in content["names"].items():
        names[name] = _spelled(text, named)
        try:
            named[name] = parse(names[name])
        except (XadaptError, TypeError):
            continue
    found = _lists_spelled({**content, "names": names}, _LISTS, named)
    if isinstance(content.get("targets"), dict):
        spelled = {name: _lists_spelled(one, _LISTS_OF_TARGET, named) for name, one in content["targets"].items()}
        found["targets"] = spelled
    return found


def _lists_spelled(content: Any, lists: tuple[str, ...], named: Mapping[str, Node]) -> Any:
    if not isinstance(content, dict):
        return content
    found = {key: content[key] for key in lists if isinstance(content.get(key), list | tuple)}
    return {**content, **{key: [_spelled(text, named) for text in texts] for key, texts in found.items()}}


def _spelled(text: Any, named: Mapping[str, Node]) -> Any:
    try:
        return str(with_names(parse(text), named))
    except (XadaptError, TypeError):
        return text
