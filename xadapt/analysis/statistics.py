"""Differences to the reference, tested from stored per-example scores."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xadapt.analysis.effects import effect_size, seed_noise, tally_languages
from xadapt.analysis.multiple import holm
from xadapt.analysis.results import ENGLISH_PAIR
from xadapt.analysis.significance import (
    Estimate,
    FloatArray,
    PairedTest,
    Score,
    leave_out,
    mean_over,
    minus,
    paired_test,
)
from xadapt.analysis.tested import Tested, Untested
from xadapt.analysis.weighted_scores import mean_difference, micro_f1_difference, spearman_difference
from xadapt.store.left_out import LeftOut
from xadapt.store.result_record import ExamplesRecord, Result
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xadapt.analysis.comparison_rows import Block, SetupRow

#: Runs that are compared with each other: a setup's and the reference's.
Pairs = list[tuple[Result, Result]]


def with_tests(block: Block, languages: Sequence[str], folder: Path) -> Block:
    """Test each setup of a block against its reference: the zero-shot mean, and each language.

    See `paired_test` for what that can tell. The p-values of the means are adjusted over the block's setups, those of
    languages over a setup's target languages. Where the reference is no single adapter, the means are tested against
    the best of these too.

    Args:
        block: A block of a comparison.
        languages: The target languages that all its setups have.
        folder: Folder of per-example scores.

    Returns:
        The block, its rows with what the tests say or why there are none.
    """
    best = block.reference.row if block.reference else None
    if best is None:
        return replace(block, rows=tuple(replace(row, untested=Untested.NO_CHOICE) for row in block.rows))
    others = {index: row for index, row in enumerate(block.rows) if row.label != best.label}
    pairs = {index: paired_runs(row, best) for index, row in others.items()}
    found, why = _estimates(pairs, languages, _Reader(folder))
    means = {
        index: mean_over([found[index][code] for code in languages])
        for index in others
        if languages and all(code in found[index] for code in languages)
    }
    rows = {
        index: _row_with_tests(others[index], found[index], languages, pairs[index], why[index]) for index in others
    }
    for index, tested in _tested_together(means).items():
        rows[index] = replace(rows[index], tested=tested, untested=None)
    done = replace(block, rows=tuple(rows.get(index, row) for index, row in enumerate(block.rows)))
    return _against_single(done, means, pairs)


def _estimates(
    pairs: dict[int, Pairs], languages: Sequence[str], reader: _Reader
) -> tuple[dict[int, dict[str, Estimate]], dict[int, Untested | None]]:
    """The estimates by setup and language, and why a setup lacks some."""
    found = defaultdict[int, dict[str, Estimate]](dict)
    why: dict[int, Untested | None] = {}
    for index, runs in pairs.items():
        why[index] = Untested.NO_PAIRS if not runs else Untested.ONE_SEED if len(runs) == 1 else None
    able = {index: runs for index, runs in pairs.items() if why[index] is None}
    for code in (*languages, ENGLISH):
        scores: dict[str, dict[int, _Scored]] = defaultdict(dict)
        for index, runs in able.items():
            scored = reader.score(runs, code)
            if isinstance(scored, _Scored):
                scores[scored.rows][index] = scored
            elif code != ENGLISH:
                why[index] = why[index] or scored
        for alike in scores.values():
            for index, estimate in _leave_out_all(alike).items():
                found[index][code] = estimate
    return found, why


def _against_single(block: Block, means: dict[int, Estimate], pairs: dict[int, Pairs]) -> Block:
    """Test the means against the best single adapter as well; both differences to the reference say that too."""
    places = {row.label: index for index, row in enumerate(block.rows)}
    at = places[block.single.label] if block.single else None
    if at is None or at not in means:
        return block
    seeds = [one.seed for one, _ in pairs[at]]
    nothing = minus(means[at], means[at])
    estimates = {
        index: minus(means.get(index, nothing), means[at])
        for index, row in enumerate(block.rows)
        if index != at and (block.is_reference(row) or (index in means and [a.seed for a, _ in pairs[index]] == seeds))
    }
    tests = _tested_together(estimates)
    return replace(
        block, rows=tuple(replace(row, single_tested=tests.get(index)) for index, row in enumerate(block.rows))
    )


def _tested_together(means: dict[int, Estimate]) -> dict[int, Tested]:
    tests = {index: paired_test(mean) for index, mean in means.items()}
    adjusted = holm([test.p_value for test in tests.values()])
    return {index: _tested(test, p_value) for (index, test), p_value in zip(tests.items(), adjusted, strict=True)}


def paired_runs(row: SetupRow, best: SetupRow) -> Pairs:
    """Pair a setup's runs with the reference's by seed.

    A single run is paired with several seeds only if all of these used its very checkpoints, so that it does not depend
    on the seed.

    Returns:
        The pairs in the order of seeds, none where the two cannot be paired.
    """
    mine, theirs = {run.seed: run for run in row.runs}, {run.seed: run for run in best.runs}
    if mine.keys() == theirs.keys():
        return [(mine[seed], theirs[seed]) for seed in sorted(mine)]
    if len(theirs) == 1:
        (only,) = theirs.values()
        return [(run, only) for _, run in sorted(mine.items())] if _in_use(only, mine.values()) else []
    if len(mine) == 1:
        (only,) = mine.values()
        return [(only, run) for _, run in sorted(theirs.items())] if _in_use(only, theirs.values()) else []
    return [(mine[seed], theirs[seed]) for seed in sorted(mine.keys() & theirs.keys())]


def _in_use(only: Result, runs: Iterable[Result]) -> bool:
    return all(run.members.get(name) == made for run in runs for name, made in only.members.items())


@dataclass(frozen=True)
class _Scored:
    """What scores pairs of runs on some of a language's examples: how many there are, their groups and rows."""

    score: Score
    examples: int
    groups: tuple[int, ...]
    rows: str


class _Reader:
    """Reads per-example scores, each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[str, str], ExamplesRecord | None] = {}
        self._left_out = LeftOut()

    def score(self, pairs: Pairs, code: str) -> _Scored | Untested:
        """What scores pairs of runs on a language's examples, or why nothing does."""
        both = [[self._examples(run, code) for run in runs] for runs in zip(*pairs, strict=True)]
        if any(one is None for side in both for one in side):
            damaged = any(self._is_damaged(run, code) for runs in pairs for run in runs)
            return Untested.DAMAGED if damaged else Untested.NO_EXAMPLES
        mine, theirs = ([one for one in side if one is not None] for side in both)
        if len({one.rows for one in mine + theirs}) > 1:
            return Untested.OTHER_ROWS
        groups = next((tuple(one.groups) for one in mine + theirs if one.groups), ())
        examples = len(mine[0].values)
        if len(set(groups or range(examples))) < 2:
            return Untested.FEW_ROWS
        return _Scored(_difference(mine, theirs), examples, groups, mine[0].rows)

    def _examples(self, run: Result, code: str) -> ExamplesRecord | None:
        entry = run.languages.get(code)
        if entry is None:
            return None
        stored = self._stored(run.run, code)
        if stored is None and code == ENGLISH:
            stored = self._stored(run.run, ENGLISH_PAIR)
        # They may be of rows that were scored before, or by another metric.
        fits = stored is not None and (stored.rows, stored.score) == (entry.rows, run.metric)
        return stored if fits else None

    def _stored(self, run: str, code: str) -> ExamplesRecord | None:
        if (run, code) not in self._read:
            path = self._path(run, code)
            found = self._left_out.whole([path] if path.exists() else [], ExamplesRecord.read)
            self._read[run, code] = found[0] if found else None
        return self._read[run, code]

    def _is_damaged(self, run: Result, code: str) -> bool:
        codes = (code, ENGLISH_PAIR) if code == ENGLISH else (code,)
        return any(self._path(run.run, each) in self._left_out.faults for each in codes)

    def _path(self, run: str, code: str) -> Path:
        return self._folder / run / f"{code}.json"


def _difference(mine: list[ExamplesRecord], theirs: list[ExamplesRecord]) -> Score:
    kind = mine[0].kind
    one, other = (np.array([each.values for each in side], dtype=float) for side in (mine, theirs))
    if kind == "spearman":
        return spearman_difference(one[..., 0], other[..., 0], one[0, :, 1])
    return micro_f1_difference(one, other) if kind == "micro_f1" else mean_difference(one, other)


def _leave_out_all(scored: dict[int, _Scored]) -> dict[int, Estimate]:
    """Score several setups with the same examples left out, which is faster and as good."""
    first = next(iter(scored.values()))

    def score(weights: FloatArray) -> FloatArray:
        return np.concatenate([one.score(weights) for one in scored.values()], axis=1)

    widths = [one.score(np.ones((1, first.examples))).shape[1] for one in scored.values()]
    whole, ends = leave_out(score, first.examples, first.groups), np.cumsum(widths)
    parts = zip(scored, ends - widths, ends, strict=True)
    return {index: whole.of_seeds(start, end) for index, start, end in parts}


def _row_with_tests(
    row: SetupRow, found: dict[str, Estimate], languages: Sequence[str], pairs: Pairs, why: Untested | None
) -> SetupRow:
    effect = _effect(pairs, languages)
    each = {code: paired_test(one) for code, one in found.items()}
    targets = {code: test for code, test in each.items() if code != ENGLISH}
    if not targets:
        return replace(row, untested=why or Untested.NO_EXAMPLES, effect=effect)
    adjusted, tally = tally_languages(targets)
    tests = {code: _tested(test, adjusted.get(code, test.p_value)) for code, test in each.items()}
    return replace(row, tests=tests, tally=tally, untested=why, effect=effect)


def _effect(pairs: Pairs, languages: Sequence[str]) -> float | None:
    if len(pairs) < 2 or not languages:
        return None
    scored = all(code in run.languages for runs in pairs for run in runs for code in languages)
    if not scored:
        return None
    differences = [
        [one.languages[code].score - other.languages[code].score for code in languages] for one, other in pairs
    ]
    return effect_size(float(np.mean(differences)), seed_noise(differences))


def _tested(found: PairedTest, adjusted: float) -> Tested:
    return Tested(
        difference=found.difference,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        adjusted=adjusted,
        seed_p_value=found.seed_p_value,
        examples=found.examples,
        seeds=found.seeds,
        variance=found.variance,
    )
