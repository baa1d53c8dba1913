"""Adapters that were found become a checkpoint, with all that their files say and nothing else."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from xadapt.composition.expression import Node
from xadapt.errors import XadaptError, reason_of
from xadapt.methods.adapter import activate, adapter_state, save_adapter
from xadapt.methods.fusion import fusion_layers, save_fusion
from xadapt.portable.export_check import probe
from xadapt.portable.head_labels import fit_head
from xadapt.portable.load_copies import Copies, load_copies
from xadapt.portable.private_copy import copy_adapter, copy_fusion, copy_head
from xadapt.store.cards import card
from xadapt.store.checkpoints import Checkpoint, open_checkpoint, write_record
from xadapt.store.files import atomic_folder, inside, sha256_file
from xadapt.store.records import BaseOf, Figures, Imported, RunRecord, Scores
from xadapt.store.store import run_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters import XLMRobertaAdapterModel

    from xadapt.backbone.base import Backbone
    from xadapt.context import Context
    from xadapt.portable.found_adapters import FoundAdapter

#: Characters of a name that a record keeps.
_LONGEST_NAME = 300


@dataclass
class Incoming:
    """What becomes one checkpoint.

    Attributes:
        setup: The expression that it will complete.
        adapters: The adapter or, for a fusion, its members, by what they are called in a model.
        fusion: The folder of the fusion.
        heads: By task, the folder of its head; None for one that may lie beside the adapter.
        calibration: By head, what was tuned beside the weights.
        labels: What the outputs of the head mean, if its own names do not say.
        base: The name of the base, whose fingerprint is that of this one; empty if only sizes can be compared.
    """

    setup: Node
    adapters: dict[str, FoundAdapter]
    fusion: Path | None = None
    heads: dict[str, Path | None] = field(default_factory=dict)
    calibration: dict[str, Scores] = field(default_factory=dict)
    labels: Sequence[str] = ()
    base: str = ""

    @property
    def last(self) -> tuple[str, FoundAdapter]:
        """The adapter, or the last member of the fusion, by what it is called in a model."""
        return list(self.adapters.items())[-1]


def import_checkpoint(context: Context, incoming: Incoming, earlier: list[Checkpoint]) -> Checkpoint:
    """Load what comes in, check it, and write its checkpoint.

    Args:
        context: The base, the store that it goes to, and the seed that it is filed under.
        incoming: What it is made of.
        earlier: Checkpoints that were imported with it, which it may have been trained on.

    Raises:
        XadaptError: If it does not fit the base, or a head does not fit its task.
    """
    with tempfile.TemporaryDirectory() as temporary:
        copies = _copied(context, incoming, Path(temporary))
        return _stored(context, incoming, copies, earlier)


def _copied(context: Context, incoming: Incoming, to: Path) -> Copies:
    backbone, count = context.backbone, itertools.count()

    def fresh() -> Path:
        folder = to / str(next(count))
        folder.mkdir()
        return folder

    copies = Copies({name: copy_adapter(backbone, found, fresh()) for name, found in incoming.adapters.items()})
    for copied_one in copies.adapters.values():
        for note in copied_one.notes:
            context.display.say(f"{copied_one.found.folder}: {note}")
    name, found = incoming.last
    if incoming.fusion:
        copies.fusion = copy_fusion(backbone, incoming.fusion, found.root, fresh())
    for head, folder in incoming.heads.items():
        copied = copy_head(backbone, copies.adapters[name], folder, fresh())
        if copied:
            copies.heads[head] = copied
    return copies


def _stored(context: Context, incoming: Incoming, copies: Copies, earlier: list[Checkpoint]) -> Checkpoint:
    backbone, store, block = context.backbone, context.store, copies.block
    model, heads, (name, found) = load_copies(backbone, copies), list(copies.heads), incoming.last
    for head in heads:
        task = context.tasks.get(head)
        if task:
            fit_head(model, head, task, incoming.labels)
    activate(model, block)
    _check_computes(backbone, model, heads, found)
    layers = fusion_layers(model, block).values() if incoming.fusion else ()
    trained = [weight for layer in layers for weight in layer.parameters()] or adapter_state(model, name).values()
    weights = [*trained, *(weight for head in heads for weight in model.heads[head].parameters())]
    with tempfile.TemporaryDirectory() as temporary:
        written = Path(temporary)
        if incoming.fusion:
            save_fusion(model, block, written / "fusion")
        else:
            save_adapter(model, name, written / "adapter")
        for head in heads:
            (written / "heads").mkdir(exist_ok=True)
            model.save_head(str(inside(written, f"heads/{head}")), head, use_safetensors=True)
        for file in written.rglob("*.safetensors"):
            save_file({key: _halved(value) for key, value in load_file(file).items()}, file)
        files = {
            str(file.relative_to(written)): sha256_file(file) for file in sorted(written.rglob("*")) if file.is_file()
        }
        figures = Figures(parameters=sum(weight.numel() for weight in weights))
        record = _record(context, incoming, heads, earlier, files, figures)
        path = store.run_path(record.run)
        if store.finished(record.run) is None:
            with atomic_folder(path) as folder:
                shutil.copytree(written, folder, dirs_exist_ok=True)
                write_record(folder, record, card(record, "peft" if found.form == "peft" else "adapters"))
    return open_checkpoint(path)


def _check_computes(backbone: Backbone, model: XLMRobertaAdapterModel, heads: list[str], found: FoundAdapter) -> None:
    """Check that what was loaded computes something, whatever its configuration says."""
    try:
        wanted = probe(backbone, model, heads).wanted
    except Exception as error:
        raise XadaptError(
            f"{found.folder} is loaded and computes nothing ({reason_of(error)}): have it trained again"
        ) from None
    broken = [key for key, value in wanted.items() if not np.isfinite(value).all()]
    if broken:
        raise XadaptError(f"{found.folder}: what it computes is not finite ({broken[0]}): have it trained again")


def _halved(value: torch.Tensor) -> torch.Tensor:
    """Half precision where nothing is lost by it."""
    half = value.half().contiguous()
    return half if torch.equal(half.float(), value.float()) else value.float().contiguous()


def _record(
    context: Context,
    incoming: Incoming,
    heads: list[str],
    earlier: list[Checkpoint],
    files: dict[str, str],
    figures: Figures,
) -> RunRecord:
    below = _below(incoming.setup)
    members = {checkpoint.setup: checkpoint for checkpoint in earlier if checkpoint.setup in below}
    runs = {setup: checkpoint.run for setup, checkpoint in sorted(members.items())}
    calibration = {head: incoming.calibration[head] for head in heads if head in incoming.calibration}
    decides = {
        "trains": "imported",
        "setup": str(incoming.setup),
        "base": context.backbone.fingerprint,
        "members": runs,
        "calibration": calibration,
        "files": files,
    }
    return RunRecord(
        run=run_hash(decides),
        setup=str(incoming.setup),
        trains="imported",
        under=_under(incoming.setup),
        tasks=list(incoming.heads),
        heads=heads,
        calibration=calibration,
        base=BaseOf(name=context.backbone.name, fingerprint=context.backbone.fingerprint),
        seed=context.seed,
        data="imported",
        members=runs,
        weights={setup: checkpoint.digest for setup, checkpoint in sorted(members.items())},
        decides=decides,
        figures=figures,
        imported=_imported(incoming),
    )


def _imported(incoming: Incoming) -> Imported:
    _, found = incoming.last
    config = found.config
    return Imported(
        form=found.form,
        name=_text(config.get("name")),
        base=incoming.base or _text(found.base),
        library=_text(config.get("version") or config.get("peft_version")),
    )


def _text(value: object) -> str | None:
    """A name for a record, None for what is none."""
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME else None


def _prefixes(setup: Node) -> list[Node]:
    """What a stack is built on, from the bottom up."""
    if setup.kind != "stack":
        return []
    parts = setup.children
    return [parts[0], *(Node("stack", children=parts[:count]) for count in range(2, len(parts)))]


def _under(setup: Node) -> str:
    return str(setup) if setup.kind == "fuse" else str(next(reversed(_prefixes(setup)), "none"))


def _below(setup: Node) -> set[str]:
    return {str(node) for node in (*setup.walk(), *_prefixes(setup))} - {str(setup)}
