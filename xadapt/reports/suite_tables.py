"""A suite's scores as Markdown, CSV and JSON; what is not the benchmark's own number says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xadapt.metrics import OWN_SCALES
from xadapt.store.files import atomic_write_bytes
from xadapt.tables import Cell, Column, Mark, Table, cells, csv_text, markdown_table, numbers, words
from xadapt.tables.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xadapt.evaluation.suite_scores import GroupScore, SuiteScore, TaskScore
    from xadapt.tables.table import Value


def task_table(score: SuiteScore, brief: bool = False) -> Table:
    """One row per task; what is over a part of the languages is in brackets.

    Args:
        score: The scores.
        brief: Whether the setups are left out: they are much alike and would fold a table in a terminal.
    """
    lines = []
    for task in score.tasks:
        line = [Cell(task.task)]
        line += [] if brief else [Cell(task.setup or None, marks=frozenset({Mark.CODE} if task.setup else ()))]
        line += [Cell(task.metric), Cell(task.english, 1), _part(task.others, task), _part(task.gap, task, signed=True)]
        line += [Cell(f"{len(task.rows)}/{task.counted}"), Cell(task.n), _part(task.partial, task)]
        lines.append(line)
    metric = [Column(Cell("metric"), words=True, wraps=True)] if brief else numbers("setup", "metric")
    columns = [*words("task"), *metric, *numbers("English", "others", "gap", "languages", "N", "score")]
    return Table(f"{score.suite.title}: tasks", columns, lines)


def group_table(score: SuiteScore) -> Table:
    """One row per group and one for the whole; incomplete means are in brackets."""
    groups: list[tuple[str, GroupScore]] = [*score.groups.items(), ("all tasks", score.overall)]
    lines = [[Cell(name), Cell(f"{group.there}/{group.counted}"), _mean(group)] for name, group in groups]
    return Table(f"{score.suite.title}: groups", [*words("group"), *numbers("tasks", "score")], lines)


def verdict_lines(score: SuiteScore) -> list[str]:
    """What a reader needs before the numbers: what is missing and why, and whether the rows are a sample."""
    title, whole = score.suite.title, score.overall
    lines = []
    if whole.missing:
        missing = ", ".join(_missing(task) for task in score.tasks if task.missing)
        lines.append(f"{title} is not complete: missing {missing}.")
        there = "1 task" if whole.there == 1 else f"{whole.there} tasks"
        lines.append(f"Mean over the {there} there: {plain(whole.partial)} (not the benchmark's score).")
    else:
        lines.append(f"{title}: {plain(whole.score)}, the mean of all {whole.counted} tasks.")
    if score.sample:
        lines.append(f"A sample, not to be compared with published scores: {', '.join(score.why_sample)}.")
    return lines


def _missing(task: TaskScore) -> str:
    return f"{task.lacks} ({task.reason})" if task.reason else task.lacks


def _part(value: float | None, task: TaskScore, signed: bool = False) -> Cell:
    return Cell(value, 1, signed, marks=_brackets(bool(task.missing and task.rows)))


def _mean(group: GroupScore) -> Cell:
    return Cell(group.partial if group.missing else group.score, 1, marks=_brackets(bool(group.missing)))


def _brackets(incomplete: bool) -> frozenset[Mark]:
    return frozenset({Mark.BRACKETS} if incomplete else ())


def suite_markdown(score: SuiteScore, facts: Mapping[str, object]) -> str:
    """Lay a suite's scores out as a Markdown page.

    Args:
        score: The scores.
        facts: What else decided them, such as the setup, the base and the data, by name.
    """
    parts = [f"# {score.suite.title}", *verdict_lines(score)]
    parts.append("\n".join(f"* {name}: `{value}`" for name, value in facts.items() if value is not None))
    parts += [markdown_table(task_table(score)), markdown_table(group_table(score))]
    parts.append(
        f"Scores are 0–100; definitions: {score.suite.source}. Brackets: over what is there, not the benchmark's "
        "score. Gap: English minus the mean of the other languages."
    )
    for task in score.tasks:
        if task.rows:
            parts += [f"## {task.task}: {task.metric}", markdown_table(_language_table(task))]
    return "\n\n".join(parts) + "\n"


def _language_table(task: TaskScore) -> Table:
    names = list(dict.fromkeys(name for row in task.rows for name in row.scores if name not in OWN_SCALES))
    # A score that is one of the others by itself need not be shown twice.
    names = [name for name in names if any(row.scores.get(name) != row.score for row in task.rows)]
    lines = [
        [Cell(f"{row.language} {row.name}"), Cell(row.split), Cell(_count(row.n, row.available)), Cell(row.score, 1)]
        + [Cell(row.scores.get(name), 1) for name in names]
        for row in task.rows
    ]
    columns = [*words("language"), *numbers("split", "N", "score", *(name.replace("_", " ") for name in names))]
    return Table(f"{task.task}: {task.metric}", columns, lines)


def _count(n: int, available: int) -> str:
    return f"{n:,} of {available:,} (sample)" if available > n else f"{n:,}"


_COLUMNS = ("suite", "group", "task", "setup", "language", "name", "split", "n", "available", "sample", "score")


def suite_csv(score: SuiteScore) -> str:
    """Write every language of every task as CSV, unrounded; ``sample`` says why, and is empty where nothing does."""
    names = sorted({name for task in score.tasks for row in task.rows for name in row.scores})
    lines = []
    for task in score.tasks:
        for row in task.rows:
            fixed: list[Value] = [
                score.suite.name,
                task.group,
                task.task,
                task.setup,
                row.language,
                row.name,
                row.split,
            ]
            counted: list[Value] = [row.n, row.available, ", ".join(task.why_sample), row.score]
            lines.append(cells([*fixed, *counted, *map(row.scores.get, names)]))
    return csv_text(Table(score.suite.name, words(*_COLUMNS, *names), lines))


def suite_json(score: SuiteScore, facts: Mapping[str, object]) -> dict[str, object]:
    """Everything, for programs: the facts first, then the scores."""
    return {**facts, **score.as_dict()}


def write_suite(score: SuiteScore, facts: Mapping[str, object], to: Path) -> list[Path]:
    """Write ``suite.md``, ``suite.csv`` and ``suite.json`` into a folder.

    Returns:
        The files.
    """
    texts = {
        "suite.md": suite_markdown(score, facts),
        "suite.csv": suite_csv(score),
        "suite.json": json.dumps(suite_json(score, facts), indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        atomic_write_bytes(to / name, text.encode())
    return [to / name for name in texts]
