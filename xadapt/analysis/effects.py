"""The figures beside a significance test: the noise of seeds, and in how many languages a setup wins and loses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy import stats

from xadapt.analysis.multiple import holm
from xadapt.analysis.significance import PairedTest, finite
from xadapt.analysis.tested import ALPHA, Tally
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

#: Differences below this are rounding.
_NOTHING = 1e-9


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


def tally_languages(tests: Mapping[str, PairedTest]) -> tuple[dict[str, float], Tally]:
    """Count the languages in which a setup is above the reference, and in which it is below.

    The sign test takes languages for independent. They share an adapter and, in translated test sets, their examples,
    so that its p-value is too small rather than too large; Holm's adjustment assumes nothing of the kind.

    Args:
        tests: Setup minus reference, by language; without English, where only zero-shot counts.

    Returns:
        The p-value of each language after Holm, and the count.

    Raises:
        XadaptError: If there is no language.

    Source: Dror et al., Replicability Analysis for Natural Language Processing (TACL 2017) for many data sets; Demšar,
        Statistical Comparisons of Classifiers over Multiple Data Sets (JMLR 2006), section 3.1.4, for the sign test.
    """
    if not tests:
        raise XadaptError("there are no languages to count wins in: evaluate both setups in the same languages")
    adjusted = dict(zip(tests, holm([test.p_value for test in tests.values()]), strict=True))
    above = [code for code, test in tests.items() if test.difference > _NOTHING]
    below = [code for code, test in tests.items() if test.difference < -_NOTHING]
    decided = len(above) + len(below)
    return adjusted, Tally(
        better=len(above),
        worse=len(below),
        significantly_better=sum(adjusted[code] < ALPHA for code in above),
        significantly_worse=sum(adjusted[code] < ALPHA for code in below),
        sign_p_value=float(stats.binomtest(len(above), decided).pvalue) if decided else 1.0,
    )
