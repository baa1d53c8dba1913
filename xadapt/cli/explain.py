"""``explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import evaluation_display, out, print_json, show


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain_command)


def explain_command(
    setup: Annotated[str, typer.Argument(help='A setup, such as "stack(fuse(mnli, squad, stsb), xnli)".')],
    task: Annotated[str, typer.Option(help="A task, such as xnli, or a YAML file that declares one of yours.")],
    languages: o.Languages = "all",
    limit: Annotated[int, typer.Option(help="Rows a language, a fixed sample.")] = 50,
    base: o.Base = "e5-small",
    data: o.Data = None,
    store: o.StoreFolder = None,
    seed: o.Seed = 42,
    max_length: o.MaxLength = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    to: Annotated[Path | None, typer.Option(help="Write tables, CSV, JSON and heat maps to this folder.")] = None,
    as_json: o.Json = False,
) -> None:
    """Explain a fusion: which adapter it attends to, layer by layer, and how alike its adapters are.

    Attention weights and the similarity (linear CKA and cosine) of what the members add to the residual stream, on a
    task's test rows in each language. No head for the task is needed. Give en among the languages to see where the
    others differ from it. Of an average, sum, soup or ensemble the similarity of its members is shown, each on the bare
    base.
    """
    from xadapt.composition.grammar import parse
    from xadapt.data.own_tasks import open_store, open_task
    from xadapt.data.source import open_source

    node, place = parse(setup), open_store(store)
    target, source = open_task(task, place), open_source(data)
    source.pick_languages(target, languages)
    from xadapt.backbone.base import load_backbone
    from xadapt.evaluation.evaluate import EvalSettings
    from xadapt.explain.explanation import explain, explained_part
    from xadapt.reports.explanation import (
        explanation_json,
        facts_line,
        headline,
        statements,
        tables,
        write_explanation,
    )
    from xadapt.reports.explanation_tables import SPREAD_MEMBERS, rich_grid
    from xadapt.validation import validated

    explained_part(node)
    settings = validated(
        EvalSettings, seed=seed, limit=limit, max_length=max_length, precision=precision, device=device
    )
    backbone = load_backbone(base)
    with evaluation_display(f"{target.name} {node}") as display:
        explanation = explain(node, target, languages, backbone, source, place, settings, display=display)
    written = write_explanation(explanation, to) if to else []
    if as_json:
        print_json(explanation_json(explanation))
        return
    out.print(headline(explanation), style="bold", markup=False, highlight=False, soft_wrap=True)
    for line in statements(explanation):
        _tell(line)
    out.print()
    for grid in tables(explanation, spreads=len(explanation.members) <= SPREAD_MEMBERS):
        show(rich_grid(grid))
    _tell(facts_line(explanation))
    if written:
        _tell(f"explanation: {written[-1]}")


def _tell(line: str) -> None:
    out.print(line, markup=False, highlight=False, soft_wrap=True)
