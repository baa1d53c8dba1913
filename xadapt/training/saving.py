"""From a trained model to a checkpoint folder, in half precision."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file

from xadapt.composition.builder import layer_name
from xadapt.composition.kinds.gate import gated_layer
from xadapt.composition.loading import GATES
from xadapt.methods.adapter import method_of, save_adapter
from xadapt.methods.fusion import save_fusion
from xadapt.methods.gated import save_gates, trained_gates
from xadapt.store.cards import card
from xadapt.store.checkpoints import write_record
from xadapt.store.files import atomic_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import RunRecord
    from xadapt.training.plan import TrainPlan


def round_to_half(model: torch.nn.Module) -> float:
    """Round what was trained to the half precision it is stored in, so that figures are those of the file.

    Returns:
        How far the weights moved: the root mean square of the change over that of the weights.
    """
    moved = size = 0.0
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                rounded = parameter.half().to(parameter.dtype)
                moved += float((rounded - parameter).square().sum())
                size += float(parameter.square().sum())
                parameter.copy_(rounded)
    return math.sqrt(moved / size) if size else 0.0


@contextmanager
def as_stored(model: torch.nn.Module) -> Iterator[None]:
    """Let what is being trained be for a while what it would be if it were stored now."""
    trained = [(parameter, parameter.detach().clone()) for parameter in model.parameters() if parameter.requires_grad]
    round_to_half(model)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in trained:
                parameter.copy_(value)


def save_checkpoint(model: XLMRobertaAdapterModel | None, plan: TrainPlan, path: Path, record: RunRecord) -> None:
    """Write adapter or fusion, heads, record and card; nothing is seen at ``path`` before all of it is.

    Without a model, record and card are all.
    """
    with atomic_folder(path) as folder:
        library = _save_weights(model, plan, folder, record) if model else "xadapt"
        write_record(folder, record, card(record, library))


def _save_weights(model: XLMRobertaAdapterModel, plan: TrainPlan, folder: Path, record: RunRecord) -> str:
    """Write adapter or fusion, and heads; gives the library that loads them."""
    library = "adapters"
    if plan.makes.kind == "fuse":
        save_fusion(model, model.active_adapters, folder / "fusion")
    else:
        name = layer_name(plan.makes)
        library = method_of(model, name)["library"]
        save_adapter(model, name, folder / "adapter")
        if plan.makes.kind == "gate":
            save_gates(trained_gates(model, gated_layer(plan.makes)), folder / GATES)
    for head in record.heads:
        (folder / "heads").mkdir(exist_ok=True)
        model.save_head(str(folder / "heads" / head), head, use_safetensors=True)
    for file in folder.rglob("*.safetensors"):
        save_file({name: _half(value) for name, value in load_file(file).items()}, file)
    return library


def _half(value: torch.Tensor) -> torch.Tensor:
    # What was trained has been rounded; what was drawn beside it, such as VeRA's projections, may not have been.
    half = value.half().contiguous()
    return half if torch.equal(half.to(value.dtype), value) else value.contiguous()
