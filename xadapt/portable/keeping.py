"""From an adapter that is loaded and checked to a checkpoint, with all that is known about it and nothing else."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from adapters.composition import Fuse
from safetensors.torch import load_file, save_file

from xadapt.backbone.base import Backbone
from xadapt.composition.expression import Node
from xadapt.errors import XadaptError
from xadapt.methods.adapter import activate, adapter_state, save_adapter
from xadapt.methods.fusion import fusion_layers, load_fusion, save_fusion
from xadapt.portable.checked import probe
from xadapt.portable.fitting import fit_head
from xadapt.portable.foreign import Foreign, load_foreign_adapter, load_foreign_head
from xadapt.portable.heads import known_task
from xadapt.store.cards import card
from xadapt.store.checkpoints import Checkpoint, open_checkpoint, write_record
from xadapt.store.files import atomic_folder, sha256_file
from xadapt.store.records import BaseOf, Figures, Imported, RunRecord
from xadapt.store.store import Store, run_hash


@dataclass
class Part:
    """What becomes one checkpoint.

    Attributes:
        setup: The expression that it will complete.
        adapters: The adapter or, for a fusion, its members, by what they are called in a model.
        fusion: The folder of the fusion.
        heads: By task, the folder of its head; None for one that may lie beside the adapter.
        calibration: By head, what was tuned beside the weights.
        labels: What the outputs of the head mean, if its own names do not say.
        base: The name of the base that is known to be this one, empty if only sizes can be compared.
    """

    setup: Node
    adapters: dict[str, Foreign]
    fusion: Path | None = None
    heads: dict[str, Path | None] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    labels: Sequence[str] = ()
    base: str = ""


def keep(part: Part, backbone: Backbone, store: Store, seed: int, earlier: list[Checkpoint]) -> Checkpoint:
    """Load a part, check it, and write its checkpoint.

    Args:
        part: What it is made of.
        backbone: The base.
        store: Where it goes.
        seed: The seed that it is filed under.
        earlier: Checkpoints that were imported with it, which it may stand on.

    Raises:
        XadaptError: If it does not fit the base, or a head does not fit its task.
    """
    model = backbone.model()
    for name, found in part.adapters.items():
        load_foreign_adapter(model, found, name)
    name, found = list(part.adapters.items())[-1]
    block: Any = Fuse(*part.adapters) if part.fusion else name
    if part.fusion:
        load_fusion(model, block, part.fusion)
    heads = [head for head, place in part.heads.items() if load_foreign_head(model, found, head, place)]
    for head in heads:
        task = known_task(head)
        if task:
            fit_head(model, head, task, part.labels)
    activate(model, block)
    broken = [key for key, value in probe(backbone, model, heads).wanted.items() if not np.isfinite(value).all()]
    if broken:
        raise XadaptError(f"{found.folder}: what it computes is not finite ({broken[0]})")
    layers = fusion_layers(model, block).values() if part.fusion else ()
    trained = [weight for layer in layers for weight in layer.parameters()] or adapter_state(model, name).values()
    weights = [*trained, *(weight for head in heads for weight in model.heads[head].parameters())]
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        if part.fusion:
            save_fusion(model, block, place / "fusion")
        else:
            save_adapter(model, name, place / "adapter")
        for head in heads:
            (place / "heads").mkdir(exist_ok=True)
            model.save_head(str(place / "heads" / head), head, use_safetensors=True)
        for file in place.rglob("*.safetensors"):
            save_file({key: _halved(value) for key, value in load_file(file).items()}, file)
        files = {str(file.relative_to(place)): sha256_file(file) for file in sorted(place.rglob("*")) if file.is_file()}
        record = _record(part, found, heads, backbone, seed, earlier, files)
        figures = Figures(parameters=sum(weight.numel() for weight in weights))
        record = record.model_copy(update={"figures": figures})
        path = store.run_path(record.run)
        if store.finished(record.run) is None:
            with atomic_folder(path) as folder:
                shutil.copytree(place, folder, dirs_exist_ok=True)
                write_record(folder, record, card(record))
    return open_checkpoint(path)


def _halved(value: torch.Tensor) -> torch.Tensor:
    """Half precision where nothing is lost by it."""
    half = value.half().contiguous()
    return half if torch.equal(half.float(), value.float()) else value.float().contiguous()


def _record(
    part: Part,
    found: Foreign,
    heads: list[str],
    backbone: Backbone,
    seed: int,
    earlier: list[Checkpoint],
    files: dict[str, str],
) -> RunRecord:
    below = _below(part.setup)
    members = {checkpoint.setup: checkpoint for checkpoint in earlier if checkpoint.setup in below}
    runs = {setup: checkpoint.run for setup, checkpoint in sorted(members.items())}
    calibration = {head: part.calibration[head] for head in heads if head in part.calibration}
    decides = {
        "trains": "imported",
        "setup": str(part.setup),
        "base": backbone.fingerprint,
        "members": runs,
        "calibration": calibration,
        "files": files,
    }
    config = found.config
    said = config.get("model_name") or config.get("base_model_name_or_path")
    return RunRecord(
        run=run_hash(decides),
        setup=str(part.setup),
        trains="imported",
        under=_under(part.setup),
        tasks=list(part.heads),
        heads=heads,
        calibration=calibration,
        base=BaseOf(name=backbone.name, fingerprint=backbone.fingerprint),
        seed=seed,
        data="imported",
        members=runs,
        weights={setup: checkpoint.digest for setup, checkpoint in sorted(members.items())},
        decides=decides,
        imported=Imported(
            form=found.form,
            name=config.get("name"),
            # The library writes the word where it has no name.
            base=part.base or (said if said != "None" else None),
            library=config.get("version") or config.get("peft_version"),
        ),
    )


def _prefixes(setup: Node) -> list[Node]:
    """What a stack stands on, from the bottom up."""
    if setup.kind != "stack":
        return []
    parts = setup.children
    return [parts[0], *(Node("stack", children=parts[:count]) for count in range(2, len(parts)))]


def _under(setup: Node) -> str:
    return str(setup) if setup.kind == "fuse" else str(next(reversed(_prefixes(setup)), "none"))


def _below(setup: Node) -> set[str]:
    return {str(node) for node in (*setup.walk(), *_prefixes(setup))} - {str(setup)}
