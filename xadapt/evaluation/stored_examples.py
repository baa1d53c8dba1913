"""Per-example scores as files beside predictions, so that a report can test differences without the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xadapt.errors import XadaptError
from xadapt.metrics import main_score
from xadapt.metrics.examples import Examples
from xadapt.store.files import atomic_write_json, read_json
from xadapt.store.store import Store

if TYPE_CHECKING:
    from xadapt.problems.base import Problem, Row

#: Scores are stored with four decimals; a difference beyond this is no rounding.
_SAME = 0.01
_KINDS = ("mean", "spearman", "micro_f1")


@dataclass(frozen=True)
class StoredExamples:
    """The examples of one run in one language.

    Attributes:
        score: The score that they make.
        rows: Fingerprint of the rows that they belong to, in order.
        examples: The examples.
    """

    score: str
    rows: str
    examples: Examples


def write_examples(
    store: Store, run: str, language: str, problem: Problem, predictions: list[Any], rows: list[Row], fingerprint: str
) -> None:
    """Store what each row contributes to the main score, with six decimals; predicted numbers keep all of theirs.

    Rounded predictions could tie, and ties move a correlation.
    """
    _write(store, run, language, problem, problem.examples(predictions, rows, language), fingerprint)


def restore_examples(
    store: Store,
    run: str,
    language: str,
    problem: Problem,
    rows: list[Row],
    pool: list[Row],
    known: dict[str, Any],
) -> None:
    """Make the examples of a language that was evaluated before, from its stored predictions, if they are missing.

    Nothing is written where the predictions are missing or do not give the score that is known.

    Args:
        store: The store.
        run: The run's hash.
        language: The language.
        problem: The problem.
        rows: The language's rows.
        pool: What a pooled problem retrieves from, empty for others.
        known: What the result holds of the language.
    """
    path = store.predictions_path(run, language)
    if store.examples_path(run, language).is_file() or not path.is_file():
        return
    problem.know(pool)
    examples = problem.examples(read_json(path), rows, language)
    if abs(examples.score() - known[main_score(problem.task.metric)]) < _SAME:
        _write(store, run, language, problem, examples, known["rows"])


def read_examples(folder: Path, run: str, language: str) -> StoredExamples | None:
    """Read the examples of a run in a language.

    Args:
        folder: The folder ``examples`` of a store.
        run: The run's hash.
        language: The language, as the result names it.

    Returns:
        The examples, None if they are not there.

    Raises:
        XadaptError: If the file is something else.
    """
    path = folder / run / f"{language}.json"
    if not path.is_file():
        return None
    stored = read_json(path)
    try:
        if stored["kind"] in _KINDS and stored["values"]:
            return StoredExamples(stored["score"], stored["rows"], Examples(stored["kind"], stored["values"]))
    except (KeyError, TypeError):
        pass
    raise XadaptError(f"{path} holds no per-example scores: delete it and evaluate again")


def _write(store: Store, run: str, language: str, problem: Problem, examples: Examples, fingerprint: str) -> None:
    values = [round(value, 6) for value in examples.values] if examples.kind == "mean" else examples.values
    record = {
        "kind": examples.kind,
        "score": main_score(problem.task.metric),
        "rows": fingerprint,
        "values": values,
    }
    atomic_write_json(store.examples_path(run, language), record)
