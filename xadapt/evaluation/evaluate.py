"""Zero-shot evaluation: a setup on a target task, one row a language, stored as each language finishes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from xadapt.composition.answering import Answerer, answer_with, recorded_dev_scores
from xadapt.data.source import RowSet, Source, cut
from xadapt.errors import interruption_says
from xadapt.evaluation.fair_rows import check_fair
from xadapt.evaluation.stored_examples import examples_record, restore_examples
from xadapt.metrics import OWN_SCALES, main_score
from xadapt.store.files import sha256_json
from xadapt.store.locks import one_by_one
from xadapt.store.result_record import LanguageScore, PredictionsRecord, Result
from xadapt.store.store import run_hash
from xadapt.store.versions import library_versions
from xadapt.tasks.specs import spec_of
from xadapt.tasks.task import what_tasks_are
from xadapt.validation import Count, Layer, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.display import RowProgress
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Json, Scores
    from xadapt.tasks import Row, Task


class EvalSettings(BaseModel):
    """How a setup is evaluated.

    Attributes:
        limit: Rows a language, taken by a fixed shuffle; None for all.
        pool_limit: For retrieval from a pool, its items: all that the rows' answers are among, and others up to so
            many by a fixed shuffle; None for all.
        max_length: Tokens a row, None for the problem's default.
        layer: For retrieval, the layer whose vectors are pooled; None for the base's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Count | None = None
    pool_limit: Count | None = None
    max_length: Tokens | None = None
    layer: Layer | None = None


def evaluate(
    context: Context, node: Node, task: Task, languages: str = "all", settings: EvalSettings | None = None
) -> Result:
    """Evaluate a setup on a task.

    Args:
        context: Base, rows, store, hardware, seed and display. Languages whose scores the store has already are not
            run again, and no model is made when all of them are there.
        node: The setup.
        task: A task with test rows.
        languages: ``all`` or codes separated by commas.
        settings: How.

    Returns:
        The result, with the languages that were asked for; scores are 0–100.

    Raises:
        XadaptError: If the setup, the data or the language is wrong, or no head answers the task.
    """
    # A wrong device or precision is refused before rows are read.
    _ = context.precision
    wanted = context.source.pick_languages(task, languages)
    run = _Evaluation(context, node, task, settings or EvalSettings())
    run.check_fair(wanted)
    with context.display.rows(f"{task.name} {node}") as progress, interruption_says(lambda: run.kept(wanted)):
        for language in wanted:
            run.of_language(language, progress)
    if note := run.problem.cut_note():
        context.display.say(note)
    context.store.cache.flush()
    return run.of_languages(wanted)


class _Evaluation:
    """A run on its way: what it is made of, and its result so far."""

    def __init__(self, context: Context, node: Node, task: Task, settings: EvalSettings) -> None:
        self.context, self.task, self.settings = context, task, settings
        used: list[Checkpoint] = []

        def note(checkpoint: Checkpoint) -> None:
            used.append(checkpoint)
            context.uses(checkpoint)

        self.answerer = answer_with(
            context, node, task, max_length=settings.max_length, layer=settings.layer, on_use=note
        )
        self.problem = self.answerer.problem
        decides = self._decides(node)
        self.run = run_hash(decides)
        self.result = self._before_or_empty(decides, node, used)
        self.answerer.keep(context.store.cache)
        self.pools = _Pools(context.source, task, self.answerer, decides.get("pool_limit"))

    def _before_or_empty(self, decides: Json, node: Node, used: list[Checkpoint]) -> Result:
        store = self.context.store
        if not store.result_path(self.run).is_file():
            return self._begun(self._empty(node), decides, node, used)
        with one_by_one(store.result_path(self.run).parent):
            before = store.result(self.run)
            result = self._begun(before or self._empty(node), decides, node, used)
            if before is not None and result != before:
                store.write_result(result)
        return result

    def _decides(self, node: Node) -> Json:
        context, settings = self.context, self.settings
        decides = {
            "evaluates": self.task.kind.name,
            "revision": self.problem.revision,
            "task": self.task.name,
            "setup": str(node),
            "base": context.backbone.fingerprint,
            "members": dict(sorted(self.answerer.members.items())),
            "data": context.source.name,
            "limit": settings.limit,
            "precision": context.precision,
            "details": self.problem.details(),
            "is": what_tasks_are([self.task]),
            "versions": library_versions(),
        }
        pool = {"pool_limit": settings.pool_limit} if self.problem.pooled and settings.pool_limit else {}
        return {**decides, **pool}

    def _empty(self, node: Node) -> Result:
        return Result(
            run=self.run,
            task=self.task.name,
            kind=self.task.kind.name,
            metric=main_score(self.task.metric),
            setup=str(node),
            base=self.context.backbone.name,
            seed=self.context.seed,
            data=self.context.source.name,
            limit=self.settings.limit,
            head=self.answerer.head,
            details=self.problem.details(),
            languages={},
        )

    def _begun(self, result: Result, decides: Json, node: Node, used: list[Checkpoint]) -> Result:
        several = any(model.run is not None for model in node.models)
        seed = used[-1].seed if used and not several else self.context.seed
        found: Json = {"decides": decides, "seed": seed}
        if result.head_parameters is None:
            found["parameters"] = self.answerer.parameters()
            found["head_parameters"] = self.answerer.head_parameters()
        dev = recorded_dev_scores(node, self.answerer.heads, used, self.context.tasks)
        if dev:
            found["dev"] = dev
        if self.problem.calibration:
            found["calibration"] = self.problem.calibration
        return result.model_copy(update=found)

    def check_fair(self, wanted: Sequence[str]) -> None:
        """Check that the rows of no language are among those that the setup has learnt from without their labels.

        Raises:
            XadaptError: If some may be; names the largest limit that is fair.
        """
        every = [rows for answering in self.answerer.assemblies for rows in answering.found.unlabelled]
        learnt = [rows for rows in every if rows.task == self.task.name]
        for language in wanted if learnt else ():
            found = self.context.source.test(self.task, language, self.settings.limit)
            check_fair(str(self.result.setup), self.task, language, found, self.settings.limit, learnt)

    def kept(self, wanted: Sequence[str]) -> str:
        """What an interruption leaves."""
        done = sum(language in self.result.languages for language in wanted)
        if not done:
            return f"nothing of {self.task.name} is kept yet"
        return f"{done} of {len(wanted)} languages of {self.task.name} are kept"

    def of_language(self, language: str, progress: RowProgress) -> None:
        """Evaluate a language unless its scores are there, and store them."""
        rows = self.context.source.test(self.task, language, self.settings.limit)
        fingerprint = rows.fingerprint[:16]
        if self.problem.pooled:
            fingerprint = sha256_json([rows.fingerprint, *self.pools.find(language, rows.rows)])[:16]
        known = self.result.languages.get(language)
        store = self.context.store
        if known and known.rows == fingerprint:
            restore_examples(store, self.run, language, known, self.problem, rows.rows, self.pools.pool)
            return
        store.hold()
        self.answerer.to(self.context.device)
        started = time.perf_counter()
        self.pools.fill(progress)
        progress.start(language, len(rows.rows))
        predictions = self.answerer.predict(rows.rows, progress.advance)
        score = self._scored(language, rows, predictions, fingerprint, time.perf_counter() - started)
        stored = PredictionsRecord(run=self.run, language=language, rows=fingerprint, values=predictions)
        stored.write(store.predictions_path(self.run, language))
        examples = examples_record(self.problem, predictions, rows.rows, self.run, language, fingerprint)
        examples.write(store.examples_path(self.run, language))
        with one_by_one(store.result_path(self.run).parent):
            self._store(language, score)

    def _store(self, language: str, score: LanguageScore) -> None:
        store = self.context.store
        languages = {**self.result.languages, language: score}
        # Another process may have finished other languages of the same run meanwhile.
        meanwhile = store.result(self.run)
        if meanwhile is not None:
            languages = {**meanwhile.languages, **languages}
        languages = dict(sorted(languages.items(), key=lambda item: (item[0] != "en", item[0])))
        self.result = self.result.model_copy(
            update={
                "languages": languages,
                "means": _means(languages.values()),
                "seconds": round(sum(one.seconds for one in languages.values()), 2),
                # What retrieval scores depend on is complete only now that the candidates are known.
                "details": self.problem.details(),
            }
        )
        store.write_result(self.result)

    def _scored(
        self, language: str, rows: RowSet, predictions: list[Any], fingerprint: str, seconds: float
    ) -> LanguageScore:
        scores = self.problem.score(predictions, rows.rows, language)
        return LanguageScore(
            n=len(rows.rows),
            split=rows.split,
            available=rows.available,
            rows=fingerprint,
            seconds=round(seconds, 2),
            scores={key: round(value, 4) for key, value in scores.items()},
        ).ranked_by(self.result.metric)

    def of_languages(self, codes: Iterable[str]) -> Result:
        """The result of some languages alone."""
        languages = {code: self.result.languages[code] for code in codes}
        return self.result.model_copy(update={"languages": languages, "means": _means(languages.values())})


class _Pools:
    """What rows are retrieved from: encoded once for all languages that share it."""

    def __init__(self, source: Source, task: Task, answerer: Answerer, limit: int | None) -> None:
        self.source, self.task, self.answerer, self.problem = source, task, answerer, answerer.problem
        self.limit, self.spec = limit, spec_of(task.kind).pool
        self.whole: list[Row] = []
        self.pool: list[Row] = []
        self.fingerprint = self.filled = ""

    def find(self, language: str, rows: list[Row]) -> list[str]:
        """Find a language's pool and gold pairs; returns what identifies them."""
        gold = self.source.gold(self.task, language)
        self.problem.gold = gold
        own = self.task.pool is not None and "{" in self.task.pool.config
        if not self.whole or own:
            self.whole = self.source.pool(self.task, language) or []
        pool = self.whole
        if self.limit is not None and self.spec is not None:
            answers = self.spec.holds_answers(rows, gold)
            pool = cut(pool, "", max(self.limit, sum(map(answers, pool))), answers).rows
        if pool is not self.pool:
            self.pool, self.fingerprint = pool, sha256_json(pool)
        return [self.fingerprint, sha256_json(gold)]

    def fill(self, progress: RowProgress) -> None:
        """Encode the pool unless it is the one that is filled in."""
        if not self.problem.pooled or self.fingerprint == self.filled:
            return
        progress.start("candidates", len(self.pool))
        self.answerer.fill(self.pool, progress.advance)
        self.filled = self.fingerprint


def _means(languages: Iterable[LanguageScore]) -> Scores:
    scores = [one.scores for one in languages]
    if not scores:
        return {}
    # A language without a question of some group has no score of that group.
    keys = [key for key in scores[0] if key not in OWN_SCALES and all(key in one for one in scores)]
    return {key: round(sum(one[key] for one in scores) / len(scores), 4) for key in keys}
