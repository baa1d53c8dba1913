"""``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xadapt.cli import options as o
from xadapt.cli.console import evaluation_display, out, print_json, show

if TYPE_CHECKING:
    from xadapt.store.store import Store
    from xadapt.tasks import Task


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
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
    base: o.Base = "e5-small",
    data: o.Data = None,
    store: o.StoreFolder = None,
    cache_size: o.CacheSize = None,
    seed: o.Seed = 42,
    limit: o.Limit = None,
    pool_limit: Annotated[
        int | None, typer.Option(help="Retrieval from a pool: its items, the rows' answers first, a fixed sample.")
    ] = None,
    max_length: o.MaxLength = None,
    layer: Annotated[int | None, typer.Option(help="Retrieval: pool this layer. [default: the base's own]")] = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    to: Annotated[Path | None, typer.Option(help="Suite: write suite.md, suite.csv and suite.json here.")] = None,
    as_json: o.Json = False,
) -> None:
    """Evaluate a setup zero-shot, language by language.

    Languages that are done already are not run again.

    A suite is all tasks of a benchmark. Each is answered by the adapter that was trained for it on the setup,
    stack(SETUP, TASK) or continue(SETUP, TASK), or TASK itself for none; retrieval without such an adapter by SETUP
    itself; another task by SETUP if one of its heads speaks the task's labels. What cannot be answered is named, with
    the command that would make it. A group or suite that is not complete has no score, only a mean of what is there.
    --layer holds for the retrieval tasks of a suite, all other options for each task.
    """
    from xadapt.composition.grammar import parse
    from xadapt.data.own_tasks import open_store
    from xadapt.data.source import open_source
    from xadapt.evaluation.suites import SUITES

    place = open_store(store, cache_size)
    target = None if task in SUITES else _open_task(task, place, to)
    node, source = parse(setup), open_source(data)
    if target:
        source.pick_languages(target, languages)
    from xadapt.backbone.base import load_backbone
    from xadapt.evaluation.evaluate import EvalSettings, evaluate
    from xadapt.validation import validated

    settings = validated(
        EvalSettings,
        seed=seed,
        limit=limit,
        pool_limit=pool_limit,
        max_length=max_length,
        layer=layer,
        precision=precision,
        device=device,
    )
    if target is None:
        from xadapt.cli.suite import evaluate_suite

        evaluate_suite(task, node, languages, base, source, place, settings, to, as_json)
        return
    _check_pool(target, pool_limit)
    backbone = load_backbone(base)
    with evaluation_display(f"{target.name} {node}") as display:
        result = evaluate(node, target, languages, backbone, source, place, settings, display=display)
    if as_json:
        print_json(public(result))
    else:
        _print(result)


def _open_task(text: str, place: Store, to: Path | None) -> Task:
    from xadapt.data.own_tasks import TASK_FILES, open_task
    from xadapt.errors import XadaptError, unknown
    from xadapt.evaluation.suites import SUITES
    from xadapt.tasks import all_tasks

    names = {known.name for known in all_tasks()} | set(SUITES)
    if text not in names and not text.endswith(TASK_FILES):
        raise unknown("task", text, names)
    if to:
        raise XadaptError(f"--to is for a suite ({', '.join(SUITES)}); for {text} use `xadapt report --to {to}`")
    return open_task(text, place)


def _check_pool(target: Task, limit: int | None) -> None:
    from xadapt.errors import XadaptError
    from xadapt.problems import problem_class

    if limit and not problem_class(target).pooled:
        raise XadaptError(f"--pool-limit is for tasks that retrieve from a pool; {target.name} is {target.kind.name}")


_PRIVATE = ("rows", "seconds", "available")


def public(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a result that other programs read."""
    keys = ("task", "setup", "base", "seed", "data", "limit", "pool_limit", "metric", "head", "details")
    languages = {
        code: {key: value for key, value in entry.items() if key not in _PRIVATE}
        for code, entry in result["languages"].items()
    }
    told = {**result, "pool_limit": _pool_limit(result)}
    return {**{key: told[key] for key in keys}, "languages": languages, "mean": result["mean"]}


def _pool_limit(result: dict[str, Any]) -> int | None:
    limit: int | None = (result.get("decides") or {}).get("pool_limit")
    return limit


def _print(result: dict[str, Any]) -> None:
    from rich.table import Table

    from xadapt.tasks import LANGUAGES

    table = Table(title=f"{result['task']}: {result['setup']}")
    scores = list(result["mean"])
    for column in ("language", "", "N", "split", *scores):
        table.add_column(column, justify="right" if column in ("N", *scores) else "left")
    for code, entry in result["languages"].items():
        name = LANGUAGES[code].name if code in LANGUAGES else ""
        table.add_row(code, name, f"{entry['n']:,}", entry["split"], *(f"{entry[key]:.1f}" for key in scores))
    table.add_section()
    count = sum(entry["n"] for entry in result["languages"].values())
    table.add_row(
        "mean",
        _languages(len(result["languages"])),
        f"{count:,}",
        "",
        *(f"{v:.1f}" for v in result["mean"].values()),
    )
    show(table)
    facts = [f"base {result['base']}", f"data {result['data']}", f"seed {result['seed']}"]
    facts += [f"head {result['head']}"] if result["head"] else []
    facts += [f"{key} {value}" for key, value in result["details"].items()]
    out.print(", ".join(facts), highlight=False, soft_wrap=True)
    items = _pool_limit(result)
    cuts = [f"at most {result['limit']:,} rows a language"] if result["limit"] else []
    cuts += [f"a pool of the rows' answers and others up to {items:,} items"] if items else []
    if cuts:
        out.print(f"A sample: {', '.join(cuts)}.", highlight=False, soft_wrap=True)


def _languages(count: int) -> str:
    return "1 language" if count == 1 else f"{count} languages"
