"""``evaluate``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xadapt.cli import options as o
from xadapt.cli.console import evaluation_display, out, print_json, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    task: Annotated[str, typer.Argument(help="A target task, such as xnli, xquad, sts-multi or tatoeba.")],
    setup: Annotated[
        str, typer.Option(help='A setup, such as mnli or "stack(fuse(mnli, squad, stsb), xnli)", or none.')
    ],
    languages: o.Languages = "all",
    base: o.Base = "minilm",
    data: o.Data = None,
    store: o.StoreFolder = None,
    seed: o.Seed = 42,
    limit: o.Limit = None,
    max_length: o.MaxLength = None,
    layer: Annotated[int | None, typer.Option(help="Retrieval: pool this layer. [default: the base's own]")] = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    as_json: o.Json = False,
) -> None:
    """Evaluate a setup zero-shot, language by language.

    Languages that are done already are not run again.
    """
    from xadapt.composition.expression import parse
    from xadapt.data.source import open_source
    from xadapt.store.store import Store
    from xadapt.tasks import get_task

    target, node = get_task(task), parse(setup)
    source, place = open_source(data), Store(store)
    source.pick_languages(target, languages)
    from xadapt.backbone.base import load_backbone
    from xadapt.evaluation.evaluate import EvalSettings, evaluate
    from xadapt.validation import validated

    settings = validated(
        EvalSettings,
        seed=seed,
        limit=limit,
        max_length=max_length,
        layer=layer,
        precision=precision,
        device=device,
    )
    backbone = load_backbone(base)
    with evaluation_display(f"{task} {node}") as display:
        result = evaluate(node, target, languages, backbone, source, place, settings, display=display)
    if as_json:
        print_json(public(result))
    else:
        _print(result)


_PRIVATE = ("rows", "seconds", "available")


def public(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a result that other programs read."""
    keys = ("task", "setup", "base", "seed", "data", "limit", "metric", "head", "details")
    languages = {
        code: {key: value for key, value in entry.items() if key not in _PRIVATE}
        for code, entry in result["languages"].items()
    }
    return {**{key: result[key] for key in keys}, "languages": languages, "mean": result["mean"]}


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
    facts += [f"a sample: at most {result['limit']} rows a language"] if result["limit"] else []
    out.print(", ".join(facts), highlight=False, soft_wrap=True)


def _languages(count: int) -> str:
    return "1 language" if count == 1 else f"{count} languages"
