"""``train-task``, ``fuse`` and ``train-target``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, show, training_display

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.store import Store
    from xadapt.training.plan import TrainPlan


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train-task")(train_task)
    app.command("fuse")(fuse)
    app.command("train-target")(train_target)


def train_task(
    task: Annotated[
        str, typer.Argument(help="A task with training rows, such as mnli, or a YAML file that declares one of yours.")
    ],
    base: o.Base = "minilm",
    data: o.Data = None,
    store: o.StoreFolder = None,
    seed: o.Seed = 42,
    epochs: o.Epochs = None,
    lr: o.LearningRate = None,
    batch_size: o.BatchSize = None,
    limit: o.Limit = None,
    dev_limit: o.DevLimit = None,
    max_length: o.MaxLength = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    adapter_config: o.AdapterConfigText = None,
    report_to: o.ReportTo = None,
    as_json: o.Json = False,
) -> None:
    """Train an adapter for a task in English."""
    settings = _given(locals())
    from xadapt.data.own_tasks import open_store, open_task
    from xadapt.training.plan import plan_task

    place = open_store(store)
    _train(plan_task(open_task(task, place).name), base, data, place, as_json, settings)


def fuse(
    members: Annotated[list[str], typer.Argument(help="Adapters to fuse, two or more, such as mnli squad stsb.")],
    on: Annotated[str | None, typer.Option(help="Learn to fuse on this task's rows. [default: members' own]")] = None,
    base: o.Base = "minilm",
    data: o.Data = None,
    store: o.StoreFolder = None,
    seed: o.Seed = 42,
    epochs: o.Epochs = None,
    lr: o.LearningRate = None,
    batch_size: o.BatchSize = None,
    limit: o.Limit = None,
    dev_limit: o.DevLimit = None,
    max_length: o.MaxLength = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    report_to: o.ReportTo = None,
    as_json: o.Json = False,
) -> None:
    """Learn AdapterFusion over trained adapters."""
    settings = _given(locals())
    from xadapt.data.own_tasks import open_store, open_task
    from xadapt.training.plan import plan_fusion

    place = open_store(store)
    target = open_task(on, place).name if on else None
    _train(plan_fusion(members, target), base, data, place, as_json, settings)


def train_target(
    task: Annotated[
        str, typer.Argument(help="The target task, such as xnli, or a YAML file that declares one of yours.")
    ],
    on: Annotated[str, typer.Option(help='The setup it stands on, such as "fuse(mnli, squad, stsb)", or none.')],
    mode: Annotated[str, typer.Option(help="stack: a fresh adapter on top. continue: train the weights on.")] = "stack",
    base: o.Base = "minilm",
    data: o.Data = None,
    store: o.StoreFolder = None,
    seed: o.Seed = 42,
    epochs: o.Epochs = None,
    lr: o.LearningRate = None,
    batch_size: o.BatchSize = None,
    limit: o.Limit = None,
    dev_limit: o.DevLimit = None,
    max_length: o.MaxLength = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    adapter_config: o.AdapterConfigText = None,
    report_to: o.ReportTo = None,
    as_json: o.Json = False,
) -> None:
    """Train a target task on a setup, in English."""
    settings = _given(locals())
    from xadapt.data.own_tasks import open_store, open_task
    from xadapt.training.plan import plan_target

    place = open_store(store)
    _train(plan_target(open_task(task, place).name, on, mode), base, data, place, as_json, settings)


_SETTINGS = (
    "seed",
    "epochs",
    "lr",
    "batch_size",
    "limit",
    "dev_limit",
    "max_length",
    "precision",
    "device",
    "adapter_config",
    "report_to",
)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: values.get(key) for key in _SETTINGS}


def _train(plan: TrainPlan, base: str, data: str | None, place: Store, as_json: bool, settings: dict[str, Any]) -> None:
    from xadapt.backbone.base import load_backbone
    from xadapt.data.source import open_source
    from xadapt.training.settings import make_settings
    from xadapt.training.train import train

    checked = make_settings(**settings)
    source = open_source(data)
    backbone = load_backbone(base)
    with training_display(str(plan.makes)) as display:
        checkpoint = train(plan, backbone, source, place, checked, display=display)
    if as_json:
        print_json({"checkpoint": str(checkpoint.path), **_summary(checkpoint)})
    else:
        _print(checkpoint)


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
    steps, parameters = f"{figures['steps']:,} steps", f"{figures['parameters']:,} trained parameters"
    out.print(f"{steps}, {parameters}, {figures['seconds']:,} s", highlight=False)
    out.print(str(checkpoint.path), highlight=False, soft_wrap=True)
