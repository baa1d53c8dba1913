"""A suite on the command line: ``evaluate SUITE``, which :mod:`xadapt.cli.evaluate` hands over, and ``submit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import evaluation_display, out, print_json, say, show

if TYPE_CHECKING:
    from xadapt.composition.expression import Node
    from xadapt.data.source import Source
    from xadapt.evaluation.evaluate import EvalSettings
    from xadapt.evaluation.suite_scores import SuiteScore
    from xadapt.store.store import Store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def evaluate_suite(
    name: str,
    node: Node,
    languages: str,
    base: str,
    source: Source,
    place: Store,
    settings: EvalSettings,
    to: Path | None,
    as_json: bool,
) -> None:
    """Evaluate a setup on a suite and print what came of it."""
    from xadapt.backbone.base import load_backbone
    from xadapt.evaluation.run_suite import run_suite
    from xadapt.evaluation.suites import get_suite
    from xadapt.reports.suite_tables import suite_json, write_suite

    backbone = load_backbone(base)
    score = run_suite(
        get_suite(name), node, languages, backbone, source, place, settings, evaluation_display, say
    ).score
    facts = {
        "setup": str(node),
        "base": backbone.name,
        "data": source.name,
        "limit": settings.limit,
        "pool_limit": settings.pool_limit,
        "seed": settings.seed,
    }
    written = write_suite(score, facts, to) if to else []
    if as_json:
        print_json(suite_json(score, facts))
        return
    print_suite(score, ", ".join(f"{key} {value}" for key, value in facts.items() if value is not None))
    for path in written:
        out.print(str(path), highlight=False, soft_wrap=True)


def print_suite(score: SuiteScore, facts: str) -> None:
    """Print a suite's tasks, its groups, and what a reader must know."""
    from rich import box
    from rich.table import Table

    from xadapt.reports.suite_tables import GROUP_HEAD, TASK_HEAD, group_lines, task_lines, verdict_lines

    # The setups of all tasks are much alike and would fold the table: they stand below it.
    tables = (
        (f"{score.suite.title}: tasks", (TASK_HEAD[0], *TASK_HEAD[2:]), [[r[0], *r[2:]] for r in task_lines(score)]),
        (f"{score.suite.title}: groups", GROUP_HEAD, group_lines(score)),
    )
    for title, head, lines in tables:
        table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for number, column in enumerate(head):
            words = number == 0 or column == "metric"
            table.add_column(column, justify="left" if words else "right", no_wrap=column != "metric")
        for line in lines:
            table.add_row(*line)
        show(table)
    notes = ["In brackets: over what is there, not the benchmark's score."] if score.overall.missing else []
    answered = ", ".join(f"{task.task} by {task.setup}" for task in score.tasks if task.setup)
    for text in (*notes, *verdict_lines(score), f"Answered: {answered}.", facts):
        out.print(text, markup=False, highlight=False, soft_wrap=True)


def submit(
    suite: Annotated[str, typer.Argument(help="xtreme or xtreme-r.")],
    setup: Annotated[str, typer.Option(help="The setup that was evaluated on the suite, such as lingnli or none.")],
    to: Annotated[Path, typer.Option(help="Folder of the submission: new, empty, or an earlier submission.")],
    base: o.Base = "e5-small",
    data: o.Data = None,
    store: o.StoreFolder = None,
    seed: o.Seed = 42,
    allow_sample: Annotated[
        bool, typer.Option("--allow-sample", help="Write predictions on a part of the rows too.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Write stored predictions in the layout that XTREME's evaluator reads.

    Nothing is computed: `xadapt evaluate SUITE --setup SETUP` makes the predictions. Give the same --base, --data and
    --store as there. Tasks and languages that are not there are named, a line each.
    """
    from xadapt.composition.grammar import parse
    from xadapt.data.own_tasks import open_store
    from xadapt.data.source import open_source
    from xadapt.evaluation.suites import get_suite

    known, node = get_suite(suite), parse(setup)
    source, place = open_source(data), open_store(store)
    from xadapt.evaluation.submission import write_submission

    made = write_submission(known, node, base, source, place, to, seed, allow_sample)
    if as_json:
        print_json({"path": str(made.path), "tasks": made.tasks, "missing": list(made.missing)})
        return
    for name, task in made.tasks.items():
        rows = task["rows"]
        sample = ", a sample" if task["sample"] else ""
        details = "".join(f", {key} {task['details'][key]}" for key in ("layer", "pooling") if key in task["details"])
        text = f"{name}: {task['setup']}, {len(rows)}/{len(known.languages[name])} languages, N {sum(rows.values()):,}"
        out.print(f"{text}{details}{sample}", markup=False, highlight=False, soft_wrap=True)
    for line in made.missing:
        out.print(f"missing {line}", markup=False, highlight=False, soft_wrap=True)
    if source.name != "hub":
        out.print(f"rows of {source.name}: the evaluator wants the whole official test sets", markup=False)
    out.print(str(made.path), highlight=False, soft_wrap=True)
