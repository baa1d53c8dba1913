"""Parquet files of a mirror, row by row, and a user's own files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data.own_files import DECLARED, sentiment, write_csv, write_jsonl
from tests.data.source_rows import nli_rows
from xadapt.data.source import Source
from xadapt.tasks import Row


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

    def written(name: str, rows: list[Row], schema: Any = None, names: Any = None, lists: Any = None) -> Path:
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a user's task with all its files."""
    mine = tmp_path / "mine"
    mine.mkdir()
    write_csv(mine / "train.csv", sentiment(16))
    write_csv(mine / "dev.csv", sentiment(6, 100))
    for code in ("xq", "de"):
        write_jsonl(mine / f"test-{code}.jsonl", sentiment(8, 200))
    (mine / "my.yaml").write_text(DECLARED, encoding="utf-8")
    return mine


@pytest.fixture
def declare_with(folder: Path) -> Callable[..., Path]:
    """Write the declaration with changes."""

    def written(*changes: tuple[str, str], name: str = "my.yaml") -> Path:
        text = DECLARED
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return written


@pytest.fixture
def source(root: Path, write: Callable[..., Path]) -> Source:
    """A mirror with XNLI in German, English and Swahili, 40 parallel rows each."""
    for code in ("sw", "en", "de"):
        write(f"facebook/xnli/{code}/validation.parquet", nli_rows(40, code))
    return Source(str(root))
