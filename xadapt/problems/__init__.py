"""How a kind of problem becomes numbers and back, one file a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.problems.base import Defaults, Problem
from xadapt.problems.pairs import PairClassificationProblem, PairRegressionProblem
from xadapt.problems.retrieval import RetrievalProblem
from xadapt.problems.span_qa import SpanQAProblem
from xadapt.tasks import PairClassification, PairRegression, Retrieval, SpanQA, Task

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBLEMS: dict[type, type[Problem]] = {
    PairClassification: PairClassificationProblem,
    PairRegression: PairRegressionProblem,
    SpanQA: SpanQAProblem,
    Retrieval: RetrievalProblem,
}


def problem_class(task: Task) -> type[Problem]:
    """The implementation of a task's kind."""
    return _PROBLEMS[type(task.kind)]


def make_problem(
    task: Task, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None, **options: Any
) -> Problem:
    """Bind a task to a tokenizer; ``options`` are those of its kind (``layer`` for retrieval)."""
    return problem_class(task)(task, tokenizer, max_length, **options)


__all__ = ["Defaults", "Problem", "make_problem", "problem_class"]
