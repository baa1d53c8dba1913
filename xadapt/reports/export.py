"""Every number of a report as CSV: one line per result and language."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from xadapt.reports.families import classify
from xadapt.reports.results import read_result

_COLUMNS = ("task", "kind", "metric", "base", "data", "limit", "family", "label", "with_target", "setup", "head")
_LAST = ("seed", "run", "variant", "language", "split", "n")


def results_csv(results: Iterable[Mapping[str, Any]]) -> str:
    """Write results as CSV, unrounded and not averaged.

    Args:
        results: Results as they are stored.

    Returns:
        CSV text with a heading; scores that a result does not have are empty.

    Raises:
        XadaptError: If a result is malformed.
    """
    read = [read_result(stored) for stored in results]
    read.sort(key=lambda result: (result.task, result.base, result.data, result.setup, result.variant, result.seed))
    names = sorted({name for result in read for row in result.languages.values() for name in row.scores})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *_LAST, *names])
    for result in read:
        family = classify(result.setup, result.task)
        fixed = [result.task, result.kind, result.metric, result.base, result.data, result.limit, family.family]
        fixed += [family.label, family.with_target, result.setup, result.head, result.seed, result.run, result.variant]
        for code, row in sorted(result.languages.items()):
            writer.writerow([*fixed, code, row.split, row.n, *(row.scores.get(name, "") for name in names)])
    return text.getvalue()
