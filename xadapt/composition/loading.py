"""Checkpoints put into a model: adapters, fusions and heads, in the order in which they are asked for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from xadapt.backbone.encoder import split
from xadapt.errors import XadaptError
from xadapt.methods.active_layers import is_tokenwise, lowest_layer
from xadapt.methods.adapter import activate, load_adapter
from xadapt.methods.fusion import load_fusion
from xadapt.methods.gated import add_gated, load_gates
from xadapt.store.files import inside, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel
    from adapters.composition import AdapterCompositionBlock

    from xadapt.backbone.base import Backbone
    from xadapt.store.checkpoints import Checkpoint


#: The file of a checkpoint that has gates.
GATES = "gates.safetensors"


def bare_model(backbone: Backbone) -> XLMRobertaAdapterModel:
    """Make a model without adapters or heads whose lower layers can be shared with other models."""
    model = backbone.model()
    split(model, backbone.fingerprint)
    return model


def put_adapter(model: XLMRobertaAdapterModel, checkpoint: Checkpoint, name: str) -> None:
    """Add the adapter of a checkpoint under a name that no adapter has.

    Raises:
        XadaptError: If it does not load.
    """
    with _library_errors(checkpoint):
        load_adapter(model, checkpoint.path / "adapter", name)


def put_fusion(model: XLMRobertaAdapterModel, checkpoint: Checkpoint, fused: AdapterCompositionBlock) -> None:
    """Add the fusion of a checkpoint for adapters that are there.

    Raises:
        XadaptError: If it does not load.
    """
    with _library_errors(checkpoint):
        load_fusion(model, fused, checkpoint.path / "fusion")


def put_gated(model: XLMRobertaAdapterModel, checkpoint: Checkpoint, members: Sequence[str], name: str) -> None:
    """Add members that are there once more, side by side behind the gates of a checkpoint.

    Raises:
        XadaptError: If the gates do not load, or do not fit the members.
    """
    with _library_errors(checkpoint):
        add_gated(model, members, name, load_gates(checkpoint.path / GATES))


def put_head(model: XLMRobertaAdapterModel, checkpoint: Checkpoint, task: str, name: str) -> None:
    """Add a checkpoint's head for a task under a name; a head that has it goes.

    Raises:
        XadaptError: If it does not load.
    """
    if name in model.heads:
        model.delete_head(name)
    with _library_errors(checkpoint):
        model.load_head(str(head_folder(checkpoint, task)), load_as=name, use_safetensors=True)


def head_folder(checkpoint: Checkpoint, task: str) -> Path:
    """Where a checkpoint has its head for a task."""
    return inside(checkpoint.path, f"heads/{task}")


def label_ids(checkpoint: Checkpoint, task: str) -> dict[str, int]:
    """The label ids that a checkpoint's head learnt; empty for a head without labels.

    Raises:
        XadaptError: If the head's configuration cannot be read.
    """
    with _library_errors(checkpoint):
        ids = read_json(head_folder(checkpoint, task) / "head_config.json")["config"].get("label2id") or {}
        return {label: int(number) for label, number in ids.items()}


def activate_on(model: XLMRobertaAdapterModel, block: str | AdapterCompositionBlock | None, layers: int) -> None:
    """Make a composition the active one, and what lies below it the trunk.

    Args:
        model: The model.
        block: The composition.
        layers: The layers of the base.

    Raises:
        XadaptError: If the libraries cannot compose these adapters.
    """
    activate(model, block)
    encoder: Any = model.roberta.encoder
    lowest = lowest_layer(model)
    # With nothing active there is no top for which a trunk would be kept.
    encoder.start = lowest if lowest < layers else 0
    encoder.tokenwise = is_tokenwise(model)


def freeze(model: XLMRobertaAdapterModel) -> None:
    """Make nothing trainable, and switch to evaluation."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    model.eval()


@contextmanager
def _library_errors(checkpoint: Checkpoint) -> Iterator[None]:
    # What the library raises on a bad checkpoint names neither the file nor what to do.
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise XadaptError(f"checkpoint {checkpoint.path} does not load ({reason}): train it again") from None
