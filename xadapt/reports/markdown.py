"""The report as Markdown, with its plots and numbers beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xadapt.analysis.comparison_rows import Block, TaskComparison
from xadapt.analysis.costs import COST_FILE
from xadapt.errors import XadaptError
from xadapt.reports.conclusion import conclude
from xadapt.reports.export import results_csv, setups_csv
from xadapt.reports.markdown_tables import DAGGER, group_table, language_tables, setup_table, test_table
from xadapt.reports.verdicts import block_title, chosen_by, headline, judged, notes, survey, verdict
from xadapt.store.files import atomic_write_bytes
from xadapt.store.records import Result


def write_report(
    comparisons: Sequence[TaskComparison],
    results: Iterable[Result],
    to: Path,
    title: str,
    commands: Sequence[str] = (),
    recipe: str = "",
    adapters: Sequence[str] = (),
    scores: Sequence[str] = (),
    costs: Path | None = None,
    explanations: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write a report: `report.md`, the same as one page, `report.html`, and a picture per comparison in `plots`.

    The numbers are `report.json`, `setups.csv`, a line per setup, `results.csv`, a line per result and language, and
    `cost.json`.

    Args:
        comparisons: What `compare` returned for the results.
        results: Results as they are stored, at least one.
        to: Folder to write into; made if it is missing.
        title: Heading of the report.
        commands: Commands that produced the results, quoted at the end.
        recipe: Text of the recipe that they ran, quoted with them: it holds the budgets.
        adapters: A line for each trained adapter in use: its data, rows and seed.
        scores: A line for each setup's scores of a suite.
        costs: The file of measured times, which goes along where a comparison has some; may be missing.
        explanations: What the fusions attend to, as `xadapt explain` stores it.

    Returns:
        The path of `report.md`. A report that exists has its pictures.

    Raises:
        XadaptError: If there are no results or one is malformed.
    """
    if not comparisons:
        raise XadaptError(f"no results to report in {to}: evaluate a setup first")
    names = plot_names(comparisons)
    from xadapt.reports.overview import OVERVIEW, overview_png
    from xadapt.reports.page import About, write_page
    from xadapt.reports.plots import comparison_png

    for comparison, name in zip(comparisons, names, strict=True):
        if comparison.alone:
            continue
        atomic_write_bytes(to / "plots" / name, comparison_png(comparison))
    overview = overview_png(comparisons)
    if overview:
        atomic_write_bytes(to / "plots" / OVERVIEW, overview)
    atomic_write_bytes(to / "results.csv", results_csv(results).encode("utf-8"))
    atomic_write_bytes(to / "setups.csv", setups_csv(comparisons).encode("utf-8"))
    if costs and any(comparison.timed for comparison in comparisons):
        atomic_write_bytes(to / COST_FILE, costs.read_bytes())
    report = to / "report.md"
    text = render(comparisons, title, commands, names, recipe, adapters, scores, OVERVIEW if overview else "")
    atomic_write_bytes(report, text.encode("utf-8"))
    about = About((), commands, recipe, adapters, scores, explanations)
    write_page(to, title, comparisons, about)
    return report


def render(
    comparisons: Sequence[TaskComparison],
    title: str,
    commands: Sequence[str],
    plots: Sequence[str],
    recipe: str = "",
    adapters: Sequence[str] = (),
    scores: Sequence[str] = (),
    overview: str = "",
) -> str:
    """Write comparisons as Markdown.

    Args:
        comparisons: What `compare` returned.
        title: Heading of the report.
        commands: Commands to quote at the end, none for no such part.
        plots: File name of each comparison's picture, in the folder `plots`.
        recipe: Text of a recipe to quote, empty for none.
        adapters: Lines that describe the adapters in use.
        scores: Lines that give the scores of suites.
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
    return environment.get_template("report.md.j2").render(
        title=title,
        commands=list(commands),
        recipe=recipe.strip(),
        adapters=list(adapters),
        scores=list(scores),
        overview=overview,
        sections=[_section(comparison, plot) for comparison, plot in zip(comparisons, plots, strict=True)],
        conclusion=conclude(comparisons),
        dagger=DAGGER,
        tested=any(row.tests for comparison in comparisons for block in comparison.blocks for row in block.rows),
        timed=any(comparison.timed for comparison in comparisons),
        demonstration=any(comparison.data == "bundled" for comparison in comparisons),
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


def _section(comparison: TaskComparison, plot: str) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "plot": plot,
        "notes": notes(comparison),
        "seeds": _seeds(comparison),
        "blocks": [
            {
                "title": block_title(block),
                "names": [(row.label, row.setup) for row in block.rows if row.label != row.setup],
                "chosen": chosen_by(block),
                "survey": survey(block),
                "headline": headline(block),
                "verdict": verdict(comparison, block),
                "setups": setup_table(block),
                "tests": test_table(block),
                "groups": _groups(comparison, block),
                "languages": "\n\n".join(language_tables(comparison, block)),
            }
            for block in comparison.blocks
        ],
    }


def _groups(comparison: TaskComparison, block: Block) -> dict[str, str] | None:
    row = judged(block)
    table = group_table(comparison, row) if row is not None else ""
    return {"label": row.label, "table": table} if row is not None and table else None


def _seeds(comparison: TaskComparison) -> str:
    rows = [row for block in comparison.blocks for row in block.rows]
    return ", ".join(map(str, sorted({seed for row in rows for seed in row.seeds})))
