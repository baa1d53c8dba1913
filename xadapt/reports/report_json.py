"""Every number of a report as one JSON document, for programs that read what the page shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from xadapt.analysis.budgets import learnt
from xadapt.analysis.verdict import judged
from xadapt.reports.conclusion import conclude
from xadapt.reports.verdicts import block_title, headline, how_timed, why_untested

if TYPE_CHECKING:
    from xadapt.analysis.comparison_rows import Block, Reference, SetupRow, TaskComparison
    from xadapt.reports.report import Report
    from xadapt.store.records import Json

#: Changes when a program that reads the document has to change.
FORMAT = 1


def report_data(report: Report) -> Json:
    """Turn a report into plain JSON values.

    Args:
        report: The report.

    Returns:
        A dictionary with the fields of `Report` and `TaskComparison` by their names, numbers unrounded. A number that
        JSON cannot hold (NaN, infinity) is None.
    """
    beside = {
        "format": FORMAT,
        "title": report.title,
        "verdict": conclude(report.comparisons),
        "commands": report.commands,
        "recipe": report.recipe,
        "adapters": report.adapters,
        "scores": report.scores,
        "explanations": [explanation.stored() for explanation in report.explanations],
    }
    return dict(_json_value({**beside, "comparisons": [_comparison(each, report) for each in report.comparisons]}))


def _comparison(comparison: TaskComparison, report: Report) -> Json:
    return {
        **asdict(replace(comparison, blocks=(), timed=None)),
        "timed": how_timed(comparison.timed),
        "blocks": [_block(block, report) for block in comparison.blocks],
    }


def _block(block: Block, report: Report) -> Json:
    chosen = judged(block)
    return {
        "title": block_title(block),
        "with_target": block.with_target,
        "variant": block.variant,
        "headline": headline(block),
        "judged": chosen.label if chosen else None,
        "reference": _reference(block.reference) if block.reference else None,
        "single": _reference(block.single) if block.single else None,
        "rows": [_row(row) for row in block.rows],
        "budgets": [asdict(one) for one in learnt(block, report.records)],
    }


def _reference(reference: Reference) -> Json:
    # Its row is among the others already.
    fields = asdict(replace(reference, row=None))
    del fields["row"]
    return fields


def _row(row: SetupRow) -> Json:
    # The results themselves are in results.csv; their hashes lead there.
    return {
        **asdict(replace(row, runs=())),
        "untested": why_untested(row.untested),
        "runs": [result.run for result in row.runs],
        "stored_bytes": row.stored_bytes,
    }


def _json_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json_value(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
