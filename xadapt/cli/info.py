"""``tasks`` and ``info``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, show


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("tasks")(tasks)
    app.command("info")(info)


def tasks(
    name: Annotated[str | None, typer.Argument(help="Show all there is to say about one task.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the catalogue as README has it.")] = False,
    as_json: o.Json = False,
    store: o.StoreFolder = None,
) -> None:
    """List the tasks, or show one."""
    from rich.table import Table

    from xadapt.data.own_tasks import open_store
    from xadapt.reports.catalogue import catalogue_markdown, facts, rows
    from xadapt.tasks import all_tasks, get_task

    open_store(store)
    shown = [get_task(name)] if name else list(all_tasks())
    if markdown:
        print(catalogue_markdown(shown))
        return
    if as_json:
        print_json([facts(task) for task in shown])
        return
    if name:
        table = Table(show_header=False, title=f"Task {name}")
        for key, value in facts(shown[0]).items():
            if value:
                table.add_row(key, "yes" if value is True else " ".join(value) if isinstance(value, list) else value)
        show(table)
        return
    table = Table(title="Tasks", caption="more: xadapt tasks NAME", caption_justify="left")
    for column in ("task", "kind", "metric", "English training rows", "measured in", "suites"):
        table.add_column(column, no_wrap=column != "English training rows")
    for row in rows(shown):
        table.add_row(*row)
    show(table)


def info(base: o.Base = "e5-small", data: o.Data = None, store: o.StoreFolder = None, as_json: o.Json = False) -> None:
    """Show versions, hardware, base and adapters."""
    import torch

    from xadapt.backbone.base import load_backbone
    from xadapt.backbone.hardware import pick_device, pick_precision
    from xadapt.data.source import open_source
    from xadapt.store.store import Store
    from xadapt.store.versions import versions

    place, source, device = Store(store), open_source(data), pick_device("auto")
    backbone = load_backbone(base)
    facts: dict[str, Any] = {
        "versions": versions(),
        "device": str(device),
        "threads": torch.get_num_threads(),
        "precision": pick_precision("auto", device),
        "base": {
            "name": backbone.name,
            "fingerprint": backbone.fingerprint,
            "layers": backbone.layers,
            "width": backbone.config.hidden_size,
            "sentence_layer": backbone.sentence_layer,
        },
        "data": source.name,
        "store": str(place.root),
        "adapters": [
            {
                "setup": checkpoint.setup,
                "base": checkpoint.record["base"]["name"],
                "fits": checkpoint.record["base"]["fingerprint"] == backbone.fingerprint,
                "data": checkpoint.record["data"],
                "seed": checkpoint.seed,
                "run": checkpoint.run,
                "path": str(checkpoint.path),
            }
            for checkpoint in place.checkpoints()
        ],
    }
    if as_json:
        print_json(facts)
        return
    out.print(", ".join(f"{name} {number}" for name, number in facts["versions"].items()), highlight=False)
    out.print(f"device {device} ({facts['threads']} threads), precision {facts['precision']}", highlight=False)
    shown = facts["base"]
    size = f"{shown['layers']} layers, width {shown['width']}"
    out.print(f"base {shown['name']}: {size}, fingerprint {shown['fingerprint'][:16]}", highlight=False)
    out.print(f"data {facts['data']}, store {facts['store']}", highlight=False, soft_wrap=True)
    _adapters(facts["adapters"])


def _adapters(adapters: list[dict[str, Any]]) -> None:
    from rich.table import Table

    if not adapters:
        out.print("no adapters yet: make one with `xadapt train-task mnli`")
        return
    table = Table(title="Adapters")
    for column in ("setup", "base", "data", "seed", "run", "folder"):
        table.add_column(column, overflow="fold")
    for entry in adapters:
        base = entry["base"] if entry["fits"] else f"{entry['base']} (another base)"
        table.add_row(entry["setup"], base, entry["data"], str(entry["seed"]), entry["run"][:8], entry["path"])
    show(table)
