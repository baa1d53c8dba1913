"""``stack(a, b)``: one adapter on top of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.composition.expression import Node
from xadapt.composition.hints import how_to_make, target_hint
from xadapt.composition.specs import Composition, Family, register_composition

if TYPE_CHECKING:
    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.builder import Assembly

FAMILY = Family("stack", "#a8c686", 20)


def _build(assembly: Assembly, node: Node) -> AdapterCompositionBlock:
    from adapters.composition import Stack

    return Stack(*_layers(assembly, node))


def _layers(assembly: Assembly, node: Node) -> list[Any]:
    # A target adapter was trained on what lies below it, so its checkpoint is stored under the whole expression.
    *under, last = node.children
    found, tasks = assembly.found, assembly.context.tasks
    trained = last.kind == "adapter" and found.fits(node)
    if trained:
        found.prefer_members_of(node)
    below = Node("stack", children=tuple(under)) if len(under) > 1 else under[0]
    lower = _layers(assembly, below) if below.kind == "stack" else _blocks(assembly, below)
    if last.kind != "adapter":
        return [*lower, *_blocks(assembly, last)]
    # One for another base is taken only for the error that names it, and only when there is no other.
    if trained or (found.find(node) and not found.fits(last)):
        return [*lower, assembly.adapter(node)]
    if not found.find(last):
        found.check_not_on_others(node, target_hint(last, below, tasks))
    return [*lower, assembly.adapter(last, f"{how_to_make(last, tasks)} or {target_hint(last, below, tasks)}")]


def _blocks(assembly: Assembly, node: Node) -> list[Any]:
    from adapters.composition import Stack

    block = assembly.block(node)
    # The library takes no stack in a stack.
    return list(block.children) if isinstance(block, Stack) else [block]


STACK = register_composition(
    Composition("stack", FAMILY, _build, members="any", ordered=True, needs_members=True, side_by_side=False)
)
