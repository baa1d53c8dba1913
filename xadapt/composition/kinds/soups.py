"""``greedy_soup(a, b)@task`` and ``learned_soup``: averages whose weights a task's English dev rows choose.

Source: Wortsman et al., arXiv 2203.05482.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.hints import members_of
from xadapt.composition.specs import Composition, Family, Trained, register_composition

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node

FAMILY = Family("soup", "#86bfb1", 60)


def _build(assembly: Assembly, node: Node) -> str:
    return assembly.adapter(node)


def _command(node: Node) -> str:
    method = " --method learned" if node.kind == "learned_soup" else ""
    return f"`xadapt soup {members_of(node)} --on {node.name}{method}`"


SOUPS = tuple(
    register_composition(
        Composition(
            name,
            FAMILY,
            _build,
            plain=True,
            learnt_on="must",
            why_learnt="whose English dev rows choose its weights",
            trained=Trained(lambda node: "soup", lambda node: [node.name], _command, budget="soup"),
        )
    )
    for name in ("greedy_soup", "learned_soup")
)
