"""What an export of a setup holds becomes the checkpoints that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.builder import layer_name
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError, option, quoted
from xadapt.portable.export_record import RECORD
from xadapt.portable.found_adapters import find_adapter
from xadapt.portable.import_checkpoint import Incoming
from xadapt.store.files import inside

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.composition.expression import Node
    from xadapt.portable.export_record import ExportRecord, Origin
    from xadapt.tasks import Task


def exported_parts(folder: Path, record: ExportRecord, task: Task | None, called: Node | None) -> list[Incoming]:
    """The checkpoints that an export was made from or, if it is one adapter that has none, that adapter.

    Args:
        folder: The export.
        record: Its record.
        task: The task that it was trained for, where the export does not say it.
        called: What it is to be called, where the export does not say it.

    Raises:
        XadaptError: If the export is not whole, or does not come in this way.
    """
    if not record.adapters:
        raise _odd(folder, "names no adapter")
    found = {key: find_adapter(_part(folder, "adapters", key), folder) for key in record.adapters}
    heads = {head: _part(folder, "heads", head) for head in record.heads}
    if len(found) == 1 and (called or task):
        ((key, adapter),) = found.items()
        setup = called or parse(task.adapter if task else key)
        own = {head: path for head, path in heads.items() if not task or head in (task.name, task.adapter)}
        base = record.base.name
        return [Incoming(setup, {layer_name(setup): adapter}, None, dict(own), record.calibration, base=base)]
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
    named = {layer_name(_setup(folder, record.adapters[key])): adapter for key, adapter in found.items()}

    def one(origin: Origin, layers: list[str], fusion: str | None = None) -> Incoming:
        missing = next((layer for layer in layers if layer not in named), None)
        if missing:
            raise _odd(folder, f"names no adapter {quoted(missing)}, which {quoted(origin.setup)} is made of")
        own: dict[str, Path | None] = {head: heads[head] for head, of in record.heads.items() if of == origin.setup}
        adapters = {layer: named[layer] for layer in layers}
        part = None if fusion is None else _part(folder, "fusions", fusion)
        return Incoming(_setup(folder, origin), adapters, part, own, record.calibration, base=record.base.name)

    incoming = [one(origin, [layer_name(_setup(folder, origin))]) for origin in record.adapters.values()]
    for key, origin in record.fusions.items():
        members = [layer_name(child) for child in _setup(folder, origin, "fuse").children]
        incoming.append(one(origin, members, key))
    return incoming


def _setup(folder: Path, origin: Origin, kind: str = "") -> Node:
    try:
        node = parse(origin.setup)
    except XadaptError as error:
        raise _odd(folder, f"has a setup that is none ({error})") from None
    if node.kind == "none" or (kind and node.kind != kind):
        raise _odd(folder, f"has {quoted(origin.setup)} where it should have {kind or 'an adapter'}")
    return node


def _part(folder: Path, kind: str, key: str) -> Path:
    """The folder of a part of an export."""
    part = inside(folder, f"{kind}/{key}")
    if not part.is_dir():
        raise XadaptError(f"{folder} lacks {kind}/{key}: get the whole folder")
    return part


def _odd(folder: Path, what: str) -> XadaptError:
    return XadaptError(f"{folder / RECORD} {what}: have it exported again")
