"""``train-task``, ``fuse``, ``multitask``, ``soup`` and ``train-target``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, show, training_display
from xadapt.cli.shared import Given, training_options

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.plan import TrainPlan

Task = Annotated[
    str, typer.Argument(help="A task with training rows, such as mnli, or a YAML file that declares one of yours.")
]
Members = Annotated[list[str], typer.Argument(help="Adapters, two or more, such as mnli squad stsb.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train-task")(train_task)
    app.command("fuse")(fuse)
    app.command("multitask")(multitask)
    app.command("soup")(soup)
    app.command("train-target")(train_target)


@training_options
def train_task(
    given: Given, task: Task, adapter_config: o.AdapterConfigText = None, adapter_layers: o.AdapterLayers = None
) -> None:
    """Train an adapter for a task in English."""
    from xadapt.data.own_tasks import open_task
    from xadapt.training.plan import plan_task

    method = {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _train([plan_task(open_task(task, given.place).name)], given, **method)


@training_options
def fuse(
    given: Given,
    members: Members,
    on: Annotated[str | None, typer.Option(help="Learn to fuse on this task's rows. [default: members' own]")] = None,
    rank: o.Rank = None,
) -> None:
    """Learn AdapterFusion over trained adapters."""
    from xadapt.data.own_tasks import open_task
    from xadapt.training.plan import plan_fusion

    _train([plan_fusion(members, open_task(on, given.place).name if on else None, rank)], given)


@training_options
def multitask(
    given: Given,
    tasks: Annotated[list[str], typer.Argument(help="Tasks, two or more, such as mnli squad stsb.")],
    mixing_cap: o.MixingCap = None,
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
) -> None:
    """Train one adapter on several tasks, mixed in proportion to their sizes."""
    from xadapt.data.own_tasks import open_task
    from xadapt.training.plan import plan_multitask

    names = [open_task(task, given.place).name for task in tasks]
    method = {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _train([plan_multitask(names)], given, mixing_cap=mixing_cap, **method)


@training_options
def soup(
    given: Given,
    members: Members,
    on: Annotated[str, typer.Option(help="The task whose English dev rows choose the weights.")],
    method: Annotated[
        str, typer.Option(help="greedy: add members while it helps. learned: optimise weights.")
    ] = "greedy",
) -> None:
    """Average trained adapters with weights that a task's English dev rows choose; nothing else is trained."""
    from xadapt.data.own_tasks import open_task
    from xadapt.training.plan import plan_soup

    _train([plan_soup(members, open_task(on, given.place).name, method)], given)


@training_options
def train_target(
    given: Given,
    task: Task,
    on: Annotated[str, typer.Option(help='The setup it stands on, such as "fuse(mnli, squad, stsb)", or none.')],
    mode: Annotated[str, typer.Option(help="stack: a fresh adapter on top. continue: train the weights on.")] = "stack",
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
) -> None:
    """Train a target task on a setup, in English; on an ensemble, one adapter and head for each member."""
    from xadapt.data.own_tasks import open_task
    from xadapt.training.plan import plan_targets

    method = {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _train(plan_targets(open_task(task, given.place).name, on, mode), given, **method)


def _train(plans: list[TrainPlan], given: Given, **more: Any) -> None:
    from xadapt.backbone.base import load_backbone
    from xadapt.data.source import open_source
    from xadapt.training.plan import setup_of
    from xadapt.training.settings import make_settings
    from xadapt.training.train import train

    checked = make_settings(**given.settings, **more)
    source, backbone = open_source(given.data), load_backbone(given.base)
    made = []
    for plan in plans:
        with training_display(str(plan.makes)) as display:
            made.append(train(plan, backbone, source, given.place, checked, display=display))
    if given.as_json:
        parts = [{"checkpoint": str(checkpoint.path), **_summary(checkpoint)} for checkpoint in made]
        print_json(parts[0] if len(parts) == 1 else {"setup": str(setup_of(plans)), "checkpoints": parts})
        return
    for checkpoint in made:
        _print(checkpoint)
    if len(plans) > 1:
        out.print(f"together: {setup_of(plans)}", highlight=False, soft_wrap=True)


def _summary(checkpoint: Checkpoint) -> dict[str, Any]:
    record = checkpoint.record
    keys = ("setup", "run", "seed", "data", "rows", "members")
    return {**{key: record[key] for key in keys}, "base": record["base"]["name"], **record["figures"]}


def _print(checkpoint: Checkpoint) -> None:
    from rich.table import Table

    figures = checkpoint.record["figures"]
    table = Table(title=f"{checkpoint.setup}: English development scores")
    for column in ("task", "N", "scores"):
        table.add_column(column, justify="right" if column == "N" else "left")
    for name, scores in figures["dev"].items():
        shown = ", ".join(f"{key} {value:.1f}" for key, value in scores.items())
        table.add_row(name, f"{figures['dev_rows'][name]:,}", shown)
    show(table)
    if "mixture" in figures:
        parts = ", ".join(f"{weight:.3f} {member}" for member, weight in figures["mixture"].items())
        out.print(f"weights: {parts}", highlight=False, soft_wrap=True)
    steps, parameters = f"{figures['steps']:,} steps", f"{figures['parameters']:,} trained parameters"
    out.print(f"{steps}, {parameters}, {figures['seconds']:,} s", highlight=False)
    out.print(str(checkpoint.path), highlight=False, soft_wrap=True)
