"""``multitask(a, b)``: one adapter that is trained on several tasks.

Source: arXiv 2005.13013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.hints import members_of
from xadapt.composition.specs import Composition, Family, Trained, register_composition

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def _build(assembly: Assembly, node: Node) -> str:
    return assembly.adapter(node)


MULTITASK = register_composition(
    Composition(
        "multitask",
        Family("multitask", "#c9a0c8", 70),
        _build,
        members="tasks",
        plain=True,
        trained=Trained(
            lambda node: "multitask",
            lambda node: list(node.adapters()),
            lambda node: f"`xadapt multitask {members_of(node)}`",
            budget="multitask",
            from_base=True,
        ),
        side_by_side=False,
        opaque=True,
    )
)
