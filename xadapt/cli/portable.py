"""``export`` and ``import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import print_json, print_line
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.session import Session
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Json


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export_command)
    app.command("import")(import_command)


@with_session("base", "store", "seed")
def export_command(
    lab: Session,
    setup: Annotated[
        str, typer.Argument(help='A setup, such as mnli or "stack(fuse(mnli, squad), xnli)"; none with merged.')
    ],
    to: Annotated[Path, typer.Option(help="The folder: new, empty, or an earlier export.")],
    form: Annotated[str, typer.Option("--format", help="adapterhub, peft or merged.")],
    task: Annotated[
        str | None, typer.Option(help="Take the head that answers this task. [default: all; merged the outermost]")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="fp16 or fp32, of the files. [default: fp16, as stored; merged fp32]")
    ] = None,
    with_base: Annotated[
        bool, typer.Option("--with-base", help="Write the base beside it, in the format of transformers.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Export a setup for another library.

    adapterhub: adapters, fusions and heads for the adapters library. peft: one LoRA or IA3 adapter for peft. merged:
    one ordinary model of transformers, where the adapters are linear. A README in the folder has the code to load it.

    It is loaded by that library in a process without xadapt and compared before it is put in place.
    """
    made = lab.export(setup, to, form, task, precision, with_base)
    if as_json:
        print_json({"path": str(made.path), **made.record.stored(), "notes": list(made.notes)})
        return
    for note in made.notes:
        print_line(note)
    print_line(f"{made.record.setup} as {made.record.form}, {made.record.precision}; {made.check}")
    print_line(str(made.path))


@with_session("base", "store", "seed")
def import_command(
    lab: Session,
    folder: Annotated[
        str,
        typer.Argument(help="An adapter of AdapterHub or peft, or an export: a folder, or OWNER/NAME on the hub."),
    ],
    task: Annotated[
        str | None, typer.Option(help="The task that it was trained for. [default: an export says it]")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What setups will call it. [default: as the task]")] = None,
    labels: Annotated[
        str | None, typer.Option(help="What the head's outputs mean, in order, if its own names do not say: a,b,c.")
    ] = None,
    subfolder: Annotated[
        str | None, typer.Option(help="Where the adapter is, in a folder or repository of several.")
    ] = None,
    force_base: Annotated[
        bool, typer.Option("--force-base", help="Take one that names another base of the same sizes.")
    ] = False,
    revision: Annotated[
        str | None, typer.Option(help="A branch, tag or commit of the repository. [default: main]")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Import an adapter into the store.

    Safetensors only. Its base must be the one in use, and its head's labels those of the task; their order is put
    right by their names. --seed is what it is filed under. An export with several adapters comes in as a whole.
    """
    names = [label.strip() for label in labels.split(",")] if labels else []
    made = lab.import_adapter(folder, task, name, names, subfolder=subfolder, force_base=force_base, revision=revision)
    if as_json:
        print_json([_summary(one) for one in made])
        return
    for one in made:
        _print(one)


def _summary(checkpoint: Checkpoint) -> Json:
    facts = {key: getattr(checkpoint.record, key) for key in ("setup", "run", "seed", "heads", "members")}
    return {"checkpoint": str(checkpoint.path), **facts}


def _print(checkpoint: Checkpoint) -> None:
    form = checkpoint.record.imported.form if checkpoint.record.imported else "adapter"
    heads = f"with a head for {', '.join(checkpoint.heads)}" if checkpoint.heads else "without a head"
    print_line(f"{checkpoint.setup}: {form}, {heads}, seed {checkpoint.seed}")
    print_line(str(checkpoint.path))
