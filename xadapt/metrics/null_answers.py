"""Questions that may have no answer, by the SQuAD 2.0 evaluation. Pure text, no dependencies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from operator import itemgetter
from typing import Any

from xadapt.errors import XadaptError
from xadapt.metrics.answers import squad_normalize, token_f1


@dataclass(frozen=True)
class Answer:
    """A predicted answer beside the gold ones.

    Attributes:
        text: The text, "" for no answer; None if the question has no prediction.
        gap: How much more the model believes in no answer than in the text; None if there is none.
        answerable: Whether the question has gold answers.
        exact: Exact match of the text, 0 or 1.
        f1: Token F1 of the text, 0-1.
    """

    text: str | None
    gap: float | None
    answerable: bool
    exact: float
    f1: float

    def scores_at(self, threshold: float) -> tuple[float, float]:
        """Exact match and F1 if the answer is taken back where its gap exceeds a threshold."""
        if self.gap is not None and self.gap > threshold:
            right = float(not self.answerable)
            return right, right
        return self.exact, self.f1


def answers_by_question(
    predictions: Sequence[Mapping[str, Any]], references: Sequence[Mapping[str, Any]]
) -> dict[str, Answer]:
    """Pair predictions and references by id, and score each text as it is.

    Args:
        predictions: `{"id", "text", "null_gap"}` in any order; the gap may be None or absent, the prediction missing.
        references: `{"id", "answers": [text, ...]}`; no answers mean that the question has none.

    Returns:
        The answer of each question, in the order of the references.

    Raises:
        XadaptError: If a row has another form, or a question has two predictions.
    """
    given: dict[str, Mapping[str, Any]] = {}
    for index, row in enumerate(predictions):
        _require(row, ("id", "text"), f"prediction {index}")
        question, text, gap = row["id"], row["text"], row.get("null_gap")
        if question in given:
            raise XadaptError(f"question {question!r} has two predictions")
        if not isinstance(text, str | None):
            raise XadaptError(f"question {question!r}: the predicted answer is {text!r}, not a text")
        if gap is not None and (not isinstance(gap, Real) or math.isnan(gap)):
            raise XadaptError(f"question {question!r}: the null gap is {gap!r}, not a number")
        given[question] = row
    for index, row in enumerate(references):
        _require(row, ("id", "answers"), f"reference {index}")
        if isinstance(row["answers"], str):
            raise XadaptError(f"question {row['id']!r}: the gold answers are {row['answers']!r}, not a list")
    return {row["id"]: _answer(given.get(row["id"], {}), row["answers"]) for row in references}


def best_null_threshold(
    predictions: Sequence[Mapping[str, Any]], references: Sequence[Mapping[str, Any]]
) -> tuple[float, float]:
    """Tune on development data how sure a model must be that a question has no answer.

    Give the threshold to `compute("squad_v2", ..., threshold=...)` for the rows to be tested.

    Answers are let in one by one, from the smallest gap up, equal gaps in the order of the predictions; the first best
    sum of F1 wins, and the threshold is the gap of the answer let in last. Two properties of the official code are
    kept: if letting in answers never helps, the threshold is 0.0 whatever the gaps are; and a best sum reached between
    equal gaps is returned though no threshold parts them. In both cases scoring at the threshold may give less.

    Args:
        predictions: Rows as "squad_v2" takes them. One without a gap is counted as it is at every threshold.
        references: Rows as "squad_v2" takes them.

    Returns:
        The threshold, and the F1 found with it, 0-100.

    Raises:
        XadaptError: If there are no references, a row has another form, or a question has two predictions.

    Source: SQuAD 2.0 (arXiv 1806.03822), `find_best_thresh` of its evaluation.
    """
    answers = answers_by_question(predictions, references)
    if not answers:
        raise XadaptError("there is nothing to tune on, the references are empty")
    known = [answers[row["id"]] for row in predictions if row["id"] in answers]
    ranked = sorted(((answer.gap, answer) for answer in known if answer.gap is not None), key=itemgetter(0))
    total: float = sum(not answer.answerable for _, answer in ranked)
    total += sum(answer.f1 for answer in known if answer.gap is None)
    best, threshold = total, 0.0
    for gap, answer in ranked:
        if answer.answerable:
            total += answer.f1
        elif answer.text != "":
            total -= 1
        if total > best:
            best, threshold = total, float(gap)
    return threshold, 100.0 * best / len(answers)


def null_aware_f1(predicted: str, gold: str) -> float:
    """Token F1 of two normalized answers, 0-1; unlike in SQuAD v1.1, two empty answers agree."""
    return token_f1(predicted, gold) if predicted and gold else float(predicted == gold)


def _answer(prediction: Mapping[str, Any], answers: Sequence[str]) -> Answer:
    text, gap = prediction.get("text"), prediction.get("null_gap")
    exact = f1 = 0.0
    if text is not None:
        # A gold answer of nothing but articles counts as none here, though its question stays answerable.
        wanted = [normalized for answer in answers if (normalized := squad_normalize(answer))] or [""]
        given = squad_normalize(text)
        exact, f1 = float(given in wanted), max(null_aware_f1(given, gold) for gold in wanted)
    return Answer(text=text, gap=gap, answerable=len(answers) > 0, exact=exact, f1=f1)


def _require(row: Any, keys: tuple[str, ...], what: str) -> None:
    if not isinstance(row, Mapping) or any(key not in row for key in keys):
        raise XadaptError(f"{what} is {row!r}, not a row with {' and '.join(keys)}")
