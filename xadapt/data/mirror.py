"""A mirror: a folder laid out as ``ROOT/<org>/<name>/<config>/<split>.parquet`` with the hub's own names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xadapt.errors import XadaptError
from xadapt.tasks.task import Rows


def mirror_file(root: Path, rows: Rows, config: str) -> Path | None:
    """Find the file of the first split that the mirror has, None when it has none."""
    for split in rows.splits:
        path = root / rows.hub_id / config / f"{split}.parquet"
        if path.is_file():
            return path
    return None


def read_mirror(root: Path, rows: Rows, config: str, columns: list[str]) -> tuple[list[dict[str, Any]], str]:
    """Read the named columns.

    Args:
        root: The mirror's folder.
        rows: What to read.
        config: Its configuration, with the language filled in.
        columns: Column names that must be there.

    Returns:
        The rows and the split they came from.

    Raises:
        XadaptError: If the file is missing, unreadable or lacks a column.
    """
    import pyarrow.parquet as parquet

    path = mirror_file(root, rows, config)
    if path is None:
        wanted = root / rows.hub_id / config / f"{rows.splits[0]}.parquet"
        raise XadaptError(f"the mirror has no {wanted}: add that file, or use --data hub or --data bundled")
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        missing = [column for column in columns if column not in names]
        if missing:
            raise XadaptError(f"{path} has no column {missing[0]!r} (it has {', '.join(names)}): pull the file again")
        return file.read(columns=columns).to_pylist(), path.stem
    except (OSError, ValueError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:80]
        raise XadaptError(f"{path} is not a readable parquet file ({reason}): pull it again") from None
