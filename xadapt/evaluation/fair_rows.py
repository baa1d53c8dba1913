"""Rows that a setup has learnt from, though without their labels, are no test of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.errors import XadaptError, option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.data.source import RowSet
    from xadapt.store.unlabelled_rows import UnlabelledRows
    from xadapt.tasks import Task


def check_fair(
    setup: str, task: Task, language: str, found: RowSet, limit: int | None, learnt: Iterable[UnlabelledRows]
) -> None:
    """Check that none of a language's test rows is among those that a setup has learnt from without their labels.

    Args:
        setup: The setup.
        task: The task.
        language: The language.
        found: Its rows.
        limit: How many at most are measured.
        learnt: The rows of the task that the setup has learnt from. Of parallel ones the translations are not measured
            either.

    Raises:
        XadaptError: If some may be; names the largest limit that is fair.
    """
    for rows in learnt:
        if rows.split != found.split or not (task.parallel or rows.language == language):
            continue
        what = f"{setup} has learnt from unlabelled rows of {task.name} in {rows.language}, {rows.split}"
        fair = rows.fair_limit
        if fair is None or rows.available != found.available:
            raise XadaptError(f"{what}, of other data than this: measure it on the data that it was trained with")
        if limit is None or limit > fair:
            last = f"the last {rows.rows:,} of {rows.available:,}"
            raise XadaptError(f"{what}, {last}: with {option('limit', fair)} or less none of them is measured")
