"""``ensemble(a, b)``: several models side by side, whose answers are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.specs import Composition, Family, register_composition
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def no_model(assembly: Assembly, node: Node) -> str:
    """Refuse to be put into an assembly, which is one model."""
    raise XadaptError(f"{node} is several models, not one: name one of its members")


ENSEMBLE = register_composition(
    Composition("ensemble", Family("ensemble", "#e0a07a", 80), no_model, members="models", several=True)
)
