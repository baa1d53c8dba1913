"""Rows in files of every kind, with something done to them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from tests.reliability.mangling import VALUES, Rng, changed, mangled, raw_of


def _jsonl(rng: Rng, rows: list[Any]) -> bytes:
    if rng.random() < 0.7:
        rows = changed(rng, rows)
        lines = rows if isinstance(rows, list) else [rows]
        return "".join(json.dumps(row) + "\n" for row in lines).encode()
    return raw_of(rng, mangled(rng, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)))


def _table(separator: str) -> Callable[[Rng, list[Any]], bytes]:
    def write(rng: Rng, rows: list[Any]) -> bytes:
        import csv

        cells = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
        if rng.random() < 0.5:
            row = rng.randrange(len(cells))
            other = changed(rng, cells[row])
            cells[row] = [str(value) for value in other] if isinstance(other, list) else cells[row]
            cells[row] = [str(rng.choice(VALUES)) if rng.random() < 0.3 else cell for cell in cells[row]]
        text = io.StringIO()
        csv.writer(text, delimiter=separator, escapechar="\\").writerows(cells)
        return raw_of(rng, mangled(rng, text.getvalue()) if rng.random() < 0.6 else text.getvalue())

    return write


def _parquet(rng: Rng, rows: list[Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        table = pa.Table.from_pylist(changed(rng, rows))
    except (pa.ArrowException, AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError):
        table = pa.Table.from_pylist(rows)
    stream = io.BytesIO()
    try:
        parquet.write_table(table, stream)
    except (pa.ArrowException, ValueError):
        stream = io.BytesIO(b"PAR1")
    raw = stream.getvalue()
    if rng.random() < 0.5:
        at = rng.randrange(len(raw))
        raw = (
            raw[:at]
            + rng.choice((b"", b"\0", b"\xff" * 8, raw[at : at + 1] * 50))
            + raw[at + rng.choice((1, 4, 100)) :]
        )
    return raw


def _conll(rng: Rng, rows: list[Any]) -> bytes:
    text = "".join("".join(f"{w}\t{t}\n" for w, t in zip(r["tokens"], r["tags"], strict=True)) + "\n" for r in rows)
    return raw_of(rng, mangled(rng, text))


#: By ending, what writes wrong rows.
FORMS: dict[str, Callable[[Rng, list[Any]], bytes]] = {
    "jsonl": _jsonl,
    "csv": _table(","),
    "tsv": _table("\t"),
    "parquet": _parquet,
    "conll": _conll,
}
