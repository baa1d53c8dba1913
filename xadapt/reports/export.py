"""Every number of a report as CSV: a line per result and language, or a line per setup."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import Block, SetupRow, TaskComparison, english_first
from xadapt.analysis.families import classify
from xadapt.analysis.results import comparable, variant
from xadapt.tables import Table, cells, csv_text, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xadapt.store.result_record import Result
    from xadapt.tables.table import Value

_COLUMNS = ("task", "kind", "metric", "base", "data", "limit", "family", "label", "with_target", "setup", "head")
_LAST = ("seed", "run", "variant", "language", "split", "n")


def results_csv(results: Iterable[Result]) -> str:
    """Write results as CSV, unrounded and not averaged.

    Args:
        results: The results.

    Returns:
        CSV text with a heading; scores that a result does not have are empty.

    Raises:
        XadaptError: If a result's setup is no expression.
    """
    read = [(result, variant(result)) for result in map(comparable, results)]
    read.sort(key=lambda each: (each[0].task, each[0].base, each[0].data, each[0].setup, each[1], each[0].seed))
    names = sorted({name for result, _ in read for one in result.languages.values() for name in one.scores})
    lines = []
    for result, way in read:
        family = classify(result.setup, result.target)
        fixed = [result.task, result.kind, result.metric, result.base, result.data, result.limit, family.family]
        fixed += [family.label, family.with_target, result.setup, result.head or ""]
        fixed += [result.seed, result.run, way]
        for code, one in sorted(result.languages.items()):
            lines.append(cells([*fixed, code, one.split, one.n, *map(one.scores.get, names)]))
    return csv_text(Table("results", words(*_COLUMNS, *_LAST, *names), lines))


def setups_csv(comparisons: Sequence[TaskComparison]) -> str:
    """Write what the tables show as CSV, unrounded: a line per setup, averaged over seeds.

    Args:
        comparisons: What `compare` returned.

    Returns:
        CSV text with a heading. A language has four columns: its score, the score's standard deviation over seeds
        (`de_sd`), the difference to the reference (`de_vs_reference`) and its adjusted p-value (`de_p_holm`);
        what is not there is empty.
    """
    blocks = [(comparison, block) for comparison in comparisons for block in comparison.blocks]
    codes = sorted({code for _, block in blocks for code in block.languages}, key=english_first)
    records = [_record(comparison, block, row, codes) for comparison, block in blocks for row in block.rows]
    columns = words(*records[0]) if records else []
    return csv_text(Table("setups", columns, [cells(record.values()) for record in records]))


def _record(comparison: TaskComparison, block: Block, row: SetupRow, codes: Sequence[str]) -> dict[str, Value]:
    reference, times = block.reference, row.milliseconds
    return {
        "task": comparison.task,
        "metric": comparison.metric,
        "base": comparison.base,
        "data": comparison.data,
        "limit": comparison.limit,
        "with_target": row.with_target,
        "variant": block.variant,
        "family": row.family,
        "label": row.label,
        "setup": row.setup,
        "seeds": " ".join(map(str, row.seeds)),
        "n": row.total,
        "zero_shot": row.zero_shot,
        "zero_shot_sd": row.seed_spread,
        "languages_sd": row.language_spread,
        "reference": reference.label if reference else None,
        "vs_reference": row.difference,
        "vs_reference_sd": row.difference_spread,
        "low": row.tested.low if row.tested else None,
        "high": row.tested.high if row.tested else None,
        "p": row.tested.p_value if row.tested else None,
        "p_holm": row.tested.adjusted if row.tested else None,
        "vs_best_single": row.single_difference,
        "p_holm_best_single": row.single_tested.adjusted if row.single_tested else None,
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
        "times_reference": row.ratio,
        **{code: row.scores.get(code) for code in codes},
        **{f"{code}_sd": row.spreads.get(code) for code in codes},
        **{f"{code}_vs_reference": row.differences.get(code) for code in codes},
        **{f"{code}_p_holm": row.tests[code].adjusted if code in row.tests else None for code in codes},
    }
