"""``run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import command_line, evaluation_display, out, print_json, say, show

if TYPE_CHECKING:
    from xadapt.experiments.recipe import Recipe
    from xadapt.store.store import Store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    recipe: Annotated[Path, typer.Argument(help="A recipe, such as recipes/quickstart.yaml.")],
    to: Annotated[Path | None, typer.Option(help="Folder of the report. [default: STORE/reports/NAME]")] = None,
    base: Annotated[str | None, typer.Option(help="A base instead of the recipe's.")] = None,
    data: o.Data = None,
    store: o.StoreFolder = None,
    cache_size: o.CacheSize = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    only: Annotated[str | None, typer.Option(help="Some of the recipe's targets, separated by commas.")] = None,
    max_hours: Annotated[
        float | None, typer.Option(min=0, help="Begin no run that would not end within so many hours.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Whether a training that was cut goes on or begins again.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, what of it is done and how long the rest takes; stop.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Run a recipe: train, fuse, evaluate, report.

    Started again, it goes on from what is done.
    """
    from xadapt.data.own_tasks import open_store
    from xadapt.experiments.loading import load_recipe
    from xadapt.experiments.steps import narrowed

    place = open_store(store, cache_size)
    loaded = load_recipe(recipe, None if dry_run else place)
    if only is not None:
        loaded = narrowed(loaded, only)
    if base:
        loaded = loaded.model_copy(update={"base": base})
    if dry_run:
        _print_plan(loaded, place, data or loaded.data, as_json)
        return
    from xadapt import reports
    from xadapt.analysis.costs import COST_FILE, read_costs
    from xadapt.backbone.base import load_backbone
    from xadapt.cli.evaluate import public
    from xadapt.cli.run_view import run_view
    from xadapt.cli.suite import print_suite
    from xadapt.data.source import open_source
    from xadapt.experiments.execute import execute
    from xadapt.experiments.fusion_explanations import fusions_explained
    from xadapt.reports.suites import suite_summary, write_suites
    from xadapt.store.files import read_text

    source = open_source(data or loaded.data)
    backbone = load_backbone(loaded.base)
    say(f"{loaded.title}: base {backbone.name}, data {source.name}, store {place.root}")
    used: dict[str, str] = {}
    with run_view() as display:
        outcome = execute(
            loaded,
            backbone,
            source,
            place,
            display,
            precision,
            device,
            on_use=lambda checkpoint: used.setdefault(checkpoint.run, checkpoint.describe()),
            hours=max_hours,
            resume=resume,
        )
    results = outcome.results
    if outcome.left:
        say(f"{outcome.left} of {outcome.steps} runs are left: give the same command again to go on")
    if not results:
        return
    explanations = []
    if not outcome.left:
        # Before the end a fusion may not be there yet, and what is done must have its report.
        explanations = fusions_explained(loaded, outcome.pins, backbone, source, place, evaluation_display)
    folder = to or place.root / "reports" / loaded.name
    scored = write_suites(results, loaded.suites, folder, loaded.setups)
    # A folder of this machine says nothing to a reader.
    rows = "MIRROR" if source.root else source.name
    chosen = None if precision == "auto" else precision
    costs = place.root / COST_FILE
    comparisons = reports.compare(
        results, read_costs(costs), place.root / "examples", by_targets=loaded.selection == "targets"
    )
    written = reports.write_report(
        comparisons,
        results,
        folder,
        loaded.title,
        commands=[command_line("run", recipe, data=rows, base=base, only=only, precision=chosen)],
        recipe=read_text(recipe),
        adapters=list(used.values()),
        costs=costs,
        explanations=explanations,
        scores=[line for score, facts in scored for line in suite_summary(score, facts)],
    )
    if as_json:
        print_json({"report": str(written), "results": [public(result) for result in results]})
        return
    for table in reports.rich_tables(comparisons):
        show(table)
    for score, facts in scored:
        print_suite(score, ", ".join(f"{key} {value}" for key, value in facts.items()))
    out.print(f"report: {written}", highlight=False, soft_wrap=True)


def _print_plan(recipe: Recipe, store: Store, data: str | None, as_json: bool) -> None:
    from xadapt.cli.run_view import duration, summary
    from xadapt.data.source import open_source
    from xadapt.experiments.outlook import Pace, look_ahead
    from xadapt.experiments.steps import plan_steps

    expected = look_ahead(plan_steps(recipe), store, recipe.base, open_source(data).name)
    if as_json:
        print_json([{"run": str(one.step), "done": one.done, "seconds": one.seconds} for one in expected])
        return
    for number, one in enumerate(expected, start=1):
        about = "done" if one.done else "?" if one.seconds is None else duration(one.seconds)
        out.print(f"{number:3} {about:>12}  {one.step}", highlight=False, soft_wrap=True)
    say(summary(expected, 0, Pace().seconds(expected)))
