"""A mirror: a folder laid out as ``ROOT/<org>/<name>/<config>/<split>.parquet`` with the hub's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.data.files import READERS, RawTable, read_table
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.tasks.task import Rows


def mirror_file(root: Path, rows: Rows, config: str) -> Path | None:
    """Find the file of the first split that the mirror has, None when it has none.

    Parquet is what the hub has; a file that a user put there may have any ending that can be read.
    """
    for split in rows.splits:
        for ending in READERS:
            path = root / rows.hub_id / config / f"{split}{ending}"
            if path.is_file():
                return path
    return None


def read_mirror(root: Path, rows: Rows, config: str, columns: list[str], how: str, tagged: bool = False) -> RawTable:
    """Read the named columns, those that are there.

    Args:
        root: The mirror's folder.
        rows: What to read.
        config: Its configuration, with the language filled in.
        columns: Column names.
        how: How to get the file, for the error that it is missing.
        tagged: Whether they are of a tagging task.

    Raises:
        XadaptError: If the file is missing or unreadable.
    """
    path = mirror_file(root, rows, config)
    if path is None:
        wanted = root / rows.hub_id / config / f"{rows.splits[0]}.parquet"
        raise XadaptError(f"the mirror has no {wanted}: {how}")
    return read_table(path, columns, tagged)
