"""Differences to the best single adapter, tested from stored per-example scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from xadapt.analysis.comparison_rows import ALPHA, Block, Row, Tally, Tested
from xadapt.analysis.effects import effect_size, seed_noise, wins_and_losses
from xadapt.analysis.resampled_scores import micro_f1_difference, spearman_difference
from xadapt.analysis.results import ENGLISH, Result
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
from xadapt.evaluation.stored_examples import StoredExamples, read_examples
from xadapt.reports.verdicts import NO_EXAMPLES

#: Runs that are compared with each other: a setup's and the reference's.
Pairs = list[tuple[Result, Result]]

RESAMPLES = 10_000
_NO_PAIRS = "its runs have no seed in common with those of the best single adapter"
_NO_CHOICE = "there are no English rows to choose a best single adapter by"
_OTHER_ROWS = "it was not scored on the same rows as the best single adapter"
_FEW_ROWS = "a language has fewer than two rows"


def with_tests(block: Block, languages: Sequence[str], folder: Path, resamples: int = RESAMPLES) -> Block:
    """Test each setup of a block against its reference: the zero-shot mean, and each language.

    Seeds and examples are resampled; see `paired_bootstrap` and `paired_bootstrap_strata` for what that can tell. The
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
        return replace(block, rows=tuple(replace(row, untested=_NO_CHOICE) for row in block.rows))
    others = {place: row for place, row in enumerate(block.rows) if row.label != best.label}
    pairs = {place: paired_runs(row, best) for place, row in others.items()}
    reader, found = _Reader(folder), defaultdict[int, dict[str, Resampled]](dict)
    why = {place: "" if runs else _NO_PAIRS for place, runs in pairs.items()}
    for code in (*languages, ENGLISH):
        scores: dict[str, dict[int, tuple[Score, int]]] = defaultdict(dict)
        for place, runs in pairs.items():
            score, fingerprint, reason = reader.score(runs, code)
            if score is not None:
                scores[fingerprint][place] = score
            elif code != ENGLISH:
                why[place] = why[place] or reason
        for alike in scores.values():
            for place, drawn in _resample_all(alike, resamples).items():
                found[place][code] = drawn
    rows = {
        place: _row_with_tests(others[place], found[place], languages, pairs[place], why[place]) for place in others
    }
    means = {
        place: summarise(mean_over([found[place][code] for code in languages]))
        for place in others
        if languages and all(code in found[place] for code in languages)
    }
    for (place, mean), adjusted in zip(means.items(), holm([mean.p_value for mean in means.values()]), strict=True):
        rows[place] = replace(rows[place], tested=_tested(mean, adjusted), untested="")
    return replace(block, rows=tuple(rows.get(place, row) for place, row in enumerate(block.rows)))


def paired_runs(row: Row, best: Row) -> Pairs:
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


def _in_use(only: Result, runs: Any) -> bool:
    return all(run.members.get(name) == made for run in runs for name, made in only.members.items())


class _Reader:
    """Reads per-example scores, each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[str, str], StoredExamples | None] = {}

    def score(self, pairs: Pairs, code: str) -> tuple[tuple[Score, int] | None, str, str]:
        """What scores pairs of runs on resamples of a language's examples and how many there are, what names the
        rows, and why there is nothing.
        """
        both = [[self._examples(run, code) for run in runs] for runs in zip(*pairs, strict=True)]
        if not both or any(one is None for side in both for one in side):
            return None, "", NO_EXAMPLES
        mine, theirs = ([one for one in side if one is not None] for side in both)
        fingerprints = {one.rows for one in mine + theirs}
        if len(fingerprints) > 1:
            return None, "", _OTHER_ROWS
        examples = len(mine[0].examples.values)
        if examples < 2:
            return None, "", _FEW_ROWS
        return (_difference(mine, theirs), examples), fingerprints.pop(), ""

    def _examples(self, run: Result, code: str) -> StoredExamples | None:
        entry = run.languages.get(code)
        if entry is None:
            return None
        key = run.run, entry.code
        if key not in self._read:
            self._read[key] = read_examples(self._folder, *key)
        stored = self._read[key]
        # They may be of rows that were scored before, or by another metric.
        fits = stored is not None and (stored.rows, stored.score) == (entry.rows, run.metric)
        return stored if fits else None


def _difference(mine: list[StoredExamples], theirs: list[StoredExamples]) -> Score:
    kind = mine[0].examples.kind
    one, other = (np.array([each.examples.values for each in side], dtype=float) for side in (mine, theirs))
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
        place: Resampled(whole.observed[start:end], whole.drawn[:, start:end], examples) for place, start, end in parts
    }


def _row_with_tests(row: Row, found: dict[str, Resampled], languages: Sequence[str], pairs: Pairs, why: str) -> Row:
    effect = _effect(pairs, languages)
    each = {code: summarise(drawn) for code, drawn in found.items()}
    targets = {code: test for code, test in each.items() if code != ENGLISH}
    if not targets:
        return replace(row, untested=why or NO_EXAMPLES, effect=effect)
    counted = wins_and_losses(targets, ALPHA)
    tests = {code: _tested(test, counted.adjusted.get(code, test.p_value)) for code, test in each.items()}
    tally = Tally(
        better=len(counted.by_sign.wins),
        worse=len(counted.by_sign.losses),
        significantly_better=len(counted.significant.wins),
        significantly_worse=len(counted.significant.losses),
        sign_p_value=counted.sign_p_value,
    )
    return replace(row, tests=tests, tally=tally, untested=why, effect=effect)


def _effect(pairs: Pairs, languages: Sequence[str]) -> float | None:
    if len(pairs) < 2 or not languages:
        return None
    scored = all(code in run.languages for runs in pairs for run in runs for code in languages)
    if not scored:
        return None
    differences = [
        [one.languages[code].scores[one.metric] - other.languages[code].scores[one.metric] for code in languages]
        for one, other in pairs
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
