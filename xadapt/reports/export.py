"""Every number of a report as CSV: a line per result and language, or a line per setup."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from xadapt.analysis.comparison_rows import Block, Row, TaskComparison
from xadapt.analysis.families import classify
from xadapt.analysis.results import read_result
from xadapt.reports.tables import english_first, language_order
from xadapt.store.records import Result

_COLUMNS = ("task", "kind", "metric", "base", "data", "limit", "family", "label", "with_target", "setup", "head")
_LAST = ("seed", "run", "variant", "language", "split", "n")


def results_csv(results: Iterable[Result]) -> str:
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
        family = classify(result.setup, result.target)
        fixed = [result.task, result.kind, result.metric, result.base, result.data, result.limit, family.family]
        fixed += [family.label, family.with_target, result.setup, result.head, result.seed, result.run, result.variant]
        for code, row in sorted(result.languages.items()):
            writer.writerow([*fixed, code, row.split, row.n, *(row.scores.get(name, "") for name in names)])
    return text.getvalue()


def setups_csv(comparisons: Sequence[TaskComparison]) -> str:
    """Write what the tables show as CSV, unrounded: a line per setup, averaged over seeds.

    Args:
        comparisons: What `compare` returned.

    Returns:
        CSV text with a heading. A language has four columns: its score, the score's standard deviation over seeds
        (`de_sd`), the difference to the best single adapter (`de_vs_single`) and its adjusted p-value (`de_p_holm`);
        what is not there is empty.
    """
    blocks = [(comparison, block) for comparison in comparisons for block in comparison.blocks]
    codes = sorted({code for _, block in blocks for code in language_order(block)}, key=english_first)
    records = [_record(comparison, block, row, codes) for comparison, block in blocks for row in block.rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]) if records else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _record(comparison: TaskComparison, block: Block, row: Row, codes: Sequence[str]) -> dict[str, Any]:
    reference, times = block.reference, row.milliseconds
    return {
        "task": comparison.task,
        "metric": comparison.metric,
        "base": comparison.base,
        "data": comparison.data,
        "limit": comparison.limit,
        "with_target": block.with_target,
        "variant": block.variant,
        "family": row.family,
        "label": row.label,
        "setup": row.setup,
        "seeds": " ".join(map(str, row.seeds)),
        "n": row.total,
        "zero_shot": row.zero_shot,
        "zero_shot_sd": row.seed_spread,
        "languages_sd": row.language_spread,
        "single": reference.label if reference else None,
        "vs_single": row.difference,
        "vs_single_sd": row.difference_spread,
        "low": row.tested.low if row.tested else None,
        "high": row.tested.high if row.tested else None,
        "p": row.tested.p_value if row.tested else None,
        "p_holm": row.tested.adjusted if row.tested else None,
        "effect": row.effect,
        "wins": row.tally.better if row.tally else None,
        "losses": row.tally.worse if row.tally else None,
        "languages_ahead": row.ahead,
        "parameters": row.parameters,
        "head_parameters": row.head_parameters,
        "bytes": row.stored_bytes,
        "milliseconds": median(times) if times else None,
        "milliseconds_lowest": min(times, default=None),
        "milliseconds_highest": max(times, default=None),
        "times_single": row.ratio,
        **{code: row.scores.get(code) for code in codes},
        **{f"{code}_sd": row.spreads.get(code) for code in codes},
        **{f"{code}_vs_single": row.differences.get(code) for code in codes},
        **{f"{code}_p_holm": row.tests[code].adjusted if code in row.tests else None for code in codes},
    }
