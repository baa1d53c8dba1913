"""Parquet files of a mirror, row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of an empty mirror."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture
def write(root: Path) -> Callable[[str, list[dict[str, Any]]], Path]:
    """Write rows to a path inside the mirror."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    def written(name: str, rows: list[dict[str, Any]], schema: Any = None) -> Path:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path)
        return path

    return written
