"""What tests say of a difference, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xadapt.analysis.significance import Variance

#: An adjusted p-value below this is called significant.
ALPHA = 0.05
#: With fewer seeds than this, what chance does between seeds can hardly be measured.
FEW_SEEDS = 5
#: A task whose tests would hardly find a difference of so many points is descriptive only.
WANTED = 3.0


class Untested(Enum):
    """Why a difference was not tested."""

    #: Nothing was stored to test with.
    NO_EXAMPLES = auto()
    #: What was stored to test with is damaged.
    DAMAGED = auto()
    #: Its runs have no seed in common with those of the reference.
    NO_PAIRS = auto()
    #: There is one seed, which says nothing of others.
    ONE_SEED = auto()
    #: There are no English rows to choose a reference by.
    NO_CHOICE = auto()
    #: It was not scored on the same rows as the reference.
    OTHER_ROWS = auto()
    #: A language has fewer than two rows, or two paragraphs.
    FEW_ROWS = auto()


@dataclass(frozen=True)
class Tested:
    """What :func:`~xadapt.analysis.significance.paired_test` says of a setup's difference to another.

    Attributes:
        difference: The difference in points, mean over seeds.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p_value: Two-sided.
        adjusted: The same after Holm: a language's over the setup's languages, a mean's over the block's setups.
        seed_p_value: Of a t-test over seeds alone, None where all seeds differ alike.
        examples: Examples that were paired.
        seeds: Seeds that were paired.
        variance: What the difference varies by.
    """

    #: Not a class of tests, whatever its name makes of it.
    __test__ = False

    difference: float
    low: float
    high: float
    p_value: float
    adjusted: float
    seed_p_value: float | None
    examples: int
    seeds: int
    variance: Variance | None = None

    @property
    def significant(self) -> bool:
        """Whether the adjusted p-value is below :data:`ALPHA`."""
        return self.adjusted < ALPHA


@dataclass(frozen=True)
class Tally:
    """In how many target languages a setup is above and below the reference.

    Attributes:
        better: Languages above it.
        worse: Languages below it.
        significantly_better: Those above it whose adjusted p-value is below :data:`ALPHA`.
        significantly_worse: The same below it.
        sign_p_value: Two-sided, of the sign test that both are equally likely.
    """

    better: int
    worse: int
    significantly_better: int
    significantly_worse: int
    sign_p_value: float
