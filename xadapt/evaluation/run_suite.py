"""A setup on a whole suite: for every task what answers it is found, evaluated and scored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xadapt.composition.builder import Assembly, assemble
from xadapt.composition.expression import Node, adapter, compose
from xadapt.composition.several_runs import of_run
from xadapt.composition.specs import has_chosen_weights, is_plain
from xadapt.data.language_codes import language_codes
from xadapt.errors import XadaptError, unknown
from xadapt.evaluation.evaluate import EvalSettings, evaluate
from xadapt.evaluation.suite_scores import SuiteScore, score_suite
from xadapt.problems import bind, problem_class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xadapt.context import Context
    from xadapt.data.source import Source
    from xadapt.store.result_record import Result
    from xadapt.tasks import Task
    from xadapt.tasks.suites import Suite


@dataclass(frozen=True)
class Step:
    """What is to be done about one task of a suite.

    Attributes:
        task: The task.
        node: The setup that answers it, None if there is none.
        languages: The languages with rows.
        reason: Why it is left out, "" if it is not.
    """

    task: Task
    node: Node | None
    languages: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class SuiteRun:
    """A suite that was evaluated.

    Attributes:
        score: Its scores.
        results: The results that they are made of, one a task that could be evaluated.
        facts: What was evaluated: setup, base, data, limits, seed.
        files: What was written of it.
    """

    score: SuiteScore
    results: tuple[Result, ...]
    facts: Mapping[str, str | int | None] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def candidates(node: Node, task: Task) -> list[Node]:
    """The setups that a task's own adapter makes out of a setup, the preferred one first.

    A setup that holds the task's adapter is not changed.
    """
    if task.adapter in node.adapters() or task.name in node.adapters():
        return [node]
    # Runs, and what weights were chosen for, are named whole: what is put on top of them is another setup.
    whole = has_chosen_weights(node.kind) or any(model.run is not None for model in node.models)
    if whole or not task.kind.trainable:
        return []
    own = adapter(task.adapter)
    if node.kind == "none":
        return [own]
    modes = ("stack", "continue") if all(is_plain(part.kind) for part in node.parts) else ("stack",)
    return [compose(mode, node, own) for mode in modes]


def plan_suite(context: Context, suite: Suite, node: Node, languages: str) -> list[Step]:
    """Find what answers each task of a suite.

    An adapter trained for the task on the setup comes first, stacked or continued; then, for a task without a head,
    the setup itself, and for another the setup if a head of its members has the task's labels.

    Args:
        context: Base, rows, store and seed.
        suite: The suite.
        node: The setup.
        languages: ``all`` or codes separated by commas.

    Raises:
        XadaptError: If the setup itself cannot be put together, or a language is in no task of the suite.
    """
    wanted = _languages(suite, languages)
    assemblies = [
        assemble(of_run(context, model), model.setup, on_use=lambda checkpoint: None) for model in node.models
    ]
    return [_step(context, context.tasks[name], codes, node, assemblies) for name, codes in wanted.items()]


def _languages(suite: Suite, languages: str) -> dict[str, tuple[str, ...]]:
    asked = language_codes(languages)
    known = {code for codes in suite.languages.values() for code in codes}
    for code in asked:
        if code not in known:
            raise unknown(f"language of {suite.name}", code, known)
    return {task: tuple(code for code in suite.languages[task] if not asked or code in asked) for task in suite.tasks}


def _step(context: Context, task: Task, wanted: tuple[str, ...], node: Node, assemblies: list[Assembly]) -> Step:
    source = context.source
    languages = tuple(code for code in source.languages(task) if code in wanted)
    if not wanted:
        return Step(task, None, reason="not in the languages asked for")
    if not languages:
        note = f" ({task.note})" if source.name == "hub" and task.note else ""
        return Step(task, None, reason=f"no rows in {source.name}{note}")
    for candidate in candidates(node, task):
        if candidate == node or all(_is_there(context, part) for part in candidate.parts):
            return Step(task, candidate, languages)
    if not problem_class(task).needs_head or all(
        assembly.has_labels(task.kind, any_order=True) for assembly in assemblies
    ):
        return Step(task, node, languages)
    return Step(task, None, reason=f'no adapter: `xadapt train-target {task.name} --on "{node}"`')


def _is_there(context: Context, node: Node) -> bool:
    fingerprint = context.backbone.fingerprint
    found = context.store.find(str(node), fingerprint, context.seed)
    return found is not None and found.record.base.fingerprint == fingerprint


def run_suite(
    context: Context, suite: Suite, node: Node, languages: str = "all", settings: EvalSettings | None = None
) -> SuiteRun:
    """Evaluate a setup on every task of a suite.

    Each language is stored as it finishes, so that a run that was cut goes on where it was. A task or language that
    fails costs only itself; what was left out is shown with the reason.

    Args:
        context: Base, rows, store, hardware, seed and display.
        suite: The suite.
        node: The setup.
        languages: ``all`` or codes separated by commas.
        settings: How; the layer holds for tasks without a head only.

    Raises:
        XadaptError: If the setup, an option or a language is wrong, or nothing could be evaluated.
    """
    settings = settings or EvalSettings()
    _check(context, suite, settings)
    steps = plan_suite(context, suite, node, languages)
    results: list[Result] = []
    reasons: dict[str, str] = {}
    for number, step in enumerate(steps, start=1):
        title, result, reason = f"[{number}/{len(steps)}] {step.task.name}", None, step.reason
        if step.node is not None:
            result, reason = _evaluate(context.titled(f"{title} {step.node}"), step, step.node, settings)
        if result:
            results.append(result)
        if reason:
            context.display.say(f"{title}: {'without ' if result else 'left out, '}{reason}")
            reasons[step.task.name] = reason
    if not results:
        task, reason = next(iter(reasons.items()))
        raise XadaptError(f"nothing of {suite.name} could be evaluated; {task}: {reason}")
    return SuiteRun(score_suite(suite, results, reasons), tuple(results), _facts(context, node, settings))


def _facts(context: Context, node: Node, settings: EvalSettings) -> dict[str, str | int | None]:
    return {
        "setup": str(node),
        "base": context.backbone.name,
        "data": context.source.name,
        "limit": settings.limit,
        "pool_limit": settings.pool_limit,
        "seed": context.seed,
    }


def _check(context: Context, suite: Suite, settings: EvalSettings) -> None:
    # A wrong option would fail every task, one after the other.
    _ = context.precision
    for task in (context.tasks[name] for name in suite.tasks):
        if not problem_class(task).needs_head:
            bind(task, context.backbone, settings.max_length, settings.layer)


def _evaluate(context: Context, step: Step, node: Node, settings: EvalSettings) -> tuple[Result | None, str]:
    """The result, None if there is none, and why something is missing, "" if nothing is."""
    if problem_class(step.task).needs_head:
        settings = settings.model_copy(update={"layer": None})
    try:
        return evaluate(context, node, step.task, ",".join(step.languages), settings), ""
    except XadaptError as error:
        faults = _faults(step, context.source, settings.limit)
        readable = tuple(code for code in step.languages if code not in faults)
        if not faults or not readable:
            return None, str(error)
    reason = "; ".join(f"{code}: {fault}" for code, fault in faults.items())
    try:
        return evaluate(context, node, step.task, ",".join(readable), settings), reason
    except XadaptError as error:
        return None, str(error)


def _faults(step: Step, source: Source, limit: int | None) -> dict[str, str]:
    """The languages whose rows, gold pairs or own pool cannot be read, and why."""
    own_pool = step.task.pool is not None and "{" in step.task.pool.config
    faults = {}
    for code in step.languages:
        try:
            source.test(step.task, code, limit)
            source.gold(step.task, code)
            if own_pool:
                source.pool(step.task, code)
        except XadaptError as error:
            faults[code] = str(error)
    return faults
