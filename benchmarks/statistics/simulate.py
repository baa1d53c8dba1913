"""How often tests find a difference where there is none, and where there is one, in made-up experiments.

python benchmarks/statistics/simulate.py [--experiments 1000]

prints the tables of README.md beside it, in about ten minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import special

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

from made_up import SETUPS, Case, Language, qa, ud_pos, xnli

from xadapt.analysis.multiple import holm
from xadapt.analysis.power import detectable
from xadapt.analysis.significance import (
    Estimate,
    Score,
    Variance,
    leave_out,
    mean_over,
    p_value,
    paired_test,
    variance_of,
)
from xadapt.analysis.weighted_scores import mean_difference, micro_f1_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

EFFECTS = (1.0, 2.0, 3.0)
#: Experiments of a case that are resampled too, and how often.
BOOTSTRAPPED, RESAMPLES = 250, 1000

#: Experiments with normal variances, a share of variance each.
DRAWN = 30_000

TESTS = (
    "bootstrap over seeds and rows",
    "t over seeds",
    "both of these",
    "Welch and Satterthwaite",
    "**the test of xadapt**",
)
ALONE = "the same, each row alone"


@dataclass
class Found:
    """P-values of a test: by experiment, effect (none first) and setup."""

    p_values: list[list[list[float]]]

    def rate(self, effect: int) -> float:
        """Per cent of the tests of an effect that find it."""
        found = np.array(self.p_values)[:, effect]
        return 100 * float((found < 0.05).mean())

    def any_after_holm(self) -> float:
        """Per cent of experiments without effect in which any setup's difference is found."""
        return 100 * float(np.mean([min(holm(one[0])) < 0.05 for one in self.p_values]))


def main() -> None:
    """Print the tables as Markdown, all but points in per cent."""
    parser = argparse.ArgumentParser(description="Made-up experiments: how often tests find a difference.")
    parser.add_argument("--experiments", type=int, default=1000)
    experiments = parser.parse_args().experiments
    cases = [case(seeds) for seeds in (3, 5) for case in (xnli, lambda n: ud_pos(n, 2), lambda n: ud_pos(n, 4), qa)]
    levels, powers = [], []
    for case in cases:
        found, predicted, shown = _simulate(case, experiments)
        for name, one in found.items():
            line = [f"{case.name}, {case.seeds} seeds", name, f"{one.rate(0):.1f}", f"{one.any_after_holm():.1f}"]
            levels.append([*line, *(f"{one.rate(1 + index):.0f}" for index in range(len(EFFECTS)))])
        powers.append([f"{case.name}, {case.seeds} seeds", f"{predicted:.1f}", f"{shown:.0f}"])
        print(f"{case.name}, {case.seeds} seeds: done", file=sys.stderr)
    single = [_one_seed(case, experiments // 2) for case in (xnli(1), ud_pos(1, 2), ud_pos(1, 4), qa(1))]
    effects = [f"{effect:.0f}" for effect in EFFECTS]
    print(_table(["like", "test", "false", f"any of {SETUPS}", *effects], levels), end="\n\n")
    print(_table(["like", "false"], single), end="\n\n")
    print(_table(["like", "predicted, points", "found there"], powers), end="\n\n")
    print(_table(["seeds", "false at most", "false at least", "any of 9 unlike ones at most"], _normal()))


def _simulate(case: Case, experiments: int) -> tuple[dict[str, Found], float, float]:
    """P-values by test, the difference that 80 % of experiments were predicted to find, and how many did."""
    random = np.random.default_rng(2026)
    found = {name: Found([]) for name in TESTS}
    grouped = case.name == "QA-like"
    if grouped:
        found[ALONE] = Found([])
    estimates: list[list[Estimate]] = []
    for number in range(experiments):
        languages = case.draw(random)
        estimates.append(_estimates(languages))
        drawn = _resampled(languages, random) if number < BOOTSTRAPPED else None
        _note(found, estimates[-1], drawn, case.seeds)
        if grouped:
            alone = _estimates([replace(language, groups=()) for language in languages])
            found[ALONE].p_values.append(_at_effects(lambda one: paired_test(one).p_value, alone))
    variances = [variance_of(one) for experiment in estimates for one in experiment]
    mean = Variance(*(float(np.mean([getattr(one, name) for one in variances])) for name in _PARTS))
    predicted = detectable(mean, case.seeds)
    shown = [paired_test(_with_effect(one, predicted)).p_value < 0.05 for each in estimates for one in each]
    return found, predicted, 100 * float(np.mean(shown))


_PARTS = ("seeds", "examples", "noise", "freedom")


def _note(found: dict[str, Found], estimates: list[Estimate], drawn: NDArray[np.float64] | None, seeds: int) -> None:
    def welch(one: Estimate) -> float:
        parts = variance_of(one)
        whole = parts.seeds + parts.examples
        freedom = whole**2 / (parts.seeds**2 / (seeds - 1) + parts.examples**2 / parts.freedom)
        return float(2 * special.stdtr(freedom, -abs(one.observed.mean()) / np.sqrt(whole)))

    def over_seeds(one: Estimate) -> float:
        return paired_test(one).seed_p_value or 0.0

    boot, t, both, satterthwaite, ours = (found[name] for name in TESTS)
    t.p_values.append(_at_effects(over_seeds, estimates))
    satterthwaite.p_values.append(_at_effects(welch, estimates))
    ours.p_values.append(_at_effects(lambda one: paired_test(one).p_value, estimates))
    if drawn is not None:
        boot.p_values.append(
            [
                [_bootstrap(one.observed.mean(), effect, drawn[index]) for index, one in enumerate(estimates)]
                for effect in (0.0, *EFFECTS)
            ]
        )
        both.p_values.append(np.maximum(boot.p_values[-1], t.p_values[-1]).tolist())


def _at_effects(test: Callable[[Estimate], float], estimates: Sequence[Estimate]) -> list[list[float]]:
    return [[test(_with_effect(one, effect)) for one in estimates] for effect in (0.0, *EFFECTS)]


def _with_effect(one: Estimate, effect: float) -> Estimate:
    return replace(one, observed=one.observed + effect)


def _score(language: Language) -> Score:
    """Every setup's difference to the reference, by seed: columns of one array."""
    values = language.values
    systems, seeds = values.shape[:2]
    flat = values[1:].reshape((systems - 1) * seeds, *values.shape[2:])
    reference = np.tile(values[0], (systems - 1, *[1] * (values.ndim - 2)))
    return micro_f1_difference(flat, reference) if values.ndim == 4 else mean_difference(flat, reference)


def _estimates(languages: Sequence[Language]) -> list[Estimate]:
    seeds = languages[0].values.shape[1]
    whole = mean_over([leave_out(_score(one), one.values.shape[2], one.groups) for one in languages])
    return [
        Estimate(
            whole.observed[start : start + seeds],
            {key: moved[:, start : start + seeds] for key, moved in whole.moved.items()},
            whole.examples,
        )
        for start in range(0, len(whole.observed), seeds)
    ]


def _resampled(languages: Sequence[Language], random: np.random.Generator) -> NDArray[np.float64]:
    """Mean differences on resamples of the rows, the same in every language, and of the seeds: (setups, resamples)."""
    seeds, rows = languages[0].values.shape[1:3]
    counts = random.multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES).astype(float)
    drawn = np.mean([_score(one)(counts) for one in languages], axis=0).reshape(RESAMPLES, SETUPS, seeds)
    weights = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES) / seeds
    return np.einsum("rks,rs->kr", drawn, weights)


def _bootstrap(difference: float, effect: float, drawn: NDArray[np.float64]) -> float:
    return (int((np.abs(drawn - difference) >= abs(difference + effect)).sum()) + 1) / (RESAMPLES + 1)


def _one_seed(case: Case, experiments: int) -> list[str]:
    random = np.random.default_rng(2026)
    wrong = []
    for _ in range(min(experiments, BOOTSTRAPPED)):
        languages = case.draw(random)
        observed = mean_over([leave_out(_score(one), one.values.shape[2]) for one in languages]).observed
        drawn = _resampled(languages, random)
        wrong += [_bootstrap(one, 0.0, drawn[index]) < 0.05 for index, one in enumerate(observed)]
    return [f"{case.name}, one seed", f"{100 * np.mean(wrong):.0f}"]


def _normal() -> list[list[str]]:
    """The least and the greatest level over shares of variance of seeds and rows, where both are normal."""
    random = np.random.default_rng(2026)
    lines = []
    for seeds in (2, 3, 4, 5, 8):
        levels, tails = [], []
        for share in np.geomspace(0.03, 30, 13):
            over_seeds = random.normal(size=(DRAWN, seeds)) * np.sqrt(share * seeds)
            difference = over_seeds.mean(axis=1) + random.normal(size=DRAWN)
            variances = over_seeds.var(axis=1, ddof=1) / seeds, random.chisquare(99, size=DRAWN) / 99
            drawn = zip(difference, *variances, strict=True)
            found = np.array([p_value(one, Variance(seed, rows, 0.0, 99.0), seeds) for one, seed, rows in drawn])
            levels.append(100 * np.mean(found < 0.05))
            # Nine that have nothing in common are the most that Holm's first step can meet.
            tails.append(100 * (1 - (1 - np.mean(found < 0.05 / SETUPS)) ** SETUPS))
        lines.append([str(seeds), f"{max(levels):.1f}", f"{min(levels):.1f}", f"{max(tails):.1f}"])
    return lines


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *lines])


if __name__ == "__main__":
    main()
