"""How a kind of problem becomes numbers and back, one file a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.problems.answer_retrieval import AnswerRetrievalProblem
from xadapt.problems.base import Defaults, Problem
from xadapt.problems.choices import ChoiceProblem
from xadapt.problems.entity_retrieval import EntityRetrievalProblem
from xadapt.problems.mining import MiningProblem
from xadapt.problems.pairs import PairClassificationProblem, PairRegressionProblem, TextClassificationProblem
from xadapt.problems.retrieval import RetrievalProblem
from xadapt.problems.span_qa import SpanQAProblem
from xadapt.problems.tagging import TaggingProblem
from xadapt.tasks import (
    AnswerRetrieval,
    EntityRetrieval,
    Kind,
    Mining,
    MultipleChoice,
    PairClassification,
    PairRegression,
    Retrieval,
    SpanQA,
    Tagging,
    Task,
    TextClassification,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBLEMS: dict[type[Kind], type[Problem]] = {
    TextClassification: TextClassificationProblem,
    PairClassification: PairClassificationProblem,
    PairRegression: PairRegressionProblem,
    MultipleChoice: ChoiceProblem,
    Tagging: TaggingProblem,
    SpanQA: SpanQAProblem,
    Retrieval: RetrievalProblem,
    Mining: MiningProblem,
    AnswerRetrieval: AnswerRetrievalProblem,
    EntityRetrieval: EntityRetrievalProblem,
}


def problem_class(task: Task) -> type[Problem]:
    """The implementation of a task's kind."""
    return _PROBLEMS[type(task.kind)]


def make_problem(
    task: Task, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None, **options: Any
) -> Problem:
    """Bind a task to a tokenizer; ``options`` are those of its kind (``layer`` for retrieval)."""
    return problem_class(task)(task, tokenizer, max_length, **options)


def problem_revisions() -> dict[str, int]:
    """The revision of how each kind of problem is evaluated, by the kind's name."""
    return {str(kind.name): problem.revision for kind, problem in _PROBLEMS.items()}


__all__ = ["Defaults", "Problem", "make_problem", "problem_class", "problem_revisions"]
