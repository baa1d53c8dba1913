"""Parquet files of a mirror, row by row."""

from __future__ import annotations

import json
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
def write(root: Path) -> Callable[..., Path]:
    """Write rows to a path inside the mirror, with what ``datasets`` says of class labels in its parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    def written(
        name: str, rows: list[dict[str, Any]], schema: Any = None, names: Any = None, lists: Any = None
    ) -> Path:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(rows, schema=schema)
        labels = {column: {"names": words, "_type": "ClassLabel"} for column, words in (names or {}).items()}
        for column, words in (lists or {}).items():
            labels[column] = {"feature": {"names": words, "_type": "ClassLabel"}, "_type": "List"}
        if labels:
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": labels}})})
        parquet.write_table(table, path)
        return path

    return written
