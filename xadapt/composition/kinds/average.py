"""``average(0.7*a, 0.3*b)``: one adapter whose weights are the mean; ``a + b - c``: one that is a sum of changes.

Source: arithmetic in weight space, Zhang et al., arXiv 2306.14870.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.specs import Composition, Family, register_composition
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def build_merged(assembly: Assembly, node: Node) -> str:
    """Put an adapter that is made of members in weight space into an assembly."""
    return assembly.merged(node)


def _check_weights(node: Node) -> None:
    if any(weight <= 0 for weight in node.weights):
        raise XadaptError(
            "the weights of average(…) must be above 0: write a difference as a sum, such as mnli - squad"
        )


AVERAGE = register_composition(
    Composition(
        "average", Family("average", "#e3c567", 30), build_merged, weighted=True, plain=True, check=_check_weights
    )
)
#: Written with signs, and so without a number of members that it must have.
SUM = register_composition(
    Composition("sum", Family("sum", "#cdb38b", 40), build_merged, least=1, weighted=True, plain=True, as_word=False)
)
