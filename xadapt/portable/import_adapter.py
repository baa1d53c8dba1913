"""An adapter comes into the store: AdapterHub's, peft's, or all of a setup that xadapt exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.builder import layer_name
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError, option
from xadapt.portable.export_record import RECORD, ExportRecord, Origin
from xadapt.portable.found_adapters import FoundAdapter, find_adapter
from xadapt.portable.import_checkpoint import Incoming, import_checkpoint
from xadapt.problems import problem_class
from xadapt.store.files import inside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xadapt.backbone.base import Backbone
    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.tasks import Task


def import_adapter(
    context: Context,
    folder: Path,
    task: Task | None,
    name: str | None = None,
    labels: Sequence[str] = (),
) -> list[Checkpoint]:
    """Make checkpoints of what another library, or an export, left in a folder.

    Args:
        context: The base that it was trained on, the store it goes to, and the seed that it is filed under.
        folder: An adapter in AdapterHub's or peft's layout, or an export of xadapt for the adapters library.
        task: The task that it was trained for; None for an export, whose heads say it.
        name: The name that setups will call it by; None for the task's adapter, or that of the export.
        labels: What the outputs of the head mean, in their order, if its own names do not say.

    Returns:
        The checkpoints, members before what was trained on them.

    Raises:
        XadaptError: If there is no adapter, or it does not fit the base or the task.
    """
    called = parse(name) if name else None
    if called and called.kind != "adapter":
        raise XadaptError(f"{option('name', name)} is an expression: an adapter has one name, such as my-nli")
    record = ExportRecord.read(folder / RECORD) if (folder / RECORD).is_file() else None
    if record and record.form == "adapterhub":
        incoming = _exported(folder, record, task, called, context.backbone)
    else:
        if task is None:
            raise XadaptError(f"{option('task')} is needed: nothing else says what the adapter was trained for")
        heads: dict[str, Path | None] = {task.adapter: None} if problem_class(task).needs_head else {}
        setup = called or parse(task.adapter)
        incoming = [Incoming(setup, {layer_name(setup): find_adapter(folder)}, heads=heads, labels=labels)]
    made: list[Checkpoint] = []
    for one in sorted(incoming, key=lambda one: len(list(one.setup.walk()))):
        made.append(import_checkpoint(context, one, made))
    return made


def _exported(
    folder: Path, record: ExportRecord, task: Task | None, called: Node | None, backbone: Backbone
) -> list[Incoming]:
    """The checkpoints that an export was made from or, if it is one adapter that has none, that adapter."""
    base = record.base
    if base.fingerprint != backbone.fingerprint:
        raise XadaptError(
            f"{folder} was exported from base {base.name!r} ({base.fingerprint[:8]}), and this is "
            f"{backbone.name!r} ({backbone.fingerprint[:8]}): name its base with {option('base')}"
        )
    found = {key: find_adapter(inside(folder, f"adapters/{key}")) for key in record.adapters}
    heads = {head: inside(folder, f"heads/{head}") for head in record.heads}
    if len(found) == 1 and (called or task):
        ((key, adapter),) = found.items()
        setup = called or parse(task.adapter if task else key)
        own = {head: path for head, path in heads.items() if not task or head in (task.name, task.adapter)}
        return [Incoming(setup, {layer_name(setup): adapter}, None, dict(own), record.calibration, base=base.name)]
    if called or task:
        leave = f"leave {option('name')} and {option('task')}"
        raise XadaptError(f"{folder} has {len(found)} adapters with names and tasks of their own: {leave}")
    loose = [origin.setup for origin in record.adapters.values() if not origin.run]
    if loose:
        alone = (
            f"give it {option('name')} and {option('task')}"
            if len(found) == 1
            else f"import a folder of {folder / 'adapters'} with {option('name')}"
        )
        raise XadaptError(f"{loose[0]} was put together in weight space and has no checkpoint of its own: {alone}")

    def one(origin: Origin, adapters: dict[str, FoundAdapter], fusion: Path | None) -> Incoming:
        own: dict[str, Path | None] = {head: heads[head] for head, of in record.heads.items() if of == origin.setup}
        return Incoming(parse(origin.setup), adapters, fusion, own, record.calibration, base=base.name)

    named = {layer_name(parse(record.adapters[key].setup)): adapter for key, adapter in found.items()}
    incoming = [
        one(origin, {layer: named[layer]}, None)
        for origin in record.adapters.values()
        for layer in [layer_name(parse(origin.setup))]
    ]
    for key, origin in record.fusions.items():
        members = [layer_name(child) for child in parse(origin.setup).children]
        incoming.append(one(origin, {layer: named[layer] for layer in members}, inside(folder, f"fusions/{key}")))
    return incoming
