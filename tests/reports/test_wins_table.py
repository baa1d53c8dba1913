"""How often each composition wins and loses, over tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.made_up_results import run_of
from tests.reports.blocks import lines
from xadapt.analysis.comparison import compare
from xadapt.reports import make_report
from xadapt.reports.wins_table import wins_table


def results_of(measured: Any, tasks: dict[str, float], seeds: tuple[int, ...] = (1, 2, 3)) -> list[Any]:
    """A single adapter of 0.5, a fusion with the target among its members, and an average that is like the single."""
    return [
        measured(setup, {"en": 0.6, "de": share}, seed, task=task, target=task, run=run_of(f"{task} {setup} {seed}"))
        for task, fused in tasks.items()
        for setup, share in {
            f"stack(mnli, {task})": 0.5,
            f"fuse(mnli, stsb, {task})@{task}": fused,
            f"stack(average(mnli, stsb), {task})": 0.5,
        }.items()
        for seed in seeds
    ]


def test_wins_and_losses_are_counted_over_tasks_under_one_name(measured: Any, tmp_path: Path) -> None:
    results = results_of(measured, {"xnli": 0.8, "pawsx": 0.75, "xcopa": 0.2})
    table = wins_table(compare(results, None, tmp_path / "examples"))
    assert lines(table)["fuse(mnli, stsb, target)@target"] == ["3", "2", "1", "0", "0"]
    assert lines(table)["average(mnli, stsb)"] == ["3", "0", "0", "3", "0"]
    assert next(iter(lines(table))) == "fuse(mnli, stsb, target)@target"


def test_the_table_is_in_the_report_and_on_the_page(measured: Any, tmp_path: Path) -> None:
    results = results_of(measured, {"xnli": 0.8, "pawsx": 0.75})
    text = make_report(results, examples=tmp_path / "examples").write(tmp_path / "out").read_text()
    assert "| `fuse(mnli, stsb, target)@target` | 2 | 2 | 0 | 0 | 0 |" in text
    assert 'id="wins-table"' in (tmp_path / "out" / "report.html").read_text()


def test_one_task_or_no_test_needs_no_table(measured: Any, tmp_path: Path) -> None:
    assert wins_table(compare(results_of(measured, {"xnli": 0.8}), None, tmp_path / "examples")) is None
    assert wins_table(compare(results_of(measured, {"xnli": 0.8, "pawsx": 0.7}))) is None
