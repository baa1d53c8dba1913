"""Rows that stand both among those that are learnt and those that measure what was learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.errors import XadaptError
from xadapt.store.files import sha256_json
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xadapt.tasks import Kind, Row

#: Whoever has no more dev rows tries out whether a training runs; no score of so few chooses a checkpoint.
TRIAL = 3
#: From this share of the dev rows on, they are taken for the training rows; short texts are there twice in any set.
_MOST = 0.5

#: The checked rows of a file with their numbers, and what errors name.
Named = tuple[str, list[tuple[int, "Row"]]]


def check_dev(train: Sequence[Named], dev: Sequence[Named], kind: Kind) -> str:
    """Check that the rows that choose a checkpoint are not those that it learnt from.

    Args:
        train: The training rows.
        dev: The dev rows.
        kind: Their kind; rows are the same if what is predicted from is.

    Returns:
        A note where some are; "" where none is.

    Raises:
        XadaptError: If most of them are, and they are more than :data:`TRIAL`.
    """
    found = _shared(train, dev, kind)
    if found is None:
        return ""
    count, rows, first = found
    if count >= _MOST * rows and rows > TRIAL:
        raise XadaptError(
            f"{count} of {rows} dev rows are training rows (the first is {first}), and would choose a checkpoint by "
            "what it has seen: write other rows to a file of their own (csv, jsonl, parquet, …)"
        )
    return f"{count} of {rows} dev rows are training rows (the first is {first}): dev scores are too high"


def test_note(train: Sequence[Named], test: Sequence[Named], kind: Kind) -> str:
    """A note on test rows that are training rows; "" where none is. Arguments as for :func:`check_dev`."""
    found = _shared(train, test, kind)
    return "{} of {} test rows are training rows (the first is {}): scores are too high".format(*found) if found else ""


def _shared(train: Iterable[Named], others: Iterable[Named], kind: Kind) -> tuple[int, int, str] | None:
    """How many rows of how many are training rows, too, and where the first is."""
    spec = spec_of(kind)
    asked = [name for name in (*kind.fields, *kind.optional) if spec.field_of(name).asked]

    def key(row: Row) -> str:
        return sha256_json([row.get(name) for name in asked] if asked else {**row, "id": None})

    learnt = {key(row) for _, rows in train for _, row in rows}
    same = [f"{where}, row {number}" for where, rows in others for number, row in rows if key(row) in learnt]
    return (len(same), sum(len(rows) for _, rows in others), same[0]) if same else None
