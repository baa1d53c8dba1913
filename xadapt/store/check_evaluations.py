"""What is wrong with the evaluations of a store: results, predictions and per-example scores, and whether they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.store.findings import Finding, entries, read_or_find
from xadapt.store.result_record import ExamplesRecord, KeptRecord, PredictionsRecord, Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xadapt.store.store import Store

_KEPT: tuple[tuple[str, type[KeptRecord]], ...] = (("predictions", PredictionsRecord), ("examples", ExamplesRecord))


def check_evaluations(store: Store) -> Iterator[Finding]:
    """Read every result of a store, and what is kept beside it."""
    results: dict[str, Result | None] = {}
    for path in entries(store.root / "results"):
        if path.suffix != ".json":
            yield Finding(path, "note", "is not of xadapt")
            continue
        results[path.stem], found = read_or_find(path, store.read_result)
        yield from found
    for name, kind in _KEPT:
        for folder in entries(store.root / name):
            if not folder.is_dir():
                yield Finding(folder, "damaged", "is a file where a folder belongs")
            elif folder.name not in results:
                yield Finding(folder, "left", f"{name} of no result")
            else:
                yield from _kept(folder, kind, results[folder.name])
    for result in results.values():
        if result is not None:
            yield from _missing(store, result)


def _kept(folder: Path, kind: type[KeptRecord], result: Result | None) -> Iterator[Finding]:
    """Read what is kept of an evaluation; its result is None if it cannot be read."""
    for path in entries(folder):
        # Scores stand without per-example scores, which are made again from predictions.
        scored = (folder.name, path.stem) if kind is PredictionsRecord else None
        record, found = read_or_find(path, kind.read, scored)
        yield from found
        if record is None or result is None:
            continue
        score = result.languages.get(path.stem)
        if score is None:
            yield Finding(path, "left", "its result has no such language")
        elif record.rows and record.rows != score.rows:
            yield Finding(path, "damaged", "is of other rows than its result", scored)


def _missing(store: Store, result: Result) -> Iterator[Finding]:
    for code in result.languages:
        predictions, examples = store.predictions_path(result.run, code), store.examples_path(result.run, code)
        if not predictions.exists():
            yield Finding(predictions, "damaged", "is missing, and its result is there", (result.run, code))
        elif not examples.exists():
            yield Finding(examples, "note", "is missing: `xadapt evaluate` makes it again from predictions")
