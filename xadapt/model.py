"""A trained setup as an object that predicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from xadapt.data.inputs import CHUNK, input_rows, read_chunks
from xadapt.data.outputs import check_output, joined, open_output
from xadapt.errors import XadaptError
from xadapt.evaluation.answering import Answerer, answer_with
from xadapt.problems import problem_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.tasks import Task

#: A row or the result of one: columns, or what is predicted, by name.
Cells = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A setup that is loaded to answer a task; made by :func:`xadapt.load`.

    Attributes:
        setup: The setup's expression.
        task: The task.
        answerer: The models, with what encodes and decodes.
    """

    setup: str
    task: Task
    answerer: Answerer = field(repr=False)

    def predict(self, rows: Iterable[Mapping[str, Any]], progress: Callable[[int], None] | None = None) -> list[Cells]:
        """Predict rows, as many as there are; rows of like length are batched together.

        Args:
            rows: See :func:`xadapt.load`.
            progress: Called with the number of rows that a batch finished.

        Returns:
            One result a row, in order; see :func:`xadapt.load`.

        Raises:
            XadaptError: If a row does not fit the task; names it, counted from 0.
        """
        return self.answer(input_rows(list(rows), self.task), progress)

    def answer(self, rows: list[Cells], progress: Callable[[int], None] | None = None) -> list[Cells]:
        """Like :meth:`predict`, for rows that :func:`~xadapt.data.inputs.input_rows` has brought into the fields."""
        results = []
        # Features and raw outputs take far more memory than rows.
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            results += self.answerer.problem.readable(*self.answerer.outputs(chunk, progress), chunk)
        return results


def load_model(context: Context, node: Node, task: Task, max_length: int | None = None) -> Model:
    """Load a setup to predict a task.

    Args:
        context: Base, store, hardware, seed and display.
        node: The setup.
        task: The task.
        max_length: Tokens a row, None for the problem's default.

    Raises:
        XadaptError: If a member is missing, the task has no head (retrieval, mining) or no head of the setup answers
            it.
    """
    check_predictable(task)
    answerer = answer_with(context, node, task, max_length=max_length)
    answerer.to(context.device)
    return Model(str(node), task, answerer)


def check_predictable(task: Task) -> None:
    """Check that a task has a head that could predict a row.

    Raises:
        XadaptError: If it has none.
    """
    if not problem_class(task).needs_head:
        raise XadaptError(
            f"{task.name} is {task.kind.name}, which has no head: predict is for classification, regression, choices, "
            f"question answering and tagging; measure it with `xadapt evaluate {task.name}`"
        )


@dataclass(frozen=True)
class PredictedFile:
    """A file whose rows were predicted.

    Attributes:
        setup: The setup.
        task: The task's name.
        rows: How many rows there were.
    """

    setup: str
    task: str
    rows: int


def predict_file(
    context: Context,
    node: Node,
    task: Task,
    file: str,
    to: Path | None = None,
    *,
    form: str | None = None,
    max_length: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> PredictedFile:
    """Predict the rows of a file, some thousand at a time, so that it may be larger than memory.

    Args:
        context: Base, store, hardware, seed and display.
        node: The setup.
        task: The task.
        file: Rows in any form that :func:`~xadapt.data.inputs.read_chunks` knows, or ``-`` for standard input.
        to: A ``.jsonl`` or ``.csv`` file, which appears when all is done; None for JSON lines on standard output.
        form: ``jsonl`` or ``csv``, None for what the file's ending says.
        max_length: Tokens a row, None for the problem's default.
        progress: Called with the number of rows that a batch finished.

    Raises:
        XadaptError: If a row, a column or the setup is wrong.
    """
    check_output(to)
    check_predictable(task)
    chunks = read_chunks(file, form)
    first = next(chunks)
    # A wrong column is told before a model is loaded.
    input_rows(first.rows, task, first)
    model = load_model(context, node, task, max_length)
    count = 0
    with open_output(to) as write:
        for chunk in chain([first], chunks):
            write(joined(chunk, model.answer(input_rows(chunk.rows, task, chunk), progress)))
            count += len(chunk.rows)
    return PredictedFile(str(node), task.name, count)
