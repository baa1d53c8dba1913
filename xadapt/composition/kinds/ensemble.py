"""``ensemble(a, b)``: several models side by side, whose answers are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.specs import Composition, Family, register_composition
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def _build(assembly: Assembly, node: Node) -> str:
    raise XadaptError(f"{node} is several models, not one: name one of its members")


ENSEMBLE = register_composition(
    Composition("ensemble", Family("ensemble", "#e0a07a", 80), _build, members="models", several=True)
)
