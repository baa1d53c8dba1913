"""A recipe's results as the scores of suites: one set of scores for each setup and seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.analysis.families import classify
from xadapt.composition.placeholder import TARGET
from xadapt.evaluation.suite_scores import SuiteScore, score_suite
from xadapt.tasks.suites import get_suite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xadapt.store.result_record import Result


@dataclass(frozen=True)
class SetupOnSuite:
    """A setup's scores on a suite.

    Attributes:
        score: The scores.
        facts: What decided them, by name: setup, seed, base and data.
    """

    score: SuiteScore
    facts: dict[str, str | int]


def score_setups(results: Iterable[Result], suites: Sequence[str], setups: Sequence[str] = ()) -> list[SetupOnSuite]:
    """Score every setup and seed on suites.

    A setup's score of a task is that of the target adapter on it where there is one, else its own. An adapter that
    exists with one seed only, such as a shipped one, is used under the target adapters of all seeds; its own scores
    count for each of them. Where a setup has target adapters on top and was continued too, the latter is a setup of its
    own, as in `continue(mnli, target)`.

    Args:
        results: The results.
        suites: Names of suites.
        setups: Score these only, all when there are none.

    Returns:
        The scores, in the order of suites and then of setups.
    """
    chosen = _chosen(list(results))
    wanted = {*setups, *(classify(one, TARGET).label for one in setups)}
    scored = []
    for suite in map(get_suite, suites):
        for (label, seed), tasks in chosen.items():
            if (wanted and label not in wanted) or not any(task in suite.tasks for task in tasks):
                continue
            some = next(iter(tasks.values()))
            facts: dict[str, str | int] = {"setup": label, "seed": seed, "base": some.base, "data": some.data}
            scored.append(SetupOnSuite(score_suite(suite, tasks.values()), facts))
    return scored


def _chosen(results: Sequence[Result]) -> dict[tuple[str, int], dict[str, Result]]:
    """The result of each task, by setup and seed."""
    targets: dict[tuple[str, int], dict[str, Result]] = {}
    straight: dict[tuple[str, int], dict[str, Result]] = {}
    order: dict[tuple[str, int], None] = {}
    classified = [(result, classify(result.setup, result.target or result.task)) for result in results]
    stacked = {family.label for _, family in classified if family.with_target and not family.continued}
    below: dict[str, str] = {}
    for result, family in classified:
        apart = family.continued and family.label in stacked
        label = f"continue({family.label}, {TARGET})" if apart else family.label
        below[label] = family.label
        key = label, result.seed
        order[key] = None
        if family.with_target:
            targets.setdefault(key, {})[result.task] = result
        else:
            straight.setdefault(key, {}).setdefault(result.task, result)
    seeds: dict[str, set[int]] = {}
    for label, seed in targets:
        seeds.setdefault(label, set()).add(seed)
    chosen = {}
    for label, seed in order:
        if seed not in seeds.get(label, {seed}):
            continue
        others = [tasks for (name, _), tasks in straight.items() if name == below[label]]
        shared = {task: result for tasks in others for task, result in tasks.items()} if label in seeds else {}
        own = straight.get((below[label], seed), {})
        chosen[label, seed] = {**shared, **own, **targets.get((label, seed), {})}
    return chosen
