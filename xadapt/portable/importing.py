"""An adapter comes into the store: AdapterHub's, peft's, or all of a setup that xadapt exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xadapt.backbone.base import Backbone
from xadapt.composition.builder import layer_name
from xadapt.composition.expression import Node
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError, option
from xadapt.portable.export import RECORD
from xadapt.portable.foreign import Foreign, find_foreign
from xadapt.portable.keeping import Part, keep
from xadapt.problems import problem_class
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.files import read_json
from xadapt.store.store import Store
from xadapt.tasks import Task


def import_adapter(
    folder: Path,
    task: Task | None,
    backbone: Backbone,
    store: Store,
    name: str | None = None,
    seed: int = 42,
    labels: Sequence[str] = (),
) -> list[Checkpoint]:
    """Make checkpoints of what another library, or an export, left in a folder.

    Args:
        folder: An adapter in AdapterHub's or peft's layout, or an export of xadapt for the adapters library.
        task: The task that it was trained for; None for an export, whose heads say it.
        backbone: The base that it was trained on.
        store: Where the checkpoints go.
        name: The name that setups will call it by; None for the task's adapter, or that of the export.
        seed: The seed that it is filed under.
        labels: What the outputs of the head mean, in their order, if its own names do not say.

    Returns:
        The checkpoints, members before what stands on them.

    Raises:
        XadaptError: If there is no adapter, or it does not fit the base or the task.
    """
    called = parse(name) if name else None
    if called and called.kind != "adapter":
        raise XadaptError(f"{option('name', name)} is an expression: an adapter has one name, such as my-nli")
    record = read_json(folder / RECORD) if (folder / RECORD).is_file() else {}
    if record.get("form") == "adapterhub":
        parts = _exported(folder, record, task, called, backbone)
    else:
        if task is None:
            raise XadaptError(f"{option('task')} is needed: nothing else says what the adapter was trained for")
        heads: dict[str, Path | None] = {task.adapter: None} if problem_class(task).needs_head else {}
        setup = called or parse(task.adapter)
        parts = [Part(setup, {layer_name(setup): find_foreign(folder)}, heads=heads, labels=labels)]
    made: list[Checkpoint] = []
    for part in sorted(parts, key=lambda part: len(list(part.setup.walk()))):
        made.append(keep(part, backbone, store, seed, made))
    return made


def _exported(
    folder: Path, record: dict[str, Any], task: Task | None, called: Node | None, backbone: Backbone
) -> list[Part]:
    """The checkpoints that an export was made from or, if it is one adapter that has none, that adapter."""
    base = record["base"]
    if base["fingerprint"] != backbone.fingerprint:
        raise XadaptError(
            f"{folder} was exported from base {base['name']!r} ({base['fingerprint'][:8]}), and this is "
            f"{backbone.name!r} ({backbone.fingerprint[:8]}): name its base with {option('base')}"
        )
    found = {key: find_foreign(folder / "adapters" / key) for key in record["adapters"]}
    places = {head: folder / "heads" / head for head in record["heads"]}
    if len(found) == 1 and (called or task):
        ((key, adapter),) = found.items()
        setup = called or parse(task.adapter if task else key)
        heads = {head: place for head, place in places.items() if not task or head in (task.name, task.adapter)}
        return [Part(setup, {layer_name(setup): adapter}, None, dict(heads), record["calibration"], base=base["name"])]
    if called or task:
        raise XadaptError(
            f"{folder} has {len(found)} adapters with names and tasks of their own: leave {option('name')} and "
            f"{option('task')}"
        )
    loose = [entry["setup"] for entry in record["adapters"].values() if not entry["run"]]
    if loose:
        alone = (
            f"give it {option('name')} and {option('task')}"
            if len(found) == 1
            else f"import a folder of {folder / 'adapters'} with {option('name')}"
        )
        raise XadaptError(f"{loose[0]} was put together in weight space and has no checkpoint of its own: {alone}")

    def part(entry: dict[str, Any], adapters: dict[str, Foreign], fusion: Path | None) -> Part:
        own: dict[str, Path | None] = {h: places[h] for h, maker in record["heads"].items() if maker == entry["setup"]}
        return Part(parse(entry["setup"]), adapters, fusion, own, record["calibration"], base=base["name"])

    named = {layer_name(parse(record["adapters"][key]["setup"])): adapter for key, adapter in found.items()}
    parts = [
        part(entry, {layer: named[layer]}, None)
        for entry in record["adapters"].values()
        for layer in [layer_name(parse(entry["setup"]))]
    ]
    for key, entry in record["fusions"].items():
        members = [layer_name(child) for child in parse(entry["setup"]).children]
        parts.append(part(entry, {layer: named[layer] for layer in members}, folder / "fusions" / key))
    return parts
