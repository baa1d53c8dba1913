"""What a comparison is made of: rows, what they are measured against, and the blocks in which they may be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xadapt.analysis.results import Result

#: An adjusted p-value below this is called significant.
ALPHA = 0.05
#: With fewer seeds than this, what chance does between seeds is hardly known.
FEW_SEEDS = 5


@dataclass(frozen=True)
class Tested:
    """What a paired bootstrap over seeds and examples says of a setup's difference to the best single adapter.

    Attributes:
        difference: The difference in points, mean over seeds.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p_value: Two-sided, of the bootstrap.
        adjusted: The same after Holm: a language's over the setup's languages, a mean's over the block's setups.
        seed_p_value: Of a t-test over seeds alone, None with one seed or no spread.
        examples: Examples that were paired.
        seeds: Seeds that were paired.
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


@dataclass(frozen=True)
class Row:
    """One setup of a comparison; scores are 0-100 and averaged over seeds.

    Attributes:
        setup: The whole expression.
        label: Short name, unique in its block: the setup without the target's adapter.
        family: See `xadapt.analysis.families`.
        seeds: The seeds it was trained with.
        english: English score, None if English was not evaluated.
        zero_shot: Mean over the comparison's common target languages, None if there is none.
        gap: English minus zero-shot.
        language_spread: Standard deviation over the target languages (all of them, so divided by n).
        seeds_zero_shot: The zero-shot mean of each seed.
        seed_spread: Standard deviation of the zero-shot mean over seeds (divided by n - 1), None for one seed.
        spreads: The same for each language's score; empty for one seed.
        total: Rows behind English and the zero-shot mean, in one run.
        difference: Zero-shot minus that of the block's reference, None without a reference.
        difference_spread: Standard deviation of that difference over seeds (divided by n - 1); None for one seed, for
            the reference itself, and where the two have different seeds.
        ahead: In how many of the common target languages it is above the reference, None without a reference.
        scores: Score per language, all languages it has.
        differences: Per language, minus the reference's.
        others: Zero-shot means of the other scores, such as "exact_match".
        parameters: Parameters of the adapters and fusions in use, None if not recorded.
        head_parameters: Parameters of the heads that answered, None if not recorded.
        milliseconds: Time of an example, one value a repeat of the measurement; empty if it was not measured.
        ratio: Median over repeats of that time relative to the reference's in the same repeat, None if not measured.
        tested: The zero-shot mean's difference to the reference, tested; None where it could not be, and for the
            reference itself.
        tests: The same by language. Target languages are adjusted as one family, English is one of its own.
        untested: Why there is no test, "" where there is one or none was tried.
        tally: Wins and losses by language, None if not tested.
        effect: The difference in standard deviations over seeds of one language's difference; None without two seeds
            that can be paired.
        runs: The results behind the row, one a seed, in the order of `seeds`.
        dev: Score on English dev rows when it was trained, mean over seeds; None if not recorded.
        dev_task: The task of these rows.
    """

    setup: str
    label: str
    family: str
    seeds: tuple[int, ...]
    english: float | None
    zero_shot: float | None
    gap: float | None
    language_spread: float | None
    seeds_zero_shot: Mapping[int, float]
    seed_spread: float | None
    spreads: Mapping[str, float]
    total: int
    difference: float | None
    difference_spread: float | None
    ahead: int | None
    scores: Mapping[str, float]
    differences: Mapping[str, float]
    others: Mapping[str, float]
    parameters: int | None
    head_parameters: int | None
    milliseconds: tuple[float, ...]
    ratio: float | None
    tested: Tested | None = None
    tests: Mapping[str, Tested] = field(default_factory=dict)
    untested: str = ""
    tally: Tally | None = None
    effect: float | None = None
    runs: tuple[Result, ...] = ()
    dev: float | None = None
    dev_task: str = ""

    @property
    def stored_bytes(self) -> int | None:
        """Size of the weights of adapters, fusions and heads as they are stored, in half precision."""
        if self.parameters is None or self.head_parameters is None:
            return None
        return 2 * (self.parameters + self.head_parameters)


@dataclass(frozen=True)
class Reference:
    """What the setups of a block are measured against.

    Attributes:
        label: The best single adapter's label, or words for the mean of the singles.
        chosen: Whether it is one adapter, chosen by its English score. Without English scores nothing may be chosen
            (the target languages must not choose), so the reference is the mean of all singles.
        scores: Score per language.
        zero_shot: Its zero-shot mean.
        seeds: Number of seeds behind it, of the single with the fewest.
        row: The adapter's row, None for the mean of several.
        by_dev: Whether it was chosen on English dev rows; otherwise, if chosen, on English test rows.
        by_targets: Whether the target languages' test rows chose it, because that was asked for.
    """

    label: str
    chosen: bool
    scores: Mapping[str, float]
    zero_shot: float | None
    seeds: int
    row: Row | None
    by_dev: bool = False
    by_targets: bool = False


@dataclass(frozen=True)
class Block:
    """Setups that may be compared with each other: all with the target's adapter or all without, measured alike."""

    with_target: bool
    variant: str
    rows: tuple[Row, ...]
    reference: Reference | None


@dataclass(frozen=True)
class TaskComparison:
    """All setups of one task on one base, with the same data and limit.

    Attributes:
        task: The task.
        kind: Its kind.
        metric: The score that is compared.
        base: The frozen encoder.
        data: Where the rows came from.
        limit: Most rows per language, None for all.
        sample: Whether the results say that their rows are a sample.
        languages: Target languages all setups have, the ones behind every zero-shot mean.
        left_out: Other target languages, with the setups that lack them.
        counts: Rows per language; where setups differ, the smallest number.
        uneven: Languages in which setups were scored on different numbers of rows.
        unlike: Members that are not the same checkpoint in every setup of one seed.
        splits: The splits the rows came from.
        blocks: The comparisons proper.
        timed: How the time of an example was measured, "" if it was not.
    """

    task: str
    kind: str
    metric: str
    base: str
    data: str
    limit: int | None
    sample: bool
    languages: tuple[str, ...]
    left_out: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]
    uneven: tuple[str, ...]
    unlike: tuple[str, ...]
    splits: tuple[str, ...]
    blocks: tuple[Block, ...]
    timed: str

    @property
    def alone(self) -> bool:
        """Whether there is one setup only, so that nothing is compared."""
        return sum(len(block.rows) for block in self.blocks) == 1

    @property
    def name(self) -> str:
        """Task, base, data and limit in one line."""
        limit = "" if self.limit is None else f", at most {self.limit} rows per language"
        return f"{self.task} on {self.base}, {self.data} data{limit}"


def graded_on_dev(rows: Sequence[Row]) -> bool:
    """Whether all rows have a score on the same English dev rows, so that these can choose between them."""
    return bool(rows) and all(row.dev is not None for row in rows) and len({row.dev_task for row in rows}) == 1


def best_in_english(rows: Sequence[Row]) -> Row | None:
    """Choose by English dev rows where all have them, else by English test rows; of equals the first by label."""
    on_dev = graded_on_dev(rows)

    def rank(row: Row) -> tuple[float, str]:
        return -(row.dev if on_dev and row.dev is not None else english_or_least(row)), row.label

    return min(rows, key=rank, default=None)


def english_or_least(row: Row) -> float:
    """Give the English score for ranking; a setup without one comes after all others."""
    return -math.inf if row.english is None else row.english
