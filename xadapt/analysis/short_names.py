"""Setups under the short names that a recipe gave to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xadapt.analysis.comparison_rows import Block, Reference, SetupRow, TaskComparison


def with_short_names(comparison: TaskComparison, names: Mapping[str, str]) -> TaskComparison:
    """A comparison in whose labels names stand in the place of setups.

    Args:
        comparison: The comparison, tested already.
        names: By name the setup, in its printed form, with the word ``target`` for the target's adapter.
    """
    if not names:
        return comparison
    # What is part of another has its turn after it.
    ordered = sorted(names.items(), key=lambda pair: -len(pair[1]))

    def short(label: str) -> str:
        for name, setup in ordered:
            label = label.replace(setup, name)
        return label

    return replace(comparison, blocks=tuple(_named(block, short) for block in comparison.blocks))


def _named(block: Block, short: Callable[[str], str]) -> Block:
    def of_row(row: SetupRow) -> SetupRow:
        return replace(row, label=short(row.label))

    def of_reference(one: Reference | None) -> Reference | None:
        return one and replace(one, label=short(one.label), row=one.row and of_row(one.row))

    return replace(
        block,
        rows=tuple(map(of_row, block.rows)),
        reference=of_reference(block.reference),
        single=of_reference(block.single),
    )
