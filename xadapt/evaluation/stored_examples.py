"""Per-example scores as files beside predictions, so that a report can test differences without the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.metrics import main_score
from xadapt.store.result_record import ExamplesRecord, LanguageScore, PredictionsRecord

if TYPE_CHECKING:
    from xadapt.metrics.examples import Examples
    from xadapt.problems.base import Problem
    from xadapt.store.store import Store
    from xadapt.tasks import Row

#: Scores are stored with four decimals; a difference beyond this is no rounding.
_SAME = 0.01


def examples_record(
    problem: Problem, predictions: list[Any], rows: list[Row], run: str, language: str, of: str
) -> ExamplesRecord:
    """What each row contributes to the main score, with six decimals; predicted numbers keep all of theirs.

    Rounded predictions could tie, and ties move a correlation.

    Args:
        problem: The problem.
        predictions: One a row, or what the metric takes for all of them.
        rows: The language's rows.
        run: The run of the evaluation.
        language: The language.
        of: Fingerprint of the rows.
    """
    return _record(problem, problem.examples(predictions, rows, language), rows, run, language, of)


def restore_examples(
    store: Store, run: str, language: str, known: LanguageScore, problem: Problem, rows: list[Row], pool: list[Row]
) -> None:
    """Make the examples of a language that was evaluated before, from its stored predictions, if they are missing.

    So are those that do not say which rows share a paragraph. Nothing is written where the predictions are missing, are
    damaged or do not give the score that is known.

    Args:
        store: The store.
        run: The run's hash.
        language: The language.
        known: What the result holds of the language.
        problem: The problem.
        rows: The language's rows.
        pool: What a pooled problem retrieves from, empty for others.
    """
    path = store.predictions_path(run, language)
    if not path.is_file() or _complete(store, run, language, problem.groups(rows)):
        return
    kept = store.left_out.whole([path], PredictionsRecord.read)
    if not kept:
        return
    problem.read_pool(pool)
    examples = problem.examples(kept[0].values, rows, language)
    if abs(examples.score() - known.score) < _SAME:
        _record(problem, examples, rows, run, language, known.rows).write(store.examples_path(run, language))


def _complete(store: Store, run: str, language: str, groups: list[int]) -> bool:
    path = store.examples_path(run, language)
    if not path.is_file() or not groups:
        return path.is_file()
    kept = store.left_out.whole([path], ExamplesRecord.read)
    return not kept or bool(kept[0].groups)


def _record(problem: Problem, examples: Examples, rows: list[Row], run: str, language: str, of: str) -> ExamplesRecord:
    values = [round(value, 6) for value in examples.values] if examples.kind == "mean" else examples.values
    score = main_score(problem.task.metric)
    return ExamplesRecord(
        run=run,
        language=language,
        kind=examples.kind,
        score=score,
        rows=of,
        values=values,
        groups=problem.groups(rows),
    )
