"""``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line, show
from xadapt.cli.shared import with_session
from xadapt.cli.suite import print_suite_run
from xadapt.errors import XadaptError, unknown
from xadapt.tasks.catalogue import SUITE_NAMES

if TYPE_CHECKING:
    from xadapt.session import Session
    from xadapt.store.records import Json
    from xadapt.store.result_record import Result

_TASK_HELP = "A task, such as xnli, a YAML file that declares one of yours, or a suite: xtreme, xtreme-r."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate_command)


@with_session()
def evaluate_command(
    lab: Session,
    task: Annotated[str, typer.Argument(help=_TASK_HELP)],
    setup: o.Setup,
    languages: o.Languages = "all",
    limit: o.Limit = None,
    pool_limit: o.PoolLimit = None,
    max_length: o.MaxLength = None,
    layer: o.Layer = None,
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
    settings: o.Settings = {"limit": limit, "pool_limit": pool_limit, "max_length": max_length, "layer": layer}
    if task in SUITE_NAMES:
        print_suite_run(lab.evaluate_suite(setup, task, languages, to, **settings), as_json)
        return
    _check_task(lab, task, to)
    result = lab.evaluate(setup, task, languages, **settings)
    if as_json:
        print_json(public(result))
    else:
        _print(result)


def _check_task(lab: Session, text: str, to: Path | None) -> None:
    from xadapt.data.own_tasks import TASK_FILES

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
    from xadapt.tables import Cell, Table, cells, numbers, words
    from xadapt.tasks.languages import LANGUAGES

    metrics = list(result.means)
    rows = [
        [
            *cells([code, LANGUAGES[code].name if code in LANGUAGES else "", one.n, one.split]),
            *(Cell(one.scores[metric], 1) for metric in metrics),
        ]
        for code, one in result.languages.items()
    ]
    total = sum(one.n for one in result.languages.values())
    means = [Cell(value, 1) for value in result.means.values()]
    below = [*cells(["mean", _languages(len(result.languages)), total, ""]), *means]
    columns = [*words("language", ""), *numbers("N"), *words("split"), *numbers(*metrics)]
    show(Table(f"{result.task}: {result.setup}", columns, rows, [below]))
    facts = [f"base {result.base}", f"data {result.data}", f"seed {result.seed}"]
    facts += [f"head {result.head}"] if result.head else []
    facts += [f"{key} {value}" for key, value in result.details.items()]
    print_line(", ".join(facts))
    cuts = [f"at most {result.limit:,} rows a language"] if result.limit else []
    cuts += [f"a pool of the rows' answers and others up to {result.pool_limit:,} items"] if result.pool_limit else []
    if cuts:
        print_line(f"A sample: {', '.join(cuts)}.")


def _languages(count: int) -> str:
    return "1 language" if count == 1 else f"{count} languages"
