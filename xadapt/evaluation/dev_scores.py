"""What a setup scored on English dev rows when it was trained: what may choose between setups."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from xadapt.metrics import main_score
from xadapt.tasks.catalogue import DEFAULT, Catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.composition.expression import Node
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Scores


def recorded_dev_scores(
    node: Node, heads: Sequence[str | None], used: Sequence[Checkpoint], tasks: Catalogue = DEFAULT
) -> Scores:
    """Give the dev score that the checkpoints of a setup recorded.

    A checkpoint's figures are those of the whole expression that it completes, so that a setup which was only put
    together, such as an average, has none.

    Args:
        node: The setup.
        heads: The head that answers of each of its parts: one, or one a member of an ensemble.
        used: The checkpoints that were loaded.
        tasks: The tasks that are known.

    Returns:
        The main score, 0-100, by the name of the dev rows' task; the mean over an ensemble's members. Empty where a
        part has no score, or the members' scores are of different tasks.
    """
    by_setup = {checkpoint.setup: checkpoint for checkpoint in used}
    scores = [_score(by_setup.get(str(part)), head, tasks) for part, head in zip(node.parts, heads, strict=True)]
    if None in scores or len(set(heads)) != 1:
        return {}
    return {str(heads[0]): round(fmean(score for score in scores if score is not None), 4)}


def _score(checkpoint: Checkpoint | None, head: str | None, tasks: Catalogue) -> float | None:
    # A head may be of another user's own task.
    task = tasks.get(head) if head else None
    if checkpoint is None or task is None:
        return None
    return checkpoint.scores.get(task.name, {}).get(main_score(task.metric))
