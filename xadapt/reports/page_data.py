"""Every number of a report as one JSON document, for programs that read what the page shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from xadapt.analysis.comparison_rows import Block, Reference, Row, TaskComparison
from xadapt.reports.verdicts import block_title, headline, judged

#: Changes when a program that reads the document has to change.
FORMAT = 1


@dataclass(frozen=True)
class About:
    """What a report tells beside its comparisons.

    Attributes:
        verdict: The sentences on top; without any, those of `conclude`.
        commands: Commands that produced the results.
        recipe: Text of the recipe that they ran, empty for none.
        adapters: A line for each trained adapter in use: its data, rows and seed.
        scores: A line for each setup's scores of a suite.
        explanations: What `xadapt explain` stored, the contents of its `explanation.json`.
        methods: Paragraphs on how the numbers were made.
    """

    verdict: Sequence[str] = ()
    commands: Sequence[str] = ()
    recipe: str = ""
    adapters: Sequence[str] = ()
    scores: Sequence[str] = ()
    explanations: Sequence[Mapping[str, Any]] = ()
    methods: Sequence[str] = ()


def report_data(title: str, comparisons: Sequence[TaskComparison], about: About) -> dict[str, Any]:
    """Turn a report into plain JSON values.

    Args:
        title: Heading of the report.
        comparisons: What `compare` returned.
        about: What the report tells beside them.

    Returns:
        A dictionary with the fields of `About` and `TaskComparison` by their names, numbers unrounded. A number that
        JSON cannot hold (NaN, infinity) is None.
    """
    told = {"format": FORMAT, "title": title, **asdict(about)}
    return _json_value({**told, "comparisons": [_comparison(comparison) for comparison in comparisons]})


def _comparison(comparison: TaskComparison) -> dict[str, Any]:
    return {**asdict(replace(comparison, blocks=())), "blocks": [_block(block) for block in comparison.blocks]}


def _block(block: Block) -> dict[str, Any]:
    chosen = judged(block)
    return {
        "title": block_title(block),
        "with_target": block.with_target,
        "variant": block.variant,
        "headline": headline(block),
        "judged": chosen.label if chosen else None,
        "reference": _reference(block.reference) if block.reference else None,
        "rows": [_row(row) for row in block.rows],
    }


def _reference(reference: Reference) -> dict[str, Any]:
    # Its row stands among the others already.
    told = asdict(replace(reference, row=None))
    del told["row"]
    return told


def _row(row: Row) -> dict[str, Any]:
    # The results themselves are in results.csv; their hashes lead there.
    return {
        **asdict(replace(row, runs=())),
        "runs": [result.run for result in row.runs],
        "stored_bytes": row.stored_bytes,
    }


def _json_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json_value(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
