"""What a comparison is made of: rows, what they are measured against, and the blocks in which they may be compared."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xadapt.tables import Cell, Mark, Table, html_table, numbers, terminal_text, words
from xadapt.tables.numbers import p_value
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xadapt.analysis.costs import Timing
    from xadapt.analysis.tested import Tally, Tested, Untested
    from xadapt.store.result_record import Result


@dataclass(frozen=True)
class SetupRow:
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
        untested: Why there is no test, None where there is one or none was tried.
        tally: Wins and losses by language, None if not tested.
        effect: The difference in standard deviations over seeds of one language's difference; None without two seeds
            that can be paired.
        runs: The results behind the row, one a seed, in the order of `seeds`.
        dev: Score on English dev rows when it was trained, mean over seeds; None if not recorded.
        dev_task: The task of these rows.
        with_target: Whether it was trained on the target's English rows; a straight one was not.
        continued: Whether the target was learnt by training its weights on, not by an adapter on top.
        single_difference: Zero-shot minus that of the best single adapter, where the reference is another.
        single_tested: That difference, tested.
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
    untested: Untested | None = None
    tally: Tally | None = None
    effect: float | None = None
    runs: tuple[Result, ...] = ()
    dev: float | None = None
    dev_task: str = ""
    with_target: bool = False
    continued: bool = False
    single_difference: float | None = None
    single_tested: Tested | None = None

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
        label: Its label, or words for the mean of the singles.
        chosen: Whether it is one setup, chosen by its English score. Without English scores nothing may be chosen
            (the target languages must not choose), so the reference is the mean of all singles.
        scores: Score per language.
        zero_shot: Its zero-shot mean.
        seeds: Number of seeds behind it, of the single with the fewest.
        row: Its row, None for the mean of several.
        by_dev: Whether it was chosen on English dev rows; otherwise, if chosen, on English test rows.
        by_targets: Whether the target languages' test rows chose it, because that was asked for.
        with_none: Whether no intermediate adapter at all could have been chosen too.
    """

    label: str
    chosen: bool
    scores: Mapping[str, float]
    zero_shot: float | None
    seeds: int
    row: SetupRow | None
    by_dev: bool = False
    by_targets: bool = False
    with_none: bool = False


@dataclass(frozen=True)
class Block:
    """Setups that may be compared with each other: measured alike, on the same task.

    Attributes:
        variant: What tells these measurements from others of the task, such as the layer of a retrieval.
        rows: The setups.
        reference: What they are measured against, None where there is nothing.
        single: The best single adapter, where the reference is none at all.
    """

    variant: str
    rows: tuple[SetupRow, ...]
    reference: Reference | None
    single: Reference | None = None

    @property
    def with_target(self) -> bool:
        """Whether any setup was trained on the target's English rows."""
        return any(row.with_target for row in self.rows)

    @property
    def languages(self) -> list[str]:
        """The languages that any setup has, English first, then by code."""
        return sorted({code for row in self.rows for code in row.scores}, key=english_first)

    @property
    def best_zero_shot(self) -> float | None:
        """The highest zero-shot mean, None where there is none."""
        return max((row.zero_shot for row in self.rows if row.zero_shot is not None), default=None)

    def is_reference(self, row: SetupRow) -> bool:
        """Whether a setup is the one that was chosen as reference."""
        return self.reference is not None and self.reference.chosen and row.label == self.reference.label


@dataclass(frozen=True, repr=False)
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
        timed: How the time of an example was measured, None if it was not.
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
    timed: Timing | None

    @property
    def alone(self) -> bool:
        """Whether there is one setup only, so that nothing is compared."""
        return sum(len(block.rows) for block in self.blocks) == 1

    @property
    def name(self) -> str:
        """Task, base, data and limit in one line."""
        limit = "" if self.limit is None else f", at most {self.limit} rows per language"
        return f"{self.task} on {self.base}, {self.data} data{limit}"

    def to_table(self) -> Table:
        """The setups of all blocks: English, zero-shot mean, difference to the reference, its p-value."""
        lines = []
        for block in self.blocks:
            for row in block.rows:
                name = Cell(row.label, marks=frozenset({Mark.STAR} if block.is_reference(row) else ()))
                line = [name, Cell(row.english, 1), Cell(row.zero_shot, 1), Cell(row.difference, 1, signed=True)]
                line.append(Cell(p_value(row.tested.adjusted if row.tested else None)))
                lines.append([*line, Cell(row.total), Cell(len(row.seeds))])
        columns = [*words("setup", wraps=True), *numbers("English", "zero-shot", "vs *", "p (Holm)", "N", "seeds")]
        note = "* reference" if any(block.reference for block in self.blocks) else ""
        return Table(f"{self.name}: {self.metric}", columns, lines, caption=note)

    def __repr__(self) -> str:
        return terminal_text(self.to_table())

    def _repr_html_(self) -> str:
        return html_table(self.to_table())


def english_first(code: str) -> tuple[bool, str]:
    """Sort key of languages: English, then by code."""
    return code != ENGLISH, code


def graded_on_dev(rows: Sequence[SetupRow]) -> bool:
    """Whether all rows have a score on the same English dev rows, so that these can choose between them."""
    return bool(rows) and all(row.dev is not None for row in rows) and len({row.dev_task for row in rows}) == 1


def best_in_english(rows: Sequence[SetupRow]) -> SetupRow | None:
    """Choose by English dev rows where all have them, else by English test rows; of equals the first by label."""
    on_dev = graded_on_dev(rows)

    def rank(row: SetupRow) -> tuple[float, str]:
        return -(row.dev if on_dev and row.dev is not None else english_or_least(row)), row.label

    return min(rows, key=rank, default=None)


def english_or_least(row: SetupRow) -> float:
    """Give the English score for ranking; a setup without one comes after all others."""
    return -math.inf if row.english is None else row.english
