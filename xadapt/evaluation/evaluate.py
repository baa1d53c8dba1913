"""Zero-shot evaluation: a setup on a target task, one row a language, stored as each language finishes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from xadapt.backbone.base import Backbone
from xadapt.backbone.hardware import pick_device, pick_precision
from xadapt.composition.expression import Node
from xadapt.data.pools import holds_answers
from xadapt.data.source import Source, cut
from xadapt.evaluation.answering import Answerer, answer_with
from xadapt.evaluation.dev_scores import dev_scores
from xadapt.evaluation.stored_examples import restore_examples, write_examples
from xadapt.metrics import OWN_SCALES, main_score
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.files import atomic_write_json, read_json, sha256_json
from xadapt.store.store import Store, run_hash
from xadapt.store.versions import versions
from xadapt.tasks import Task
from xadapt.tasks.task import own_tasks

FORMAT = 1


class EvalSettings(BaseModel):
    """How a setup is evaluated.

    Attributes:
        seed: The seed whose checkpoints are preferred.
        limit: Rows a language, taken by a fixed shuffle; None for all.
        pool_limit: For retrieval from a pool, its items: all that the rows' answers are among, and others up to so
            many by a fixed shuffle; None for all.
        max_length: Tokens a row, None for the problem's default.
        layer: For retrieval, the layer whose vectors are pooled; None for the base's own.
        precision: ``auto``, ``fp32`` or ``bf16``.
        device: ``auto`` or a device name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=42, ge=0)
    limit: int | None = Field(default=None, ge=1)
    pool_limit: int | None = Field(default=None, ge=1)
    max_length: int | None = Field(default=None, ge=16)
    layer: int | None = Field(default=None, ge=0)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    device: str = "auto"


@dataclass
class EvalDisplay:
    """How an evaluation tells a person where it is; the default says nothing."""

    say: Callable[[str], None] = field(default=lambda text: None)
    start: Callable[[str, int], None] = field(default=lambda language, rows: None)
    advance: Callable[[int], None] = field(default=lambda rows: None)


def evaluate(
    node: Node,
    task: Task,
    languages: str,
    backbone: Backbone,
    source: Source,
    store: Store,
    settings: EvalSettings | None = None,
    pins: dict[str, Checkpoint] | None = None,
    display: EvalDisplay | None = None,
    on_use: Callable[[Checkpoint], object] | None = None,
) -> dict[str, Any]:
    """Evaluate a setup on a task.

    Args:
        node: The setup.
        task: A task with test rows.
        languages: ``all`` or codes separated by commas.
        backbone: The frozen base.
        source: Where test rows come from.
        store: Where members are found and the result goes; languages that are there already are not run again, and
            no model is made when all of them are.
        settings: How.
        pins: Checkpoints that members must come from, by expression.
        display: Progress for a person.
        on_use: Told of every checkpoint in use.

    Returns:
        The result: ``task, setup, base, seed, languages, mean`` and what decided it; scores are 0–100.

    Raises:
        XadaptError: If the setup, the data or the language is wrong, or no head answers the task.
    """
    settings, display = settings or EvalSettings(), display or EvalDisplay()
    device = pick_device(settings.device)
    precision = pick_precision(settings.precision, device)
    wanted = source.pick_languages(task, languages)
    used: list[Checkpoint] = []

    def note(checkpoint: Checkpoint) -> None:
        used.append(checkpoint)
        if on_use:
            on_use(checkpoint)
        display.say(f"uses {checkpoint.describe()}")

    answerer = answer_with(
        node, task, backbone, store, precision, settings.seed, settings.max_length, settings.layer, pins, note
    )
    problem = answerer.problem
    decides = {
        "task": task.name,
        "setup": str(node),
        "base": backbone.fingerprint,
        "members": dict(sorted(answerer.members.items())),
        "data": source.name,
        "limit": settings.limit,
        "precision": precision,
        "details": problem.details(),
        "versions": versions(),
        **own_tasks([task]),
    }
    pool_limit = settings.pool_limit if problem.pooled else None
    if pool_limit is not None:
        decides["pool_limit"] = pool_limit
    run = run_hash(decides)
    path = store.result_path(run)
    result = read_json(path) if path.is_file() else _empty(run, node, task, backbone, source, settings, answerer)
    before = dict(result)
    result["seed"] = used[-1].seed if used else settings.seed
    if "head_parameters" not in result:
        result["parameters"], result["head_parameters"] = answerer.parameters(), answerer.head_parameters()
    result["decides"] = decides
    dev = dev_scores(node, answerer.heads, used)
    if dev:
        result["dev"] = dev
    if problem.calibration:
        result["calibration"] = problem.calibration
    if path.is_file() and result != before:
        store.write_result(run, result)
    answerer.keep(store.cache)
    pools = _Pools(source, task, answerer, display, pool_limit)
    for language in wanted:
        row_set = source.test(task, language, settings.limit)
        rows = row_set.fingerprint[:16]
        if problem.pooled:
            rows = sha256_json([row_set.fingerprint, *pools.look(language, row_set.rows)])[:16]
        known = result["languages"].get(language)
        if known and known["rows"] == rows:
            restore_examples(store, run, language, problem, row_set.rows, pools.pool, known)
            continue
        answerer.to(device)
        started = time.perf_counter()
        pools.fill()
        display.start(language, len(row_set.rows))
        predictions = answerer.predict(row_set.rows, display.advance)
        seconds = time.perf_counter() - started
        # What retrieval scores depend on is complete only now that the candidates are known.
        result["details"] = problem.details()
        scores = {key: round(value, 4) for key, value in problem.score(predictions, row_set.rows, language).items()}
        atomic_write_json(store.predictions_path(run, language), predictions)
        write_examples(store, run, language, problem, predictions, row_set.rows, rows)
        result["languages"][language] = {
            "n": len(row_set.rows),
            **scores,
            "split": row_set.split,
            "available": row_set.available,
            "rows": rows,
            "seconds": round(seconds, 2),
        }
        if path.is_file():
            # Another process may have finished other languages of the same run meanwhile.
            result["languages"] = {**read_json(path)["languages"], **result["languages"]}
        _summarise(result)
        store.write_result(run, result)
    store.cache.flush()
    return {**result, "languages": {code: result["languages"][code] for code in wanted}, "mean": _mean(result, wanted)}


class _Pools:
    """What rows are retrieved from: encoded once for all languages that share it."""

    def __init__(self, source: Source, task: Task, answerer: Answerer, display: EvalDisplay, limit: int | None) -> None:
        self.source, self.task, self.answerer, self.problem = source, task, answerer, answerer.problem
        self.display, self.limit = display, limit
        self.whole: list[Any] = []
        self.pool: list[Any] = []
        self.print = self.filled = ""

    def look(self, language: str, rows: list[dict[str, Any]]) -> list[str]:
        """Find a language's pool and gold pairs; returns what identifies them."""
        gold = self.source.gold(self.task, language)
        self.problem.gold = gold
        own = self.task.pool is not None and "{" in self.task.pool.config
        if not self.whole or own:
            self.whole = self.source.pool(self.task, language) or []
        pool = self.whole
        if self.limit is not None:
            answers = holds_answers(self.task, rows, gold)
            pool = cut(pool, "", max(self.limit, sum(map(answers, pool))), answers).rows
        if pool is not self.pool:
            self.pool, self.print = pool, sha256_json(pool)
        return [self.print, sha256_json(gold)]

    def fill(self) -> None:
        """Encode the pool unless it is the one that is filled in."""
        if not self.problem.pooled or self.print == self.filled:
            return
        self.display.start("candidates", len(self.pool))
        self.answerer.fill(self.pool, self.display.advance)
        self.filled = self.print


def _empty(
    run: str,
    node: Node,
    task: Task,
    backbone: Backbone,
    source: Source,
    settings: EvalSettings,
    answerer: Answerer,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "run": run,
        "task": task.name,
        "kind": task.kind.name,
        "metric": main_score(task.metric),
        "setup": str(node),
        "base": backbone.name,
        "seed": settings.seed,
        "data": source.name,
        "limit": settings.limit,
        "head": answerer.head,
        "details": answerer.problem.details(),
        "languages": {},
        "mean": {},
    }


def _summarise(result: dict[str, Any]) -> None:
    result["languages"] = dict(sorted(result["languages"].items(), key=lambda item: (item[0] != "en", item[0])))
    result["mean"] = _mean(result, result["languages"])
    result["seconds"] = round(sum(entry["seconds"] for entry in result["languages"].values()), 2)


_NO_MEAN = ("n", "split", "available", "rows", "seconds", *OWN_SCALES)


def _mean(result: dict[str, Any], languages: Iterable[str]) -> dict[str, float]:
    entries = [result["languages"][code] for code in languages]
    # A language without a question of some group has no score of that group.
    common = set.intersection(*map(set, entries)) if entries else set()
    keys = [key for key in entries[0] if key in common and key not in _NO_MEAN] if entries else []
    return {key: round(sum(entry[key] for entry in entries) / len(entries), 4) for key in keys}
