"""Which difference an experiment could show, before it is run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from xadapt.analysis.significance import Variance, half_width
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How often a difference of the size that can be shown is found.
POWER = 0.8
#: A target that cannot show so many points is descriptive only.
WANTED = 3.0
#: Values of the seeds' variance that are tried, equally likely.
_TRIED = 400


@dataclass(frozen=True)
class Planned:
    """An experiment to come.

    Attributes:
        variance: What the mean difference over its seeds will vary by.
        seeds: Its seeds.
    """

    variance: Variance
    seeds: int


def planned(measured: Sequence[tuple[Variance, int]], seeds: int, rows: float) -> Planned:
    """Expect the variance of an experiment from that of others.

    Args:
        measured: What differences varied by, and over how many seeds; the mean over them counts.
        seeds: Seeds of the experiment.
        rows: Its rows, as a multiple of theirs.

    Raises:
        XadaptError: If nothing was measured, or there are no rows.
    """
    if not measured or rows <= 0:
        raise XadaptError(f"{len(measured)} measurements and {rows} times their rows say nothing of what is to come")
    noise, examples, freedom = (
        float(np.mean([getattr(one, name) for one, _ in measured])) for name in ("noise", "examples", "freedom")
    )
    whole = float(np.mean([one.seeds * count for one, count in measured]))
    # More rows make the seeds' own noise smaller, and not what else tells seeds apart.
    over_seeds = max(whole - noise, 0.0) + min(noise, whole) / rows
    variance = Variance(over_seeds / seeds, examples / rows, noise / rows, max(freedom * rows, 1.0))
    return Planned(variance, seeds)


def power(plan: Planned, difference: float) -> float:
    """How often the test finds a true difference, 0 to 1.

    Args:
        plan: The experiment; two seeds or more.
        difference: The difference, in points.
    """
    variance, free = plan.variance, plan.seeds - 1
    # The seeds' variance will be estimated from few of them.
    shares = special.chdtri(free, (np.arange(_TRIED) + 0.5) / _TRIED) / free
    widths = np.array([half_width(replace(variance, seeds=variance.seeds * share), plan.seeds) for share in shares])
    spread = np.sqrt(variance.seeds + variance.examples)
    if spread <= 0:
        return float(difference != 0)
    return float(np.mean(special.ndtr((difference - widths) / spread) + special.ndtr((-difference - widths) / spread)))


def detectable(plan: Planned) -> float:
    """The difference, in points, that the test finds in :data:`POWER` of experiments at a two-sided level of 5 %.

    How often it was found in made-up experiments is in ``benchmarks/statistics``.

    Raises:
        XadaptError: If there are fewer than two seeds.
    """
    if plan.seeds < 2:
        raise XadaptError("one seed can show no difference: plan two or more")
    spread = float(np.sqrt(plan.variance.seeds + plan.variance.examples))
    if spread <= 0:
        return 0.0
    return float(optimize.brentq(lambda size: power(plan, size * spread) - POWER, 0.0, 1e4) * spread)
