"""A trained setup as an object that predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xadapt.backbone.base import load_backbone
from xadapt.backbone.hardware import pick_device, pick_precision
from xadapt.bases import DEFAULT_BASE
from xadapt.composition.grammar import parse
from xadapt.data.inputs import CHUNK, input_rows
from xadapt.data.own_tasks import open_store, open_task
from xadapt.errors import XadaptError
from xadapt.evaluation.answering import Answerer, answer_with
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.evaluation.readable import readable
from xadapt.problems import problem_class
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.tasks import Task
from xadapt.validation import validated


@dataclass(frozen=True)
class Model:
    """A setup that is loaded to answer a task; made by :func:`load`.

    Attributes:
        setup: The setup's expression.
        task: The task.
        answerer: The models, with what encodes and decodes.
    """

    setup: str
    task: Task
    answerer: Answerer = field(repr=False)

    def predict(
        self, rows: Iterable[Mapping[str, Any]], progress: Callable[[int], None] | None = None
    ) -> list[dict[str, Any]]:
        """Predict rows, as many as there are; rows of like length are batched together.

        Args:
            rows: See :func:`load`.
            progress: Called with the number of rows that a batch finished.

        Returns:
            One result a row, in order; see :func:`load`.

        Raises:
            XadaptError: If a row does not fit the task; names it, counted from 0.
        """
        return self.answer(input_rows(list(rows), self.task), progress)

    def answer(self, rows: list[dict[str, Any]], progress: Callable[[int], None] | None = None) -> list[dict[str, Any]]:
        """Like :meth:`predict`, for rows that :func:`~xadapt.data.inputs.input_rows` has brought into the fields."""
        results = []
        # Features and raw outputs take far more memory than rows.
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            results += readable(self.answerer.problem, *self.answerer.outputs(chunk, progress), chunk)
        return results


def load(
    setup: str,
    task: str,
    *,
    base: str = DEFAULT_BASE,
    store: Store | Path | str | None = None,
    seed: int = 42,
    device: str = "auto",
    precision: str = "auto",
    max_length: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Model:
    """Load a setup to predict a task in any language.

    >>> import xadapt
    >>> model = xadapt.load("lingnli", task="xnli")
    >>> model.predict([{"premise": "Sie liest ein Buch.", "hypothesis": "Jemand liest."}])
    [{'prediction': 'entailment', 'probabilities': {'entailment': …, 'neutral': …, 'contradiction': …}}]

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
        tell: Told of every checkpoint in use.

    Raises:
        XadaptError: If an option or the setup is wrong, a member is missing, the task has no head (retrieval, mining)
            or no head of the setup answers it.
    """
    place = store if isinstance(store, Store) else open_store(store)
    node, target = parse(setup), open_predictable(task, place)
    settings = validated(EvalSettings, seed=seed, device=device, precision=precision, max_length=max_length)
    where = pick_device(settings.device)

    def note(checkpoint: Checkpoint) -> None:
        if tell:
            tell(f"uses {checkpoint.describe()}")

    answerer = answer_with(
        node,
        target,
        load_backbone(base),
        place,
        pick_precision(settings.precision, where),
        settings.seed,
        settings.max_length,
        on_use=note,
    )
    answerer.to(where)
    return Model(str(node), target, answerer)


def open_predictable(text: str, store: Store) -> Task:
    """Open a task by its name or its file, as :func:`~xadapt.data.own_tasks.open_task` does.

    Raises:
        XadaptError: Also if the task has no head that could predict a row.
    """
    task = open_task(text, store)
    if not problem_class(task).needs_head:
        raise XadaptError(
            f"{task.name} is {task.kind.name}, which has no head: predict is for classification, regression, choices, "
            f"question answering and tagging; measure it with `xadapt evaluate {task.name}`"
        )
    return task
