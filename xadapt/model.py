"""A trained setup as an object that predicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from xadapt.bases import DEFAULT_BASE
from xadapt.composition.answering import Answerer, answer_with
from xadapt.composition.grammar import parse
from xadapt.context import open_context
from xadapt.data.own_tasks import open_task
from xadapt.data.prediction_input import CHUNK, input_rows, read_chunks
from xadapt.data.prediction_output import check_output, joined, open_output
from xadapt.errors import XadaptError
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.problems import problem_class
from xadapt.validation import validated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.display import Display
    from xadapt.store.store import Store
    from xadapt.tasks import Row, Task


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

    def predict(self, rows: Iterable[Mapping[str, Any]], progress: Callable[[int], None] | None = None) -> list[Row]:
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

    def answer(self, rows: list[Row], progress: Callable[[int], None] | None = None) -> list[Row]:
        """Like :meth:`predict`, for rows that :func:`~xadapt.data.prediction_input.input_rows` has read."""
        results = []
        # Features and raw outputs take far more memory than rows.
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            results += self.answerer.problem.readable(*self.answerer.outputs(chunk, progress), chunk)
        return results


def load(  # noqa: PLR0913 - each is something that a user chooses
    setup: str,
    task: str,
    *,
    base: str = DEFAULT_BASE,
    store: Store | Path | str | None = None,
    seed: int = 42,
    device: str = "auto",
    precision: str = "auto",
    max_length: int | None = None,
    display: bool | Display = False,
) -> Model:
    """Load a setup to predict a task in any language.

    >>> import xadapt
    >>> model = xadapt.load("lingnli", task="xnli")
    >>> answers = model.predict([{"premise": "Sie liest ein Buch.", "hypothesis": "Jemand liest."}])
    >>> answers[0]["prediction"], sorted(answers[0]["probabilities"])
    ('entailment', ['contradiction', 'entailment', 'neutral'])

    A row is a mapping. It has the fields of the task's kind or else the columns of the task's own data set
    (``xadapt tasks TASK`` shows them); gold answers are not needed, and further columns do no harm.

    ===================== ======================================== =====================================================
    kind                  fields of a row                          result
    ===================== ======================================== =====================================================
    text-classification   ``first``                                ``prediction``, a label; ``probabilities``, by label
    pair-classification   ``first``, ``second``                    the same
    pair-regression       ``first``, ``second``                    ``prediction``, a number on the task's scale, which
                                                                   it may overstep a little
    multiple-choice       ``context``, ``choices`` (texts, two or  ``prediction``, the text of a choice;
                          more), where the task has it             ``probabilities``, a list in the order of choices
                          ``question``
    span-qa               ``question``, ``context``                ``prediction``, cut from the context, ``""`` for no
                                                                   answer; ``score``
    tagging               ``tokens`` (texts, or one text, which is ``prediction``, as many tags as tokens
                          split at spaces)
    ===================== ======================================== =====================================================

    Probabilities are 0–1; an ensemble's are the mean of its members'. The score of an answer is the probability of its
    start times that of its end in the window that holds it, 0–1; that of no answer is ``<s>``'s in the least sure
    window.

    Args:
        setup: An expression such as ``stack(lingnli, xnli)``.
        task: The name of a task, or a YAML file that declares one.
        base: ``e5-small``, a hub id or a folder of an XLM-R checkpoint.
        store: The store or its folder; None for ``$XADAPT_STORE``, else ``xadapt-store``.
        seed: The seed whose checkpoints are preferred.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision: ``auto``, ``fp32`` or ``bf16``.
        max_length: Tokens a row, None for the problem's default.
        display: Whether the checkpoints in use are shown.

    Raises:
        XadaptError: If an option or the setup is wrong, a member is missing, the task has no head (retrieval, mining)
            or no head of the setup answers it.
    """
    # Rows are the caller's own, whatever $XADAPT_DATA says.
    context = open_context(base, "bundled", store, seed=seed, device=device, precision=precision, display=display)
    return load_setup(context, setup, task, max_length)


def load_setup(context: Context, setup: str, task: str, max_length: int | None = None) -> Model:
    """Like :func:`load`, with base, store, hardware, seed and display that are there."""
    node, target = parse(setup), open_task(task, context.store, context.tasks, context.display.say)
    check_predictable(target)
    return load_model(context, node, target, validated(EvalSettings, max_length=max_length).max_length)


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
        file: Rows as :func:`~xadapt.data.prediction_input.read_chunks` reads them, or ``-`` for standard input.
        to: A ``.jsonl`` or ``.csv`` file, which appears when all is done; None for JSON lines on standard output.
        form: ``jsonl``, ``csv`` or ``tsv``, None for what the file's ending says.
        max_length: Tokens a row, None for the problem's default.
        progress: Called with the number of rows that a batch finished.

    Raises:
        XadaptError: If a row, a column or the setup is wrong.
    """
    check_output(to)
    check_predictable(task)
    chunks = read_chunks(file, form, task=task)
    first = next(chunks)
    for note in first.notes:
        context.display.say(note)
    # A wrong column is refused before a model is loaded.
    input_rows(first.rows, task, first)
    model = load_model(context, node, task, max_length)
    count = 0
    with open_output(to) as write:
        for chunk in chain([first], chunks):
            write(joined(chunk, model.answer(input_rows(chunk.rows, task, chunk), progress)))
            count += len(chunk.rows)
    return PredictedFile(str(node), task.name, count)
