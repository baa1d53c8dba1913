"""The report as one HTML page that needs nothing else: no network, no file beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xadapt.analysis.comparison_rows import Block, TaskComparison
from xadapt.analysis.costs import COST_FILE
from xadapt.reports.conclusion import conclude
from xadapt.reports.numbers import count
from xadapt.reports.page_data import About, report_data
from xadapt.reports.page_figures import bar_figures, heat_map
from xadapt.reports.page_significance import groups_table, significance_table
from xadapt.reports.page_tables import (
    Measured,
    attention_tables,
    cost_table,
    inventory_table,
    labels,
    languages_table,
    measured,
    setups_table,
    summary_table,
)
from xadapt.reports.verdicts import block_title, chosen_by, headline, notes, survey, verdict
from xadapt.store.files import atomic_write_bytes, atomic_write_json

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["About", "render_page", "write_page"]

#: Files that a report may have beside the page, and what they hold.
_BESIDE = {
    "report.md": "the report as Markdown",
    "setups.csv": "a line per setup",
    "results.csv": "by seed and language",
    COST_FILE: "measured times",
}


def write_page(to: Path, title: str, comparisons: Sequence[TaskComparison], about: About) -> Path:
    """Write `report.html`, one page that needs no network, and its numbers as `report.json` beside it.

    Args:
        to: Folder to write into; made if it is missing. The page links to a report's other files that are there.
        title: Heading of the page.
        comparisons: What `compare` returned.
        about: What it tells beside them.

    Returns:
        The path of `report.html`.
    """
    beside = {name: what for name, what in _BESIDE.items() if (to / name).is_file()}
    page = to / "report.html"
    text = render_page(title, comparisons, about, {**beside, "report.json": "every number of this page, unrounded"})
    atomic_write_json(to / "report.json", report_data(title, comparisons, about))
    atomic_write_bytes(page, text.encode("utf-8"))
    return page


def render_page(title: str, comparisons: Sequence[TaskComparison], about: About, beside: dict[str, str]) -> str:
    """Write comparisons as an HTML page.

    Args:
        title: Heading of the page.
        comparisons: What `compare` returned.
        about: What it tells beside them.
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
    templates = files("xadapt.reports") / "templates"
    script = (templates / "page.js").read_text(encoding="utf-8")
    blocks = measured(comparisons)
    rows = [row for each in blocks for row in each.block.rows]
    return environment.get_template("page.html.j2").render(
        title=title,
        verdict=_verdict(comparisons, blocks, about),
        facts=_facts(comparisons, blocks),
        heat=heat_map(blocks),
        summary=summary_table(blocks),
        sections=[
            _section(comparison, name) for comparison, name in zip(comparisons, _short(comparisons), strict=True)
        ],
        explanations=[(told, attention_tables(told)) for told in about.explanations],
        cost=cost_table(blocks) if any(row.parameters or row.milliseconds for row in rows) else None,
        timed=list(dict.fromkeys(comparison.timed for comparison in comparisons if comparison.timed)),
        inventory=inventory_table(comparisons),
        tested=any(row.tested for row in rows),
        demonstration=any(comparison.data == "bundled" for comparison in comparisons),
        about=about,
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


def _verdict(comparisons: Sequence[TaskComparison], blocks: Sequence[Measured], about: About) -> list[str]:
    said = list(about.verdict) or conclude(comparisons)
    return said or [f"{each.name}: {headline(each.block)}." for each in blocks]


def _section(comparison: TaskComparison, short: str) -> dict[str, Any]:
    return {
        "short": short,
        "comparison": comparison,
        "notes": [*notes(comparison), *(said for said in map(chosen_by, comparison.blocks) if said)],
        "blocks": [_block(comparison, block) for block in comparison.blocks],
    }


def _block(comparison: TaskComparison, block: Block) -> dict[str, Any]:
    return {
        "title": block_title(block),
        "names": [(row.label, row.setup) for row in block.rows if row.label != row.setup],
        "said": [] if comparison.alone else [said for said in (verdict(comparison, block), survey(block)) if said],
        "setups": setups_table(comparison, block),
        "figures": bar_figures(comparison, block),
        "languages": languages_table(comparison, block),
        "tests": significance_table(block),
        "groups": groups_table(comparison, block),
    }


def _facts(comparisons: Sequence[TaskComparison], blocks: Sequence[Measured]) -> list[tuple[str, str]]:
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


def _listed(names: Any) -> str:
    return ", ".join(dict.fromkeys(names))
