"""What a cell of a table says of a setup, in every table alike."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from xadapt.tables import Cell, Mark
from xadapt.tables.numbers import NOTHING, after_spread, interval, megabytes, p_value
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.comparison_rows import Block, SetupRow
    from xadapt.analysis.tested import Tested

#: No mark.
NONE: frozenset[Mark] = frozenset()


def name(row: SetupRow, block: Block) -> Cell:
    """Its short name; the reference has a star."""
    return Cell(row.label, marks=frozenset({Mark.CODE, Mark.STAR} if block.is_reference(row) else {Mark.CODE}))


def english(row: SetupRow) -> Cell:
    """Its English score, with its spread over seeds."""
    return Cell(row.english, 1, after=after_spread(row.spreads.get(ENGLISH)))


def zero_shot(row: SetupRow, block: Block, spread: bool = True, starred: bool = False) -> Cell:
    """Its zero-shot mean, with its spread over seeds; the best of the block is marked."""
    marks = best(row.zero_shot, block.best_zero_shot)
    marks |= {Mark.STAR} if starred and block.is_reference(row) else NONE
    return Cell(row.zero_shot, 1, after=after_spread(row.seed_spread) if spread else "", marks=marks)


def language(row: SetupRow, block: Block, code: str) -> Cell:
    """Its score in a language; the best one and significant differences are marked."""
    score = row.scores.get(code)
    highest = max(other.scores[code] for other in block.rows if code in other.scores)
    return Cell(score, 1, marks=best(score, highest) | changed(row.tests.get(code)))


def difference(row: SetupRow) -> Cell:
    """Its distance to the reference, with its spread over seeds."""
    return Cell(row.difference, 1, signed=True, after=after_spread(row.difference_spread))


def from_single(row: SetupRow) -> Cell:
    """Its distance to the best single adapter where the reference is another, marked if it is significant."""
    return Cell(row.single_difference, 1, signed=True, marks=changed(row.single_tested))


def marked_difference(row: SetupRow) -> Cell:
    """The distance alone, marked if it is significant."""
    return Cell(row.difference, 1, signed=True, marks=changed(row.tested))


def difference_with_interval(row: SetupRow, code: str | None = None) -> Cell:
    """The distance with its 95 % interval, or else its spread over seeds.

    Args:
        row: The setup.
        code: A language, None for the zero-shot mean.
    """
    tested = row.tested if code is None else row.tests.get(code)
    if tested is not None:
        return Cell(tested.difference, 1, signed=True, after=f" ({interval(tested.low, tested.high)})")
    return difference(row) if code is None else Cell(row.differences.get(code), 1, signed=True)


def interval_alone(row: SetupRow) -> Cell:
    """The 95 % interval of the distance."""
    return Cell(interval(row.tested.low, row.tested.high) if row.tested else NOTHING)


def adjusted(row: SetupRow) -> Cell:
    """The p-value after Holm."""
    return Cell(p_value(row.tested.adjusted if row.tested else None))


def tally(row: SetupRow) -> Cell:
    """In how many languages it is better and worse, and in how many significantly."""
    if row.tally is None:
        return Cell()
    found = f"{row.tally.significantly_better}/{row.tally.significantly_worse}"
    return Cell(f"{row.tally.better}/{row.tally.worse} ({found})")


def wins(row: SetupRow, languages: Sequence[str]) -> Cell:
    """In how many of some languages it is better and worse."""
    if row.difference is None:
        return Cell()
    differences = [row.differences[code] for code in languages if code in row.differences]
    return Cell(f"{sum(each > 0 for each in differences)}–{sum(each < 0 for each in differences)}")


def size(row: SetupRow) -> Cell:
    """The size of its weights as they are stored, in millions of bytes."""
    return Cell(megabytes(row.stored_bytes))


def time(row: SetupRow) -> Cell:
    """The time of an example in milliseconds, the median over repeats."""
    return Cell(median(row.milliseconds) if row.milliseconds else None, 1)


def ratio(row: SetupRow) -> Cell:
    """That time relative to the reference's."""
    return Cell(row.ratio, 2)


def best(value: float | None, highest: float | None) -> frozenset[Mark]:
    """Mark the highest."""
    return frozenset({Mark.BEST}) if value is not None and value == highest else NONE


def changed(tested: Tested | None) -> frozenset[Mark]:
    """Mark what is significantly above or below."""
    if tested is None or not tested.significant or not tested.difference:
        return NONE
    return frozenset({Mark.ABOVE if tested.difference > 0 else Mark.BELOW})
