"""The report as one HTML page that needs nothing else: no network, no file beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from xadapt.reports.block_names import NamedBlock, labels, named_blocks
from xadapt.reports.budget_table import budget_table
from xadapt.reports.conclusion import conclude
from xadapt.reports.data_table import inventory_table
from xadapt.reports.explanation_tables import page_attention
from xadapt.reports.language_tables import page_languages
from xadapt.reports.notes import notes
from xadapt.reports.page_figures import bar_figures, heat_map
from xadapt.reports.report_json import report_data
from xadapt.reports.setup_tables import cost_table, page_table, summary_table
from xadapt.reports.significance_tables import group_table, significance_table
from xadapt.reports.verdicts import block_title, chosen_by, headline, how_timed, survey, verdict
from xadapt.reports.wins_table import wins_table
from xadapt.store.cost_record import COST_FILE
from xadapt.store.files import atomic_write_bytes, atomic_write_json
from xadapt.tables.html import colour, html_table, plain_cell
from xadapt.tables.numbers import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from markupsafe import Markup

    from xadapt.analysis.comparison_rows import Block, TaskComparison
    from xadapt.reports.page_figures import Bars
    from xadapt.reports.report import Report
    from xadapt.tables import Table

#: Files that a report may have beside the page, and what they hold.
_BESIDE = {
    "report.md": "the report as Markdown",
    "setups.csv": "a line per setup",
    "results.csv": "by seed and language",
    COST_FILE: "measured times",
}


def write_page(report: Report, to: Path) -> Path:
    """Write `report.html`, one page that needs no network, and its numbers as `report.json` beside it.

    Args:
        report: The report.
        to: Folder to write into; made if it is missing. The page links to a report's other files that are there.

    Returns:
        The path of `report.html`.
    """
    beside = {name: what for name, what in _BESIDE.items() if (to / name).is_file()}
    page = to / "report.html"
    text = render_page(report, {**beside, "report.json": "every number of this page, unrounded"})
    atomic_write_json(to / "report.json", report_data(report))
    atomic_write_bytes(page, text.encode("utf-8"))
    return page


def render_page(report: Report, beside: dict[str, str]) -> str:
    """Write a report as an HTML page.

    Args:
        report: The report.
        beside: Files to link to by name, with what they hold.

    Returns:
        The HTML text.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("xadapt.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["inline"] = inline
    environment.globals.update(
        grid=lambda *given: Markup(html_table(*given)), shade=lambda cell: Markup(colour(cell)), shown=plain_cell
    )
    templates = files("xadapt.reports") / "templates"
    script = (templates / "page.js").read_text(encoding="utf-8")
    comparisons = report.comparisons
    blocks = named_blocks(comparisons)
    heat = heat_map(blocks)
    rows = [row for each in blocks for row in each.block.rows]
    return environment.get_template("page.html.j2").render(
        report=report,
        verdict=conclude(comparisons) or [f"{each.name}: {headline(each.block)}." for each in blocks],
        facts=_facts(comparisons, blocks),
        heat=heat,
        choices=[asdict(choice) for choice in heat.setups] if heat else [],
        summary=summary_table(blocks),
        wins=wins_table(comparisons),
        sections=[
            _section(comparison, name, report)
            for comparison, name in zip(comparisons, _short(comparisons), strict=True)
        ],
        explanations=[(each, page_attention(each)) for each in report.explanations],
        cost=cost_table(blocks) if any(row.parameters or row.milliseconds for row in rows) else None,
        timed=list(dict.fromkeys(how_timed(comparison.timed) for comparison in comparisons if comparison.timed)),
        inventory=inventory_table(comparisons),
        tested=any(row.tested for row in rows),
        beside=beside,
        style=Markup((templates / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        # The browser runs this script and no other, whatever a setup or a recipe may be called.
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode(),
    )


def inline(text: str) -> Markup:
    """Turn a sentence with `code` and **bold** in Markdown into HTML; everything else is escaped."""
    from markupsafe import Markup, escape

    coded = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", coded))


@dataclass(frozen=True)
class _PageBlock:
    """What the template shows of a block."""

    title: str
    names: list[tuple[str, str]]
    verdict: list[str]
    setups: Table
    figures: list[Bars]
    languages: Table
    tests: Table | None
    budgets: Table | None
    groups: Table | None


@dataclass(frozen=True)
class _PageSection:
    """What the template shows of a comparison."""

    short: str
    comparison: TaskComparison
    notes: list[str]
    blocks: list[_PageBlock]


def _section(comparison: TaskComparison, short: str, report: Report) -> _PageSection:
    return _PageSection(
        short=short,
        comparison=comparison,
        notes=[*notes(comparison), *filter(None, map(chosen_by, comparison.blocks))],
        blocks=[_block(comparison, block, report) for block in comparison.blocks],
    )


def _block(comparison: TaskComparison, block: Block, report: Report) -> _PageBlock:
    return _PageBlock(
        title=block_title(block),
        names=[(row.label, row.setup) for row in block.rows if row.label != row.setup],
        verdict=[] if comparison.alone else [*filter(None, (verdict(comparison, block), survey(block)))],
        setups=page_table(comparison, block),
        figures=bar_figures(comparison, block),
        languages=page_languages(comparison, block),
        tests=significance_table(block, brief=True),
        budgets=budget_table(block, report.records),
        groups=group_table(comparison, block, brief=True),
    )


def _facts(comparisons: Sequence[TaskComparison], blocks: Sequence[NamedBlock]) -> list[tuple[str, str]]:
    seeds = {seed for each in blocks for row in each.block.rows for seed in row.seeds}
    codes = {code for comparison in comparisons for code in comparison.counts}
    return [
        ("base", _listed(comparison.base for comparison in comparisons)),
        ("data", _listed(comparison.data for comparison in comparisons)),
        ("seeds", ", ".join(map(str, sorted(seeds)))),
        ("tasks", _listed(comparison.task for comparison in comparisons)),
        ("setups", str(len(labels(blocks)))),
        ("languages", str(len(codes))),
        ("rows scored with each seed", count(sum(sum(comparison.counts.values()) for comparison in comparisons))),
    ]


def _short(comparisons: Sequence[TaskComparison]) -> list[str]:
    tasks = [comparison.task for comparison in comparisons]
    return [each.task if tasks.count(each.task) == 1 else each.name for each in comparisons]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
