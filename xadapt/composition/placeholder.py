"""``target`` in a recipe's setups, as in ``continue(mnli, target)``: the adapter of whichever target is measured."""

from __future__ import annotations

from xadapt.composition.expression import Node, adapter, add, compose
from xadapt.composition.specs import composition_of

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


def _renamed(node: Node, old: str, new: str) -> Node:
    if not any(part.name == old for part in node.walk()):
        return node
    if node.kind == "adapter":
        return adapter(new)
    children = [_renamed(child, old, new) for child in node.children]
    if node.kind == "sum":
        return add(list(zip(node.weights, children, strict=True)))
    spec = composition_of(node.kind)
    if spec and spec.weighted and node.weights:
        children = [Node("sum", "", (child,), (w,)) for child, w in zip(children, node.weights, strict=True)]
    on = new if node.name == old else node.name
    return compose(node.kind, *children, on=on, options=dict(node.options))
