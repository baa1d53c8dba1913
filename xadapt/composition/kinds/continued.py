"""``continue(a, task)``: the setup's own weights trained on, on another task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.kinds.stack import FAMILY
from xadapt.composition.specs import Composition, register_composition
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def _build(assembly: Assembly, node: Node) -> str:
    return assembly.adapter(node)


def _check(node: Node) -> None:
    if node.children[1].kind != "adapter":
        raise XadaptError(f"continue(…) ends with the task that training went on with, not with {node.children[1]}")


CONTINUE = register_composition(
    Composition(
        "continue",
        FAMILY,
        _build,
        members="any",
        most=2,
        ordered=True,
        plain=True,
        check=_check,
        side_by_side=False,
        opaque=True,
    )
)
