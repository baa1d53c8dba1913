"""A recipe's results as the scores of suites: one set of scores for each setup and seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from xadapt.analysis.families import classify
from xadapt.evaluation.suite_scores import SuiteScore, score_suite
from xadapt.evaluation.suites import get_suite
from xadapt.reports.suite_tables import verdict_lines, write_suite
from xadapt.store.records import Result

Facts = dict[str, object]


def write_suites(
    results: Iterable[Result], suites: Sequence[str], to: Path, setups: Sequence[str] = ()
) -> list[tuple[SuiteScore, Facts]]:
    """Score every setup and seed on suites and write each into a folder of its own.

    A setup's score of a task is that of the target adapter on it where there is one, else its own. An adapter that
    exists with one seed only, such as a shipped one, stands under the target adapters of all seeds; its own scores
    count for each of them.

    Args:
        results: Results as they are stored.
        suites: Names of suites.
        to: The report's folder; each suite goes into ``SUITE/SETUP-SEED``.
        setups: Score these only, all when there are none.

    Returns:
        The scores with what decided them, in the order of suites and then of setups.
    """
    chosen = _chosen(results)
    scored = []
    for name in suites:
        suite = get_suite(name)
        for (label, seed), tasks in chosen.items():
            if (setups and label not in setups) or not any(task in suite.tasks for task in tasks):
                continue
            some = next(iter(tasks.values()))
            facts: Facts = {"setup": label, "seed": seed, "base": some.base, "data": some.data}
            score = score_suite(suite, tasks.values())
            write_suite(score, facts, to / _folder(name, facts))
            scored.append((score, facts))
    return scored


def _chosen(results: Iterable[Result]) -> dict[tuple[str, int], dict[str, Result]]:
    """The result of each task, by setup and seed."""
    targets: dict[tuple[str, int], dict[str, Result]] = {}
    straight: dict[tuple[str, int], dict[str, Result]] = {}
    order: dict[tuple[str, int], None] = {}
    for result in results:
        family = classify(result.setup, result.target or result.task)
        key = family.label, result.seed
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
        others = [tasks for (name, _), tasks in straight.items() if name == label]
        shared = {task: result for tasks in others for task, result in tasks.items()} if label in seeds else {}
        chosen[label, seed] = {**shared, **straight.get((label, seed), {}), **targets.get((label, seed), {})}
    return chosen


def suite_summary(score: SuiteScore, facts: Facts) -> list[str]:
    """What a report says of a suite's scores: the verdict, and where all of them are."""
    link = f"[every task and language]({_folder(score.suite.name, facts)}/suite.md)"
    return [f"`{facts['setup']}`, seed {facts['seed']}: {' '.join(verdict_lines(score))} {link}"]


def _folder(suite: str, facts: Facts) -> str:
    setup = re.sub(r"[^A-Za-z0-9]+", "-", str(facts["setup"])).strip("-")
    return f"{suite}/{setup}-{facts['seed']}"
