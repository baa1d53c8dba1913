"""The verdict on a comparison as data: which setup is judged, whether it wins, by how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import (
    Block,
    Reference,
    SetupRow,
    TaskComparison,
    best_in_english,
)
from xadapt.analysis.reference import PLAIN
from xadapt.composition.expression import uses_unlabelled
from xadapt.composition.grammar import parse
from xadapt.composition.specs import is_several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xadapt.analysis.tested import Tested, Untested

#: Closer than this, and two scores print the same.
TIE = 0.05


class Outcome(Enum):
    """Where the judged setup is, seen from the reference."""

    ABOVE = auto()
    BELOW = auto()
    LEVEL = auto()
    #: There is nothing to compare with.
    NO_SINGLE = auto()
    #: There is no composition to compare.
    NO_COMPOSITION = auto()
    #: No target language was scored by every setup.
    NO_LANGUAGE = auto()


@dataclass(frozen=True)
class Verdict:
    """Whether the judged setup of a block beats the reference.

    Attributes:
        outcome: Where it is, by the size of the difference alone.
        row: The setup that is judged, None where there is nothing to judge.
        reference: What it is measured against.
        difference: In points, the test's where there is one; None where there is nothing to judge.
        spread: Standard deviation of the difference over seeds, None where it cannot be measured.
        tested: What the test says.
        untested: Why there is no test.
    """

    outcome: Outcome
    row: SetupRow | None = None
    reference: Reference | None = None
    difference: float | None = None
    spread: float | None = None
    tested: Tested | None = None
    untested: Untested | None = None

    @property
    def significant(self) -> bool:
        """Whether a test found a difference."""
        return self.tested is not None and self.tested.significant

    @property
    def within_seeds(self) -> bool:
        """Whether the difference is no larger than its standard deviation over seeds."""
        return self.difference is not None and self.spread is not None and abs(self.difference) <= self.spread


def decide(block: Block) -> Verdict:
    """Judge a block."""
    row, reference = judged(block), block.reference
    if reference is None:
        return Verdict(Outcome.NO_SINGLE)
    if row is None or row.difference is None:
        alone = all(row.family in PLAIN for row in block.rows)
        return Verdict(Outcome.NO_COMPOSITION if alone else Outcome.NO_LANGUAGE, reference=reference)
    difference = row.tested.difference if row.tested else row.difference
    level = abs(difference) < TIE and not (row.tested and row.tested.significant)
    outcome = Outcome.LEVEL if level else Outcome.ABOVE if difference > 0 else Outcome.BELOW
    return Verdict(outcome, row, reference, difference, row.difference_spread, row.tested, row.untested)


def compositions(block: Block) -> list[SetupRow]:
    """The setups that put adapters together and can be compared with the reference."""
    return [row for row in block.rows if row.family not in PLAIN and row.difference is not None]


def judged(block: Block) -> SetupRow | None:
    """Pick the setup a verdict is about: the best candidate by English dev or test score, never by target languages.

    Returns:
        Its row; where there is no English score, the first by name; None if there is no composition that can be
        compared.
    """
    return best_in_english(candidates(block))


def candidates(block: Block) -> list[SetupRow]:
    """The compositions among which English chooses the judged one.

    Those that were trained on the target come before straight ones, zero-shot ones before those that read unlabelled
    text, and one model before several, whose dev score is but the mean of theirs, or that of what dev rows chose.
    """
    rows = compositions(block)
    for comes_first in (lambda row: row.with_target, _zero_shot, _one_model):
        rows = [row for row in rows if comes_first(row)] or rows
    return rows


def _zero_shot(row: SetupRow) -> bool:
    return not uses_unlabelled(parse(row.setup))


def _one_model(row: SetupRow) -> bool:
    return not is_several(parse(row.setup).kind)


@dataclass(frozen=True)
class Case:
    """A task with the composition that is judged on it."""

    comparison: TaskComparison
    block: Block
    row: SetupRow

    @property
    def difference(self) -> float:
        """How far the composition is above the reference, in points."""
        return self.row.tested.difference if self.row.tested else self.row.difference or 0.0

    @property
    def against(self) -> str:
        """What it is measured against."""
        assert self.block.reference is not None
        return self.block.reference.label


def judged_cases(comparisons: Iterable[TaskComparison]) -> list[Case]:
    """The tasks on which a composition can be judged, each with that composition.

    A task counts once, with the block that was trained on its English rows if there is one to judge.
    """
    return [case for comparison in comparisons if (case := _case(comparison)) is not None]


def _case(comparison: TaskComparison) -> Case | None:
    for block in sorted(comparison.blocks, key=lambda block: not block.with_target):
        row = judged(block)
        if row is not None:
            return Case(comparison, block, row)
    return None


@dataclass(frozen=True)
class Outcomes:
    """How many tested setups are significantly above the reference, below it, and neither."""

    above: int
    below: int
    undecided: int

    @property
    def tests(self) -> int:
        """How many were tested."""
        return self.above + self.below + self.undecided


def rows_by_setup(comparisons: Iterable[TaskComparison]) -> dict[str, list[SetupRow]]:
    """The compositions of the judged blocks by label, a row a task."""
    found: dict[str, list[SetupRow]] = {}
    for case in judged_cases(comparisons):
        for row in compositions(case.block):
            found.setdefault(row.label, []).append(row)
    return found


def outcomes(rows: Sequence[SetupRow]) -> Outcomes:
    """Count what the tests of some setups found."""
    tests = [row.tested for row in rows if row.tested]
    found = [test.difference > 0 for test in tests if test.significant]
    return Outcomes(sum(found), len(found) - sum(found), len(tests) - len(found))
