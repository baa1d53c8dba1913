"""A suite's scores as Markdown, CSV and JSON; what is not the benchmark's own number says so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from xadapt.evaluation.suite_scores import GroupScore, SuiteScore, TaskScore
from xadapt.metrics import OWN_SCALES
from xadapt.reports.markdown_tables import markdown_table
from xadapt.reports.numbers import NOTHING, count, plain, signed
from xadapt.store.files import atomic_write_bytes

TASK_HEAD = ("task", "setup", "metric", "English", "others", "gap", "languages", "N", "score")
GROUP_HEAD = ("group", "tasks", "score")


def task_lines(score: SuiteScore) -> list[list[str]]:
    """One line per task, for :data:`TASK_HEAD`; what is over a part of the languages stands in brackets."""
    lines = []
    for task in score.tasks:
        numbers = (plain(task.english), _part(plain(task.others), task), _part(signed(task.gap), task))
        there = f"{len(task.rows)}/{task.counted}"
        shown = _part(plain(task.partial), task)
        lines.append([task.task, task.setup or NOTHING, task.metric, *numbers, there, count(task.n), shown])
    return lines


def group_lines(score: SuiteScore) -> list[list[str]]:
    """One line per group and one for the whole, for :data:`GROUP_HEAD`; incomplete means stand in brackets."""
    groups: list[tuple[str, GroupScore]] = [*score.groups.items(), ("all tasks", score.overall)]
    return [
        [name, f"{group.there}/{group.counted}", plain(group.score) if not group.missing else _brackets(group.partial)]
        for name, group in groups
    ]


def verdict_lines(score: SuiteScore) -> list[str]:
    """What a reader must know before the numbers: what is missing and why, and whether the rows are a sample."""
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


def _part(shown: str, task: TaskScore) -> str:
    return f"({shown})" if task.missing and task.rows and shown != NOTHING else shown


def _brackets(value: float | None) -> str:
    return NOTHING if value is None else f"({plain(value)})"


def suite_markdown(score: SuiteScore, facts: Mapping[str, object]) -> str:
    """Lay a suite's scores out as a Markdown page.

    Args:
        score: The scores.
        facts: What else decided them, such as the setup, the base and the data, by name.
    """
    parts = [f"# {score.suite.title}", *verdict_lines(score)]
    parts.append("\n".join(f"* {name}: {_code(value)}" for name, value in facts.items() if value is not None))
    parts.append(markdown_table(TASK_HEAD, ([line[0], _code(line[1]), *line[2:]] for line in task_lines(score))))
    parts.append(markdown_table(GROUP_HEAD, group_lines(score)))
    parts.append(
        f"Scores are 0–100; definitions: {score.suite.source}. Brackets: over what is there, not the benchmark's "
        "score. Gap: English minus the mean of the other languages."
    )
    for task in score.tasks:
        if task.rows:
            parts += [f"## {task.task}: {task.metric}", _language_table(task)]
    return "\n\n".join(parts) + "\n"


def _language_table(task: TaskScore) -> str:
    names = list(dict.fromkeys(name for row in task.rows for name in row.scores if name not in OWN_SCALES))
    # A score that is one of the others by itself need not be shown twice.
    names = [name for name in names if any(row.scores.get(name) != row.score for row in task.rows)]
    lines = [
        [f"{row.language} {row.name}", row.split, _count(row.n, row.available), plain(row.score)]
        + [plain(row.scores.get(name)) for name in names]
        for row in task.rows
    ]
    return markdown_table(["language", "split", "N", "score", *(name.replace("_", " ") for name in names)], lines)


def _count(n: int, available: int) -> str:
    return f"{n:,} of {available:,} (sample)" if available > n else f"{n:,}"


def _code(value: object) -> str:
    return NOTHING if value == NOTHING else f"`{value}`"


_COLUMNS = ("suite", "group", "task", "setup", "language", "name", "split", "n", "available", "sample", "score")


def suite_csv(score: SuiteScore) -> str:
    """Write every language of every task as CSV, unrounded; ``sample`` says why, and is empty where nothing does."""
    names = sorted({name for task in score.tasks for row in task.rows for name in row.scores})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *names])
    for task in score.tasks:
        for row in task.rows:
            fixed = [score.suite.name, task.group, task.task, task.setup, row.language, row.name, row.split]
            counted = [row.n, row.available, ", ".join(task.why_sample), row.score]
            writer.writerow([*fixed, *counted, *(row.scores.get(name, "") for name in names)])
    return text.getvalue()


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
