"""Words that stand for others in a recipe's setups: ``target``, the adapter of the measured target, and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.expression import Node, adapter, add, compose
from xadapt.composition.specs import composition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The word.
TARGET = "target"


def names_target(node: Node) -> bool:
    """Whether a setup has the word, as a member or behind an ``@``."""
    return any(part.name == TARGET for part in node.walk())


def with_target(node: Node, task: str) -> Node:
    """A setup with a task's adapter in the place of the word, in the canonical form.

    Raises:
        XadaptError: If it is none with that task, such as ``stack(xnli, target)`` on xnli.
    """
    return _renamed(node, TARGET, task)


def for_any_target(node: Node, task: str) -> Node:
    """A setup with the word in the place of a task's adapter, so that setups of all targets have one name."""
    return _renamed(node, task, TARGET)


def with_names(node: Node, named: Mapping[str, Node]) -> Node:
    """A setup with what names stand for in their place, in the canonical form.

    Raises:
        XadaptError: If that is no setup.
    """
    return _rebuilt(node, lambda name: named.get(name) or adapter(name), lambda on: on)


def _renamed(node: Node, old: str, new: str) -> Node:
    if not any(part.name == old for part in node.walk()):
        return node

    def other(name: str) -> str:
        return new if name == old else name

    return _rebuilt(node, lambda name: adapter(other(name)), other)


def _rebuilt(node: Node, leaf: Callable[[str], Node], on: Callable[[str], str]) -> Node:
    """A setup with each adapter and each task that something is learnt on replaced."""
    if node.kind == "adapter":
        return leaf(node.name)
    if not node.children:
        return node
    children = [_rebuilt(child, leaf, on) for child in node.children]
    if node.kind == "sum":
        return add(list(zip(node.weights, children, strict=True)))
    spec = composition_of(node.kind)
    if spec and spec.weighted and node.weights:
        children = [Node("sum", "", (child,), (w,)) for child, w in zip(children, node.weights, strict=True)]
    return compose(node.kind, *children, on=on(node.name), options=dict(node.options))
