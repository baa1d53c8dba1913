"""``fuse(a, b)``: AdapterFusion, which learns where to attend to which adapter.

``fuse(a, b, rank=16)`` is a small one that is factored after training, ``fuse(a, b, narrow=16)`` one that is small from
the start.

Source: arXiv 2005.00247.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from xadapt.composition.hints import members_of
from xadapt.composition.loading import put_fusion
from xadapt.composition.specs import Composition, Family, Trained, register_composition
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node


def _build(assembly: Assembly, node: Node) -> AdapterCompositionBlock:
    from adapters.composition import Fuse

    if assembly.found.fits(node):
        assembly.found.prefer_members_of(node)
    fused = Fuse(*(assembly.block(child) for child in node.children))
    checkpoint = assembly.checkpoint(node)
    assembly.found.check_members_of(node, checkpoint)
    if not assembly.is_new(fused.name):
        # The library names a fusion by its members alone, and the second would be taken for the first.
        raise XadaptError(f"a setup cannot hold two fusions of the same members: {node} is there already")
    assembly.then(partial(put_fusion, checkpoint=checkpoint, fused=fused))
    assembly.take_heads(checkpoint)
    return fused


def _command(node: Node) -> str:
    on = f" --on {node.name}" if node.name else ""
    options = "".join(f" --{key} {value:g}" for key, value in node.options)
    return f"`xadapt fuse {members_of(node)}{on}{options}`"


def _check(node: Node) -> None:
    if len(node.options) > 1:
        raise XadaptError(
            "rank and narrow are two ways to a small fusion, factored after training or small from the start: give one"
        )


def _run(node: Node) -> str:
    return next((f"{_KINDS[key]}-fusion" for key, _ in node.options), "fusion")


#: By option, what the kind of run is called.
_KINDS = {"rank": "low-rank", "narrow": "narrow"}


FUSE = register_composition(
    Composition(
        "fuse",
        Family("fuse", "#c8553d", 90),
        _build,
        options=dict.fromkeys(_KINDS, math.inf),
        learnt_on="may",
        check=_check,
        trained=Trained(
            _run,
            lambda node: [node.name] if node.name else list(node.adapters()),
            _command,
            budget="fusion",
        ),
        needs_members=True,
    )
)
