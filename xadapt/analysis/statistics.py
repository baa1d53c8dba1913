"""Differences to the best single adapter, tested from stored per-example scores."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xadapt.analysis.effects import effect_size, seed_noise, tally_languages
from xadapt.analysis.resampled_scores import micro_f1_difference, spearman_difference
from xadapt.analysis.results import ENGLISH_PAIR
from xadapt.analysis.significance import (
    FloatArray,
    PairedBootstrap,
    Resampled,
    Score,
    holm,
    mean_over,
    resample,
    summarise,
)
from xadapt.analysis.tested import Tested, Untested
from xadapt.store.left_out import LeftOut
from xadapt.store.result_record import ExamplesRecord, Result
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xadapt.analysis.comparison_rows import Block, SetupRow

#: Runs that are compared with each other: a setup's and the reference's.
Pairs = list[tuple[Result, Result]]

RESAMPLES = 10_000


def with_tests(block: Block, languages: Sequence[str], folder: Path, resamples: int = RESAMPLES) -> Block:
    """Test each setup of a block against its reference: the zero-shot mean, and each language.

    Seeds and examples are resampled; see `summarise` and `mean_over` for what that can tell. The
    p-values of the means are adjusted over the block's setups, those of languages over a setup's target languages.

    Args:
        block: A block of a comparison.
        languages: The target languages that all its setups have.
        folder: Folder of per-example scores.
        resamples: How often to resample.

    Returns:
        The block, its rows with what the tests say or why there are none.
    """
    best = block.reference.row if block.reference else None
    if best is None:
        return replace(block, rows=tuple(replace(row, untested=Untested.NO_CHOICE) for row in block.rows))
    others = {index: row for index, row in enumerate(block.rows) if row.label != best.label}
    pairs = {index: paired_runs(row, best) for index, row in others.items()}
    reader, found = _Reader(folder), defaultdict[int, dict[str, Resampled]](dict)
    why = {index: None if runs else Untested.NO_PAIRS for index, runs in pairs.items()}
    for code in (*languages, ENGLISH):
        scores: dict[str, dict[int, tuple[Score, int]]] = defaultdict(dict)
        for index, runs in pairs.items():
            score, fingerprint, reason = reader.score(runs, code)
            if score is not None:
                scores[fingerprint][index] = score
            elif code != ENGLISH:
                why[index] = why[index] or reason
        for alike in scores.values():
            for index, drawn in _resample_all(alike, resamples).items():
                found[index][code] = drawn
    rows = {
        index: _row_with_tests(others[index], found[index], languages, pairs[index], why[index]) for index in others
    }
    means = {
        index: summarise(mean_over([found[index][code] for code in languages]))
        for index in others
        if languages and all(code in found[index] for code in languages)
    }
    for (index, mean), adjusted in zip(means.items(), holm([mean.p_value for mean in means.values()]), strict=True):
        rows[index] = replace(rows[index], tested=_tested(mean, adjusted), untested=None)
    return replace(block, rows=tuple(rows.get(index, row) for index, row in enumerate(block.rows)))


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


class _Reader:
    """Reads per-example scores, each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[str, str], ExamplesRecord | None] = {}
        self._left_out = LeftOut()

    def score(self, pairs: Pairs, code: str) -> tuple[tuple[Score, int] | None, str, Untested | None]:
        """What scores pairs of runs on resamples of a language's examples.

        Gives the score and how many examples there are, what names the rows, and why there is nothing.
        """
        both = [[self._examples(run, code) for run in runs] for runs in zip(*pairs, strict=True)]
        if not both or any(one is None for side in both for one in side):
            damaged = any(self._is_damaged(run, code) for runs in pairs for run in runs)
            return None, "", Untested.DAMAGED if damaged else Untested.NO_EXAMPLES
        mine, theirs = ([one for one in side if one is not None] for side in both)
        fingerprints = {one.rows for one in mine + theirs}
        if len(fingerprints) > 1:
            return None, "", Untested.OTHER_ROWS
        examples = len(mine[0].values)
        if examples < 2:
            return None, "", Untested.FEW_ROWS
        return (_difference(mine, theirs), examples), fingerprints.pop(), None

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
    if kind == "micro_f1":
        return micro_f1_difference(one, other)
    differences = 100.0 * (one - other) / one.shape[1]
    return lambda counts: counts @ differences.T


def _resample_all(scores: dict[int, tuple[Score, int]], resamples: int) -> dict[int, Resampled]:
    """Score several setups on the same resamples, which is faster and as good."""
    examples = next(size for _, size in scores.values())

    def score(counts: FloatArray) -> FloatArray:
        return np.concatenate([one(counts) for one, _ in scores.values()], axis=1)

    widths = [one(np.ones((1, examples))).shape[1] for one, _ in scores.values()]
    whole, ends = resample(score, examples, resamples), np.cumsum(widths)
    parts = zip(scores, ends - widths, ends, strict=True)
    return {
        index: Resampled(whole.observed[start:end], whole.drawn[:, start:end], examples) for index, start, end in parts
    }


def _row_with_tests(
    row: SetupRow, found: dict[str, Resampled], languages: Sequence[str], pairs: Pairs, why: Untested | None
) -> SetupRow:
    effect = _effect(pairs, languages)
    each = {code: summarise(drawn) for code, drawn in found.items()}
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


def _tested(found: PairedBootstrap, adjusted: float) -> Tested:
    return Tested(
        difference=found.difference,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        adjusted=adjusted,
        seed_p_value=found.seed_p_value,
        examples=found.examples,
        seeds=found.seeds,
    )
