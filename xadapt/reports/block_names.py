"""Short names for the blocks of a whole report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.reports.verdicts import block_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.comparison_rows import Block, TaskComparison


@dataclass(frozen=True)
class NamedBlock:
    """A block with its comparison, under a name that no other block of the report has."""

    name: str
    comparison: TaskComparison
    block: Block


def named_blocks(comparisons: Sequence[TaskComparison]) -> list[NamedBlock]:
    """List all blocks, each under the shortest name that tells it from the others."""
    blocks = [(comparison, block) for comparison in comparisons for block in comparison.blocks]
    names: list[str] = []
    for naming in (
        lambda comparison, block: comparison.task,
        lambda comparison, block: f"{comparison.task}: {block_title(block)}",
        lambda comparison, block: comparison.name,
        lambda comparison, block: f"{comparison.name}: {block_title(block)}",
    ):
        names = [naming(comparison, block) for comparison, block in blocks]
        if len(set(names)) == len(names):
            break
    return [NamedBlock(name, *pair) for name, pair in zip(names, blocks, strict=True)]


def labels(blocks: Sequence[NamedBlock]) -> list[str]:
    """List the setups of all blocks, in the order in which they first appear."""
    return list(dict.fromkeys(row.label for each in blocks for row in each.block.rows))
