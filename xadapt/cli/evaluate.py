"""``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, show
from xadapt.cli.shared import with_session
from xadapt.cli.suite import show_suite
from xadapt.tasks.catalogue import SUITE_NAMES

if TYPE_CHECKING:
    from xadapt.session import Session
    from xadapt.store.records import Json
    from xadapt.store.result_record import Result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate_command)


@with_session()
def evaluate_command(
    lab: Session,
    task: Annotated[
        str,
        typer.Argument(
            help="A task, such as xnli, a YAML file that declares one of yours, or a suite: xtreme, xtreme-r."
        ),
    ],
    setup: Annotated[
        str, typer.Option(help='A setup, such as mnli or "stack(fuse(mnli, squad, stsb), xnli)", or none.')
    ],
    languages: o.Languages = "all",
    limit: o.Limit = None,
    pool_limit: Annotated[
        int | None, typer.Option(help="Retrieval from a pool: its items, the rows' answers first, a fixed sample.")
    ] = None,
    max_length: o.MaxLength = None,
    layer: Annotated[int | None, typer.Option(help="Retrieval: pool this layer. [default: the base's own]")] = None,
    to: Annotated[Path | None, typer.Option(help="Suite: write suite.md, suite.csv and suite.json here.")] = None,
    as_json: o.Json = False,
) -> None:
    """Evaluate a setup zero-shot, language by language.

    Languages that are done already are not run again.

    A suite is all tasks of a benchmark. Each is answered by the adapter that was trained for it on the setup,
    stack(SETUP, TASK) or continue(SETUP, TASK), or TASK itself for none; retrieval without such an adapter by SETUP
    itself; another task by SETUP if one of its heads has the task's labels. What cannot be answered is named, with
    the command that would make it. A group or suite that is not complete has no score, only a mean of what is there.
    --layer holds for the retrieval tasks of a suite, all other options for each task.
    """
    settings = {"limit": limit, "pool_limit": pool_limit, "max_length": max_length, "layer": layer}
    if task in SUITE_NAMES:
        show_suite(lab, lab.evaluate_suite(setup, task, languages, **settings), setup, settings, to, as_json)
        return
    _check_task(lab, task, to)
    result = lab.evaluate(setup, task, languages, **settings)
    if as_json:
        print_json(public(result))
    else:
        _print(result)


def _check_task(lab: Session, text: str, to: Path | None) -> None:
    from xadapt.data.own_tasks import TASK_FILES
    from xadapt.errors import XadaptError, unknown

    if text not in lab.tasks and not text.endswith(TASK_FILES):
        raise unknown("task", text, {*lab.tasks.names, *SUITE_NAMES})
    if to:
        raise XadaptError(f"--to is for a suite ({', '.join(SUITE_NAMES)}); for {text} use `xadapt report --to {to}`")


def public(result: Result) -> Json:
    """The part of a result that other programs read."""
    keys = ("task", "setup", "base", "seed", "data", "limit", "pool_limit", "metric", "head", "details")
    languages = {code: {"n": one.n, **one.scores, "split": one.split} for code, one in result.languages.items()}
    return {**{key: getattr(result, key) for key in keys}, "languages": languages, "mean": result.means}


def _print(result: Result) -> None:
    from rich.table import Table

    from xadapt.tasks import LANGUAGES

    table = Table(title=f"{result.task}: {result.setup}")
    scores = list(result.means)
    for column in ("language", "", "N", "split", *scores):
        table.add_column(column, justify="right" if column in ("N", *scores) else "left")
    for code, entry in result.languages.items():
        name = LANGUAGES[code].name if code in LANGUAGES else ""
        table.add_row(code, name, f"{entry.n:,}", entry.split, *(f"{entry.scores[key]:.1f}" for key in scores))
    table.add_section()
    count = sum(entry.n for entry in result.languages.values())
    means = (f"{value:.1f}" for value in result.means.values())
    table.add_row("mean", _languages(len(result.languages)), f"{count:,}", "", *means)
    show(table)
    facts = [f"base {result.base}", f"data {result.data}", f"seed {result.seed}"]
    facts += [f"head {result.head}"] if result.head else []
    facts += [f"{key} {value}" for key, value in result.details.items()]
    out.print(", ".join(facts), highlight=False, soft_wrap=True)
    cuts = [f"at most {result.limit:,} rows a language"] if result.limit else []
    cuts += [f"a pool of the rows' answers and others up to {result.pool_limit:,} items"] if result.pool_limit else []
    if cuts:
        out.print(f"A sample: {', '.join(cuts)}.", highlight=False, soft_wrap=True)


def _languages(count: int) -> str:
    return "1 language" if count == 1 else f"{count} languages"
