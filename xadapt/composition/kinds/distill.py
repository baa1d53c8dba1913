"""``distill(SETUP)@task``: one adapter that is taught by what a setup answers; ``distill(SETUP, unlabelled=200)@task``.

Source: Hinton et al., arXiv 1503.02531.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xadapt.composition.specs import Composition, Family, Trained, register_composition

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def _build(assembly: Assembly, node: Node) -> str:
    return assembly.adapter(node)


def _command(node: Node) -> str:
    rows = f" --unlabelled {node.option('unlabelled'):g}" if node.option("unlabelled") else ""
    return f'`xadapt distill "{node.children[0]}" --on {node.name}{rows}`'


DISTILL = register_composition(
    Composition(
        "distill",
        Family("distilled", "#b5838d", 95),
        _build,
        members="any",
        least=1,
        most=1,
        plain=True,
        options={"unlabelled": math.inf},
        learnt_on="must",
        why_learnt="whose rows it answers",
        trained=Trained(lambda node: "distill", lambda node: [node.name], _command, budget="distill"),
        side_by_side=False,
        opaque=True,
        keeps_ensembles=True,
    )
)
