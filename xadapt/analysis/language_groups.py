"""Whether families or scripts explain in which languages a setup is better."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import stats

from xadapt.analysis.significance import CONFIDENCE
from xadapt.errors import XadaptError
from xadapt.tasks.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class GroupMean:
    """The differences of a group of languages.

    Attributes:
        name: The group, such as a family or a script.
        languages: Its languages, in alphabetical order.
        mean: Mean difference over them.
        low: Lower end of the mean's 95 % interval, by Student's t over the languages.
        high: Upper end.
    """

    name: str
    languages: tuple[str, ...]
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class GroupEffects:
    """Whether the group of a language explains how a setup does in it.

    Attributes:
        groups: Groups of two languages or more, the highest mean first.
        left_out: Languages of the groups that have only one, by group.
        statistic: Kruskal and Wallis's H, None with fewer than two groups.
        p_value: The chance of such an H if groups do not differ, None with fewer than two groups.
    """

    groups: tuple[GroupMean, ...]
    left_out: Mapping[str, tuple[str, ...]]
    statistic: float | None
    p_value: float | None


def language_groups(codes: Iterable[str], by: Literal["family", "script"]) -> dict[str, str]:
    """Group languages by the table of :mod:`xadapt.tasks.languages`.

    Families are the table's, so Indo-European languages are grouped by branch. A pair such as ``en-de`` is in the group
    of its two languages, or in one of its own for both of their groups.

    Args:
        codes: Codes of languages or pairs.
        by: What makes a group.

    Returns:
        The group by code.

    Raises:
        XadaptError: If a code is not in the table.
    """
    groups = {}
    for code in codes:
        parts = code.split("-")
        unknown = [part for part in parts if part not in LANGUAGES]
        if unknown:
            raise XadaptError(f"there is no {by} for language {unknown[0]!r}: leave it out or give its group")
        groups[code] = " – ".join(sorted({getattr(LANGUAGES[part], by) for part in parts}))
    return groups


def by_group(differences: Mapping[str, float], groups: Mapping[str, str]) -> GroupEffects:
    """Compare a setup's differences between groups of languages, such as families or scripts.

    The test is that of Kruskal and Wallis on the ranks of the differences. Its chi-squared approximation is rough for
    groups of fewer than five languages, which most are: read it as a hint. The same holds for intervals over two or
    three languages, which are honest but wide.

    Args:
        differences: Setup minus reference, by language.
        groups: The group of each language, as from :func:`language_groups`; more languages do no harm.

    Raises:
        XadaptError: If a language has no group, or a difference is not finite.

    Source: Kruskal & Wallis, Use of Ranks in One-Criterion Variance Analysis (1952).
    """
    for code, value in differences.items():
        if not math.isfinite(value):
            raise XadaptError(f"the difference of {code!r} is {value}, not a finite number: evaluate it again")
    members: dict[str, list[str]] = defaultdict(list)
    for code in sorted(differences):
        if code not in groups:
            raise XadaptError(f"language {code!r} has no group: give it one or leave it out")
        members[groups[code]].append(code)
    left_out = {name: tuple(codes) for name, codes in sorted(members.items()) if len(codes) < 2}
    large = {name: [differences[code] for code in codes] for name, codes in members.items() if len(codes) > 1}
    means = [_group_mean(name, members[name], values) for name, values in large.items()]
    means.sort(key=lambda group: (-group.mean, group.name))
    statistic, p_value = _kruskal(list(large.values()))
    return GroupEffects(tuple(means), left_out, statistic, p_value)


def _group_mean(name: str, codes: list[str], values: list[float]) -> GroupMean:
    mean, error = float(np.mean(values)), float(stats.sem(values))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
    return GroupMean(name, tuple(codes), mean, mean - reach, mean + reach)


def _kruskal(samples: list[list[float]]) -> tuple[float | None, float | None]:
    if len(samples) < 2:
        return None, None
    # Where all differences are equal, the statistic would be 0 / 0.
    if len({value for sample in samples for value in sample}) == 1:
        return 0.0, 1.0
    test: Any = stats.kruskal(*samples)
    return float(test.statistic), float(test.pvalue)
