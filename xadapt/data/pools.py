"""Samples for retrieval: what a row's answer is among must stay when a pool is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from xadapt.tasks import AnswerRetrieval, EntityRetrieval, Task

Row = dict[str, Any]


def holds_answers(task: Task, rows: Iterable[Row], gold: Iterable[tuple[str, str]]) -> Callable[[Row], bool]:
    """Tell the items of a pool without which some of these rows could not be answered.

    Args:
        task: A task whose answers are items of a pool.
        rows: The rows that will be asked.
        gold: The pairs of source and target ids, where a task has such.
    """
    if isinstance(task.kind, AnswerRetrieval):
        questions = {row["id"] for row in rows}
        return lambda item: item["id"] in questions
    if isinstance(task.kind, EntityRetrieval):
        entities = {row.get("entity") for row in rows}
        return lambda item: item["entity"] in entities
    sources = {row["id"] for row in rows}
    targets = {target for source, target in gold if source in sources}
    return lambda item: item["id"] in targets
