"""What to type when a checkpoint is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.expression import Node
from xadapt.composition.grammar import parse
from xadapt.composition.specs import composition_of
from xadapt.tasks.catalogue import DEFAULT, Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable


def how_to_make(node: Node, tasks: Catalogue = DEFAULT) -> str:
    """The command that makes a setup's own checkpoint."""
    if node.kind == "adapter":
        there = node.name in tasks
        return f"`xadapt train-task {node}`" if there else "`xadapt train-task TASK`, with one of `xadapt tasks`"
    spec = composition_of(node.kind)
    if spec and spec.trained:
        return spec.trained.command(node)
    if node.kind == "stack":
        return target_hint(node.children[-1], _below(node), tasks)
    return target_hint(node.children[1], node.children[0], tasks, " --mode continue")


def members_of(node: Node) -> str:
    """The members of a setup as a command line has them."""
    return " ".join(str(child) if child.kind == "adapter" else f'"{child}"' for child in node.children)


def target_hint(target: Node, below: Node, tasks: Catalogue = DEFAULT, mode: str = "") -> str:
    """The command that trains a target adapter on a setup."""
    command = f'`xadapt train-target {target} --on "{below}"{mode}`'
    task = tasks.get(target.name)
    shared = task.trained_as if task else ""
    return f"{command}, which calls it {shared}: {target} shares its adapter" if shared else command


def trained_on_others(node: Node, setups: Iterable[str]) -> str:
    """Say that what is asked for was trained on something else, such as on the adapter of another language.

    Args:
        node: An adapter, ``stack(a, xnli)`` or ``continue(a, xnli)`` that has no checkpoint.
        setups: The setups that have one for this base.

    Returns:
        Half a line with the setups that there are, to be followed by how the missing one is made; "" if there are none.
    """
    last = node if node.kind == "adapter" else node.children[-1] if node.kind in _ON_OTHERS else None
    if last is None or last.kind != "adapter":
        return ""
    named = (parse(setup) for setup in dict.fromkeys(setups) if setup.startswith(_ON_OTHERS))
    there = [other for other in named if other.kind in _ON_OTHERS and other.children[-1] == last]
    if not there:
        return ""
    below = " and on ".join(str(_below(other)) for other in there)
    asked = f"not on {_below(node)}" if node.children else "not on the bare base"
    use = " or ".join(f'"{other}"' for other in there)
    return f"there is no {node}: {last} was trained on {below}, {asked}: use {use}"


_ON_OTHERS = ("stack", "continue")


def _below(node: Node) -> Node:
    *under, _ = node.children
    return Node("stack", children=tuple(under)) if len(under) > 1 else under[0]
