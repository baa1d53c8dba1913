"""``run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import evaluation_display, out, print_json, say, show, training_display


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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the steps and stop.")] = False,
    as_json: o.Json = False,
) -> None:
    """Run a recipe: train, fuse, evaluate, report.

    Started again, it goes on from what is done.
    """
    from xadapt.data.own_tasks import open_store
    from xadapt.experiments.loading import load_recipe
    from xadapt.experiments.steps import plan_steps

    place = open_store(store, cache_size)
    loaded = load_recipe(recipe, None if dry_run else place)
    if dry_run:
        for number, step in enumerate(plan_steps(loaded), start=1):
            out.print(f"{number:3} {step}", highlight=False, soft_wrap=True)
        return
    from xadapt import reports
    from xadapt.backbone.base import load_backbone
    from xadapt.cli.evaluate import public
    from xadapt.cli.suite import print_suite
    from xadapt.data.source import open_source
    from xadapt.experiments.execute import execute
    from xadapt.reports.costs import COST_FILE
    from xadapt.reports.suites import suite_summary, write_suites
    from xadapt.store.files import read_text

    source = open_source(data or loaded.data)
    backbone = load_backbone(base or loaded.base)
    say(f"{loaded.title}: base {backbone.name}, data {source.name}, store {place.root}")
    used: dict[str, str] = {}
    results = execute(
        loaded,
        backbone,
        source,
        place,
        training_display,
        evaluation_display,
        precision,
        device,
        on_use=lambda checkpoint: used.setdefault(checkpoint.run, checkpoint.describe()),
    )
    folder = to or place.root / "reports" / loaded.name
    scored = write_suites(results, loaded.suites, folder, loaded.setups)
    written = reports.write_report(
        results,
        folder,
        loaded.title,
        commands=[f"xadapt run {recipe} --data {'MIRROR' if source.root else source.name}"],
        recipe=read_text(recipe),
        adapters=list(used.values()),
        costs=place.root / COST_FILE,
        scores=[line for score, facts in scored for line in suite_summary(score, facts)],
    )
    if as_json:
        print_json({"report": str(written), "results": [public(result) for result in results]})
        return
    for table in reports.rich_tables(reports.compare(results)):
        show(table)
    for score, facts in scored:
        print_suite(score, ", ".join(f"{key} {value}" for key, value in facts.items()))
    out.print(f"report: {written}", highlight=False, soft_wrap=True)
