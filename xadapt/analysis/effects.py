"""The figures beside a significance test: the rival, the noise of seeds, wins and losses, the gap to English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike
from scipy import stats

from xadapt.analysis.significance import PairedBootstrap, finite, finite_each, holm
from xadapt.errors import XadaptError

ENGLISH = "en"
#: Differences below this are rounding.
_NOTHING = 1e-9


@dataclass(frozen=True)
class Tally:
    """Languages by outcome, each in alphabetical order.

    Attributes:
        wins: Where the setup is above the best single adapter.
        losses: Where it is below.
        ties: The others.
    """

    wins: tuple[str, ...]
    losses: tuple[str, ...]
    ties: tuple[str, ...]


@dataclass(frozen=True)
class WinsAndLosses:
    """In which languages a setup beats the best single adapter.

    Attributes:
        significant: By the bootstrap's p-values, adjusted over the languages; what is not significant is a tie.
        confirmed: The same by the larger of the p-values of bootstrap and seeds. With three seeds this finds hardly
            anything; what it finds is no luck of the seeds.
        by_sign: By the sign of the difference alone; a tie is a difference of 0.
        adjusted: The bootstrap's p-value after Holm, by language.
        sign_p_value: Two-sided p-value of the sign test, that wins and losses by sign are equally likely; 1 if all tie.
        alpha: The level of significance.
    """

    significant: Tally
    confirmed: Tally
    by_sign: Tally
    adjusted: Mapping[str, float]
    sign_p_value: float
    alpha: float


@dataclass(frozen=True)
class EnglishGap:
    """What is lost on the way from English, in points; negative where another language is better.

    Attributes:
        english: The score in English.
        gaps: English minus the language's score, by language, in alphabetical order.
        mean: English minus the mean of the other languages.
    """

    english: float
    gaps: Mapping[str, float]
    mean: float


def best_single(dev: Mapping[str, float | None]) -> str:
    """Choose the adapter that a composition must beat: the best single one on English dev, never on test languages.

    Args:
        dev: Score on the target's English dev set by adapter, None where there is none. Higher is better.

    Returns:
        The adapter's name; of equals the first by name.

    Raises:
        XadaptError: If none has a dev score, or a score is not finite.
    """
    scored = {name: score for name, score in dev.items() if score is not None}
    if not scored:
        named = f" ({', '.join(sorted(dev))})" if dev else ""
        raise XadaptError(f"no single adapter{named} has an English dev score: evaluate one on English dev rows")
    finite_each(scored, "English dev score")
    return min(scored, key=lambda name: (-scored[name], name))


def seed_noise(scores: ArrayLike) -> float:
    """Measure how much the score of a language varies from seed to seed, pooled over languages.

    The square root of the mean over languages of the variance over seeds (divided by seeds - 1). Languages weigh the
    same. It is the noise of *one* language's score; since a seed's scores go up and down together, that of their mean
    is hardly smaller.

    Args:
        scores: Scores of one system, or differences of two, shape (seeds, languages), at least two seeds.

    Returns:
        The pooled standard deviation, in the unit of the scores.

    Raises:
        XadaptError: If there are fewer than two seeds, or a score is not finite.
    """
    given = finite(scores, "scores", ("seed", "language"))
    if len(given) < 2:
        raise XadaptError("seed noise needs two seeds or more, there is 1: train with another seed")
    return math.sqrt(given.var(axis=0, ddof=1).mean())


def effect_size(difference: float, noise: float) -> float | None:
    """Express a difference in standard deviations over seeds.

    Args:
        difference: A difference of two scores.
        noise: What :func:`seed_noise` says of the same scores, 0 or more.

    Returns:
        Their quotient, with the sign of the difference; None where there is no noise to measure by.
    """
    return difference / noise if noise > 0 else None


def wins_and_losses(differences: Mapping[str, PairedBootstrap], alpha: float = 0.05) -> WinsAndLosses:
    """Count the languages in which a setup beats the best single adapter, and in which it loses.

    The sign test takes languages for independent. They share an adapter and, in translated test sets, their examples,
    so that its p-value is too small rather than too large; Holm's adjustment assumes nothing of the kind.

    Args:
        differences: Setup minus best single adapter, by language; without English, where only zero-shot counts.
        alpha: Level of significance, between 0 and 1.

    Raises:
        XadaptError: If there is no language, or alpha is not between 0 and 1.

    Source: Dror et al., Replicability Analysis for Natural Language Processing (TACL 2017) for many data sets; Demšar,
        Statistical Comparisons of Classifiers over Multiple Data Sets (JMLR 2006), section 3.1.4, for the sign test.
    """
    if not differences:
        raise XadaptError("there are no languages to count wins in: evaluate both setups in the same languages")
    if not 0 < alpha < 1:
        raise XadaptError(f"alpha is {alpha}: choose a level of significance between 0 and 1, such as 0.05")
    by_language = {name: differences[name].difference for name in sorted(differences)}
    adjusted = _holm_each({name: differences[name].p_value for name in by_language})
    jointly = _holm_each({name: differences[name].joint_p_value for name in by_language})
    by_sign = _tally(by_language, dict.fromkeys(by_language, 0.0), alpha)
    decided = len(by_sign.wins) + len(by_sign.losses)
    sign: Any = stats.binomtest(len(by_sign.wins), decided) if decided else None
    return WinsAndLosses(
        significant=_tally(by_language, adjusted, alpha),
        confirmed=_tally(by_language, jointly, alpha),
        by_sign=by_sign,
        adjusted=adjusted,
        sign_p_value=float(sign.pvalue) if decided else 1.0,
        alpha=alpha,
    )


def gap_to_english(scores: Mapping[str, float]) -> EnglishGap:
    """Measure the cross-lingual transfer gap.

    Args:
        scores: Score by language, English and at least one other.

    Raises:
        XadaptError: If English or every other language is missing, or a score is not finite.

    Source: XTREME (arXiv 2003.11080, section 5).
    """
    others = sorted(code for code in scores if code != ENGLISH)
    if ENGLISH not in scores or not others:
        raise XadaptError(f"no gap to English among {', '.join(sorted(scores)) or 'no languages'}: score en and others")
    finite_each(scores, "score")
    english = scores[ENGLISH]
    gaps = {code: english - scores[code] for code in others}
    return EnglishGap(english, gaps, sum(gaps.values()) / len(gaps))


def _holm_each(p_values: Mapping[str, float]) -> dict[str, float]:
    return dict(zip(p_values, holm(list(p_values.values())), strict=True))


def _tally(differences: Mapping[str, float], p_values: Mapping[str, float], alpha: float) -> Tally:
    wins = tuple(name for name, value in differences.items() if value > _NOTHING and p_values[name] < alpha)
    losses = tuple(name for name, value in differences.items() if value < -_NOTHING and p_values[name] < alpha)
    return Tally(wins, losses, tuple(name for name in differences if name not in wins + losses))
