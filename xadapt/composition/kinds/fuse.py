"""``fuse(a, b)``: AdapterFusion, which learns where to attend to which adapter; ``fuse(a, b, rank=16)``: a small one.

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
    rank = f" --rank {node.option('rank'):g}" if node.option("rank") else ""
    return f"`xadapt fuse {members_of(node)}{on}{rank}`"


FUSE = register_composition(
    Composition(
        "fuse",
        Family("fuse", "#c8553d", 90),
        _build,
        options={"rank": math.inf},
        learnt_on="may",
        trained=Trained(
            lambda node: "fusion" if node.option("rank") is None else "low-rank-fusion",
            lambda node: [node.name] if node.name else list(node.adapters()),
            _command,
            budget="fusion",
        ),
        needs_members=True,
    )
)
