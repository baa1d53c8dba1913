"""A report: comparisons and what belongs to them, shown in a terminal or a notebook, written as files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.analysis.comparison import compare
from xadapt.analysis.costs import costs_of
from xadapt.analysis.short_names import with_short_names
from xadapt.errors import XadaptError
from xadapt.reports.conclusion import conclude
from xadapt.reports.suites import suite_summary, write_setup_on_suite
from xadapt.reports.terminal import comparison_tables
from xadapt.store.cost_record import COST_FILE, CostRecord
from xadapt.store.files import atomic_write_bytes
from xadapt.tables import Table, html_table, terminal_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xadapt.analysis.comparison_rows import TaskComparison
    from xadapt.analysis.suites import SetupOnSuite
    from xadapt.store.explanation_record import ExplanationRecord
    from xadapt.store.records import RunRecord
    from xadapt.store.result_record import Result

TITLE = "Adapters compared"


@dataclass(frozen=True, repr=False)
class Report:
    """Everything that a report holds; no file is read and no model run to show or write it.

    Attributes:
        comparisons: What `compare` made of the results.
        results: The results.
        title: Its heading.
        commands: Commands that produced the results, quoted at the end.
        recipe: Text of the recipe that they ran, quoted with them: it holds the budgets. "" for none.
        adapters: A line for each trained adapter in use: its data, rows and seed.
        suites: Each setup's scores of suites.
        records: Records of the trained runs in use, by run.
        cost: Measured times, which go along where a comparison has some.
        explanations: What the fusions attend to.
        path: The Markdown that it was written to, None if it was not.
        names: Short names of setups that are shown in place of them, with what they stand for.
    """

    comparisons: Sequence[TaskComparison]
    results: Sequence[Result]
    title: str = TITLE
    commands: Sequence[str] = ()
    recipe: str = ""
    adapters: Sequence[str] = ()
    suites: Sequence[SetupOnSuite] = ()
    records: Mapping[str, RunRecord] = field(default_factory=dict)
    cost: CostRecord | None = None
    explanations: Sequence[ExplanationRecord] = ()
    path: Path | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def conclusion(self) -> str:
        """Whether combining adapters beats not combining them, where and by how much; "" if that is open."""
        return " ".join(conclude(self.comparisons))

    @property
    def scores(self) -> list[str]:
        """A line for each setup's scores of a suite."""
        return list(map(suite_summary, self.suites))

    @property
    def timed(self) -> bool:
        """Whether the time of an example was measured for any comparison."""
        return any(comparison.timed for comparison in self.comparisons)

    @property
    def demonstration(self) -> bool:
        """Whether bundled data was used, which is never a benchmark."""
        return any(comparison.data == "bundled" for comparison in self.comparisons)

    @property
    def tables(self) -> list[Table]:
        """For each block a table of setups and others of their scores by language."""
        return comparison_tables(self.comparisons)

    def write(self, folder: Path | str) -> Path:
        """Write it into a folder; see :func:`write_report`."""
        return write_report(self, Path(folder))

    def __repr__(self) -> str:
        return "\n\n".join([self.title, *filter(None, [self.conclusion]), *map(terminal_text, self.tables)])

    def _repr_html_(self) -> str:
        from markupsafe import escape

        conclusion = f"<p>{escape(self.conclusion)}</p>" if self.conclusion else ""
        return "\n".join([f"<h2>{escape(self.title)}</h2>", conclusion, *map(html_table, self.tables)])


def make_report(
    results: Iterable[Result],
    title: str = TITLE,
    cost: CostRecord | None = None,
    examples: Path | None = None,
    by_targets: bool = False,
    names: Mapping[str, str] | None = None,
) -> Report:
    """Compare results and make a report of them.

    Args:
        results: The results.
        title: The heading.
        cost: Measured times.
        examples: Folder of per-example scores, with which differences are tested; None tests nothing.
        by_targets: Whether the target languages' test rows choose the reference, and not English ones.
        names: Short names of setups, to be shown in place of them.

    Returns:
        The report, without commands, recipe and the like; :func:`dataclasses.replace` adds them.
    """
    found = list(results)
    comparisons = compare(found, costs_of(cost) if cost else None, examples, by_targets)
    named = [with_short_names(comparison, names or {}) for comparison in comparisons]
    return Report(named, found, title, names=names or {}, cost=cost)


def write_report(report: Report, to: Path) -> Path:
    """Write `report.md`, the same as one page, `report.html`, and a picture per comparison in `plots`.

    The numbers are `report.json`, `setups.csv`, a line per setup, `results.csv`, a line per result and language, and
    `cost.json`.

    Args:
        report: The report.
        to: Folder to write into; made if it is missing.

    Scores of suites go into folders of their own, ``SUITE/SETUP-SEED``.

    Returns:
        The path of `report.md`. A report that exists has its pictures.

    Raises:
        XadaptError: If there is nothing to report.
    """
    if not report.comparisons:
        raise XadaptError(f"no results to report in {to}: evaluate a setup first")
    from xadapt.reports.export import results_csv, setups_csv
    from xadapt.reports.markdown import plot_names, render
    from xadapt.reports.overview import OVERVIEW, overview_png
    from xadapt.reports.page import write_page
    from xadapt.reports.plots import comparison_png

    names = plot_names(report.comparisons)
    for comparison, name in zip(report.comparisons, names, strict=True):
        if not comparison.alone:
            atomic_write_bytes(to / "plots" / name, comparison_png(comparison))
    overview = overview_png(report.comparisons)
    if overview:
        atomic_write_bytes(to / "plots" / OVERVIEW, overview)
    for scored in report.suites:
        write_setup_on_suite(scored, to)
    atomic_write_bytes(to / "results.csv", results_csv(report.results).encode("utf-8"))
    atomic_write_bytes(to / "setups.csv", setups_csv(report.comparisons).encode("utf-8"))
    if report.cost and report.timed:
        report.cost.write(to / COST_FILE)
    written = to / "report.md"
    atomic_write_bytes(written, render(report, names, OVERVIEW if overview else "").encode("utf-8"))
    write_page(report, to)
    return written
