"""A user's own files of a made-up task."""

from __future__ import annotations

import json
from pathlib import Path

from xadapt.tasks import Row

DECLARED = """\
name: reviews
problem: text-classification
columns: {first: text, label: stars}
train: train.csv
dev: dev.csv
test: "test-{language}.jsonl"
languages: [xq, de]
"""


def sentiment(count: int, start: int = 0) -> list[Row]:
    """Rows in a made-up language: ``zama`` is good and ``krel`` is bad; from another even start on, others."""
    words = ("zama", "krel")
    return [{"text": f"lo {words[i % 2]} tu {i}", "stars": ("good", "bad")[i % 2]} for i in range(start, start + count)]


def write_csv(path: Path, rows: list[Row]) -> Path:
    """Write rows without quotes."""
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_jsonl(path: Path, rows: list[Row]) -> Path:
    """Write a row a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_tags(path: Path, sentences: list[list[tuple[str, str]]]) -> Path:
    """Write a token and its tag a line, an empty line between sentences."""
    path.write_text("\n".join("".join(f"{w}\t{t}\n" for w, t in sentence) for sentence in sentences), encoding="utf-8")
    return path
