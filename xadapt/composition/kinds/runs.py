"""``runs(a, n=3)``: several runs of one setup that differ in seed alone, side by side as in an ensemble.

Source: deep ensembles, arXiv 1612.01474; the members of a setup are the same in all of its runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.expression import RUNS
from xadapt.composition.specs import Composition, Family, composition_of, register_composition
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node

#: Runs that somebody waits for.
_MOST = 20


def _build(assembly: Assembly, node: Node) -> str:
    raise XadaptError(f"{node} is several models, not one: name {node.children[0]}, which is one of its runs")


def _check(node: Node) -> None:
    (setup,), number = node.children, node.option("n")
    if number is None or not 2 <= number <= _MOST:
        raise XadaptError(f"runs(…) says how many runs it has, from 2 to {_MOST}, as in runs({setup}, n=3)")
    last = setup.children[-1] if setup.kind == "stack" else setup
    spec = composition_of(last.kind)
    if last.kind not in ("adapter", "continue") and not (last == setup and spec and spec.trained):
        raise XadaptError(
            f"runs(…) takes a setup that one run trains, such as continue(mnli, xnli), and nothing trains {setup}: "
            "it is made of its members"
        )


COMPOSITION = register_composition(
    Composition(
        RUNS,
        Family("runs", "#d98b6f", 85),
        _build,
        members="models",
        least=1,
        most=1,
        options={"n": float("inf")},
        check=_check,
        side_by_side=False,
        several=True,
    )
)
