"""What to type when a checkpoint is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.specs import composition_of
from xadapt.tasks.catalogue import DEFAULT, Catalogue

if TYPE_CHECKING:
    from xadapt.composition.expression import Node


def how_to_make(node: Node, tasks: Catalogue = DEFAULT) -> str:
    """The command that makes a setup's own checkpoint."""
    if node.kind == "adapter":
        there = node.name in tasks
        return f"`xadapt train-task {node}`" if there else "`xadapt train-task TASK`, with one of `xadapt tasks`"
    spec = composition_of(node.kind)
    if spec and spec.trained:
        return spec.trained.command(node)
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
