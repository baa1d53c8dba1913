"""The report as Markdown, with its plots and numbers beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.analysis.verdict import judged
from xadapt.reports.budget_table import budget_table
from xadapt.reports.conclusion import conclude
from xadapt.reports.language_tables import MARKDOWN, language_tables
from xadapt.reports.notes import notes
from xadapt.reports.setup_tables import full_table
from xadapt.reports.significance_tables import group_table, significance_table
from xadapt.reports.verdicts import block_title, chosen_by, headline, how_timed, survey, verdict
from xadapt.reports.wins_table import wins_table
from xadapt.tables import fence_of, markdown_code, markdown_table, markdown_text
from xadapt.tables.markdown import DAGGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.comparison_rows import Block, TaskComparison
    from xadapt.reports.report import Report


def render(report: Report, plots: Sequence[str], overview: str = "") -> str:
    """Write a report as Markdown.

    Args:
        report: The report.
        plots: File name of each comparison's picture, in the folder `plots`.
        overview: File name of the picture of all tasks, empty for none.

    Returns:
        The Markdown text.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("xadapt.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(words=markdown_text, code=markdown_code, fence=fence_of)
    comparisons = report.comparisons
    wins = wins_table(comparisons)
    return environment.get_template("report.md.j2").render(
        title=report.title,
        commands=list(report.commands),
        recipe=report.recipe.strip(),
        adapters=list(report.adapters),
        names=report.names,
        scores=report.scores,
        overview=overview,
        sections=[_section(comparison, plot, report) for comparison, plot in zip(comparisons, plots, strict=True)],
        conclusion=conclude(comparisons),
        wins="\n\n".join([markdown_table(wins), wins.caption]) if wins else "",
        dagger=DAGGER,
        tested=any(row.tests for comparison in comparisons for block in comparison.blocks for row in block.rows),
        timed=report.timed,
        demonstration=report.demonstration,
    )


def plot_names(comparisons: Sequence[TaskComparison]) -> list[str]:
    """Name each comparison's picture after its task, base, data and limit; all names differ."""
    names: list[str] = []
    for comparison in comparisons:
        limit = "" if comparison.limit is None else f"-{comparison.limit}"
        stem = re.sub(r"[^A-Za-z0-9.]+", "-", f"{comparison.task}-{comparison.base}-{comparison.data}{limit}").strip(
            "-"
        )
        number = sum(name == f"{stem}.png" or name.startswith(f"{stem}--") for name in names)
        names.append(f"{stem}--{number + 1}.png" if number else f"{stem}.png")
    return names


@dataclass(frozen=True)
class _Groups:
    """The table of a setup by families and scripts."""

    label: str
    table: str


@dataclass(frozen=True)
class _Block:
    """What the template shows of a block; tables are Markdown."""

    title: str
    names: list[tuple[str, str]]
    chosen: str
    survey: str
    headline: str
    verdict: str
    setups: str
    tests: str
    budgets: str
    groups: _Groups | None
    languages: str


@dataclass(frozen=True)
class _Section:
    """What the template shows of a comparison."""

    comparison: TaskComparison
    plot: str
    notes: list[str]
    seeds: str
    timed: str
    blocks: list[_Block]


def _section(comparison: TaskComparison, plot: str, report: Report) -> _Section:
    return _Section(
        comparison=comparison,
        plot=plot,
        notes=notes(comparison),
        seeds=_seeds(comparison),
        timed=how_timed(comparison.timed),
        blocks=[_block(comparison, block, report) for block in comparison.blocks],
    )


def _block(comparison: TaskComparison, block: Block, report: Report) -> _Block:
    tests, budgets = significance_table(block), budget_table(block, report.records)
    return _Block(
        title=block_title(block),
        names=[(row.label, row.setup) for row in block.rows if row.label != row.setup],
        chosen=chosen_by(block),
        survey=survey(block),
        headline=headline(block),
        verdict=verdict(comparison, block),
        setups=markdown_table(full_table(comparison, block)),
        tests=markdown_table(tests) if tests else "",
        budgets="\n\n".join([markdown_table(budgets), budgets.caption]) if budgets else "",
        groups=_groups(comparison, block),
        languages="\n\n".join(map(markdown_table, language_tables(comparison, block, MARKDOWN))),
    )


def _groups(comparison: TaskComparison, block: Block) -> _Groups | None:
    row, table = judged(block), group_table(comparison, block)
    return _Groups(row.label, markdown_table(table)) if row is not None and table else None


def _seeds(comparison: TaskComparison) -> str:
    rows = [row for block in comparison.blocks for row in block.rows]
    return ", ".join(map(str, sorted({seed for row in rows for seed in row.seeds})))
