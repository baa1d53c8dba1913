"""``gate(a, b)@task``: adapters side by side, each with a learnt factor a layer and place, below a target adapter."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xadapt.composition.builder import layer_name
from xadapt.composition.hints import members_of
from xadapt.composition.loading import put_gated
from xadapt.composition.specs import Composition, Family, Trained, composition_of, register_composition
from xadapt.methods.gated import check_gateable
from xadapt.store.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node
    from xadapt.store.checkpoints import Checkpoint


def gated_layer(node: Node) -> str:
    """What the members side by side are called in a model."""
    return f"{layer_name(node)}:members"


def take_members(assembly: Assembly, node: Node, order: Iterable[Node] | None = None) -> list[str]:
    """Take up the members of gates and check that they can be put side by side; no weight is read.

    Args:
        assembly: Where to.
        node: The setup with the gates.
        order: The members in the order in which they are loaded: heads of later ones come before those of the same
            task; None for their own.

    Returns:
        The members' names in the model, in their own order.

    Raises:
        XadaptError: If one is missing or wrong, or no plain bottleneck adapter like the others.
    """
    names = {child: str(assembly.block(child)) for child in order or node.children}
    made_of = [(part, one) for child in node.children for part, one in _with_adapters(assembly, child)]
    check_gateable({str(part): read_json(one.path / "adapter" / "adapter_config.json") for part, one in made_of})
    return [names[child] for child in node.children]


def _with_adapters(assembly: Assembly, node: Node) -> Iterator[tuple[Node, Checkpoint]]:
    """What has a checkpoint: a setup or, where it is only put together, what it is made of."""
    spec = composition_of(node.kind)
    found = assembly.found.find(node) if spec is None or spec.opaque or spec.trained else None
    if found:
        yield node, found
    else:
        for child in node.children:
            yield from _with_adapters(assembly, child)


def _build(assembly: Assembly, node: Node) -> AdapterCompositionBlock:
    from adapters.composition import Stack

    if assembly.found.fits(node):
        assembly.found.prefer_members_of(node)
    members, below = take_members(assembly, node), gated_layer(node)
    target = assembly.adapter(node)
    if assembly.is_new(below):
        checkpoint = assembly.checkpoint(node)
        assembly.then(partial(put_gated, checkpoint=checkpoint, members=members, name=below))
    return Stack(below, target)


GATE = register_composition(
    Composition(
        "gate",
        Family("gate", "#4c8c9a", 95),
        _build,
        learnt_on="must",
        why_learnt="whose English rows train its gates",
        trained=Trained(
            lambda node: "gate",
            lambda node: [node.name],
            lambda node: f"`xadapt gate {members_of(node)} --on {node.name}`",
            budget="gate",
        ),
        needs_members=True,
    )
)
