"""``train-task``, ``fuse``, ``gate``, ``multitask``, ``soup``, ``ensemble``, ``distill`` and ``train-target``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line, show
from xadapt.cli.shared import training_options

if TYPE_CHECKING:
    from xadapt.session import Session
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Json

Task = Annotated[
    str, typer.Argument(help="A task with training rows, such as mnli, or a YAML file that declares one of yours.")
]
Members = Annotated[list[str], typer.Argument(help="Adapters, two or more, such as mnli squad stsb.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train-task")(train_task)
    app.command("fuse")(fuse)
    app.command("gate")(gate)
    app.command("multitask")(multitask)
    app.command("soup")(soup)
    app.command("ensemble")(ensemble)
    app.command("distill")(distill)
    app.command("train-target")(train_target)


@training_options
def train_task(
    lab: Session,
    settings: o.Settings,
    task: Task,
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
    as_json: o.Json = False,
) -> None:
    """Train an adapter for a task in English."""
    settings |= {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _print([lab.train(task, **settings)], as_json)


@training_options
def fuse(
    lab: Session,
    settings: o.Settings,
    members: Members,
    on: Annotated[str | None, typer.Option(help="Learn to fuse on this task's rows. [default: members' own]")] = None,
    rank: o.Rank = None,
    narrow: o.Narrow = None,
    as_json: o.Json = False,
) -> None:
    """Learn AdapterFusion over trained adapters."""
    _print([lab.fuse(*members, on=on, rank=rank, narrow=narrow, **settings)], as_json)


@training_options
def gate(
    lab: Session,
    settings: o.Settings,
    members: Members,
    on: Annotated[str, typer.Option(help="The target on whose rows it is learnt.")],
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
    as_json: o.Json = False,
) -> None:
    """Learn how much each of trained adapters counts at each layer, with a target's adapter on top of them.

    Started with all gates closed, and at the best adapter alone; English dev decides. The target adapters on each
    adapter alone, which tell which is best, are trained first.
    """
    settings |= {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _print([lab.gate(*members, on=on, **settings)], as_json)


@training_options
def multitask(
    lab: Session,
    settings: o.Settings,
    tasks: Annotated[list[str], typer.Argument(help="Tasks, two or more, such as mnli squad stsb.")],
    mixing_cap: o.MixingCap = None,
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
    as_json: o.Json = False,
) -> None:
    """Train one adapter on several tasks, mixed in proportion to their sizes."""
    settings |= {"adapter_config": adapter_config, "adapter_layers": adapter_layers, "mixing_cap": mixing_cap}
    _print([lab.multitask(*tasks, **settings)], as_json)


@training_options
def soup(
    lab: Session,
    settings: o.Settings,
    members: Members,
    on: Annotated[str, typer.Option(help="The task whose English dev rows choose the weights.")],
    method: Annotated[
        str, typer.Option(help="greedy: add members while it helps. learned: optimise weights.")
    ] = "greedy",
    as_json: o.Json = False,
) -> None:
    """Average trained adapters with weights that a task's English dev rows choose; nothing else is trained."""
    _print([lab.soup(*members, on=on, method=method, **settings)], as_json)


@training_options
def ensemble(
    lab: Session,
    settings: o.Settings,
    members: Annotated[list[str], typer.Argument(help='Setups that answer the task, such as "stack(lingnli, xnli)".')],
    on: Annotated[str, typer.Option(help="The task whose English dev rows choose members and weights.")],
    as_json: o.Json = False,
) -> None:
    """Put setups side by side with weights that a task's English dev rows choose; nothing is trained."""
    _print([lab.ensemble(*members, on=on, **settings)], as_json)


@training_options
def distill(
    lab: Session,
    settings: o.Settings,
    setup: Annotated[str, typer.Argument(help='The teacher, such as "ensemble(lingnli, mnli)".')],
    on: Annotated[str, typer.Option(help="The task whose English rows the teacher answers.")],
    unlabelled: Annotated[
        int | None, typer.Option(help="Rows of each target language that are learnt from too, without labels.")
    ] = None,
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
    as_json: o.Json = False,
) -> None:
    """Train one adapter that is taught by what a setup answers, beside the gold answers."""
    settings |= {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _print([lab.distill(setup, on=on, unlabelled=unlabelled, **settings)], as_json)


@training_options
def train_target(
    lab: Session,
    settings: o.Settings,
    task: Task,
    on: Annotated[str, typer.Option(help='The setup below it, such as "fuse(mnli, squad, stsb)", or none.')],
    mode: Annotated[str, typer.Option(help="stack: a fresh adapter on top. continue: train the weights on.")] = "stack",
    adapter_config: o.AdapterConfigText = None,
    adapter_layers: o.AdapterLayers = None,
    as_json: o.Json = False,
) -> None:
    """Train a target task on a setup, in English; on an ensemble, one adapter and head for each member."""
    settings |= {"adapter_config": adapter_config, "adapter_layers": adapter_layers}
    _print(lab.train_each(task, on, mode, **settings), as_json)


def _print(made: list[Checkpoint], as_json: bool) -> None:
    together = f"ensemble({', '.join(checkpoint.setup for checkpoint in made)})" if len(made) > 1 else ""
    if as_json:
        parts = [_summary(checkpoint) for checkpoint in made]
        print_json({"setup": together, "checkpoints": parts} if together else parts[0])
        return
    for checkpoint in made:
        _print_one(checkpoint)
    if together:
        print_line(f"together: {together}")


def _summary(checkpoint: Checkpoint) -> Json:
    record = checkpoint.record
    facts = {key: getattr(record, key) for key in ("setup", "run", "seed", "data", "rows", "members")}
    figures = record.figures.model_dump(mode="json", exclude_none=True)
    return {"checkpoint": str(checkpoint.path), **facts, "base": record.base.name, **figures}


def _print_one(checkpoint: Checkpoint) -> None:
    from xadapt.store.cards import gates_line
    from xadapt.tables import Table, cells, numbers, words

    figures = checkpoint.record.figures
    rows = [
        cells([name, figures.dev_rows[name], ", ".join(f"{key} {value:.1f}" for key, value in scores.items())])
        for name, scores in figures.dev.items()
    ]
    columns = [*words("task"), *numbers("N"), *words("scores", wraps=True)]
    show(Table(f"{checkpoint.setup}: English development scores", columns, rows))
    if figures.mixture:
        parts = ", ".join(f"{weight:.3f} {member}" for member, weight in figures.mixture.items())
        print_line(f"weights: {parts}")
    if figures.gated:
        print_line(f"gates: {gates_line(figures.gated)}")
    trained = [f"{figures.steps:,} steps", f"{figures.parameters:,} trained parameters"] if figures.steps else []
    print_line(", ".join([*trained, f"{figures.seconds:,} s"]))
    print_line(str(checkpoint.path))
