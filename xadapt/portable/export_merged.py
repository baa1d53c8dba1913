"""A setup whose adapters change nothing but linear layers, as one ordinary model of transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from adapters.context import ForwardContext
from adapters.methods.lora import LoRALinear
from peft.tuners.tuners_utils import BaseTunerLayer

from xadapt.errors import XadaptError, option
from xadapt.methods.adapter import method_of
from xadapt.portable.base_folder import PREFIX, encoder_state, write_model
from xadapt.portable.export_check import HIDDEN, Written
from xadapt.portable.export_record import ExportParts
from xadapt.portable.plain_heads import plain_config, plain_head

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from transformers import XLMRobertaModel

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node
    from xadapt.store.records import Json
    from xadapt.tasks.portable_heads import PlainHead

#: Methods of the adapters library that change linear layers into others; of peft, all that there are here.
_LINEAR = {"dora", "dvora", "ia3", "lora", "vera"}


def write_merged(assembly: Assembly, node: Node, heads: list[str], folder: Path, precision: str) -> Written:
    """Write the base with a setup's adapters in its weights, its outermost head and its tokenizer.

    Args:
        assembly: The setup, assembled; it cannot be used any more afterwards.
        node: The setup.
        heads: Its heads, the outermost last.
        folder: An existing folder.
        precision: ``fp32`` or ``fp16``.

    Raises:
        XadaptError: If an adapter is not linear.
    """
    backbone = assembly.context.backbone
    for name in assembly.names:
        method = method_of(assembly.model, name)
        if not _is_linear(method):
            gates = " with gates" if _is_gated(method) else ""
            raise XadaptError(
                f"{node} cannot be merged: {name} is a {method['method']}{gates}, which is not linear, so that no "
                "weights of the base compute the same; use the format adapterhub"
            )
    head = heads[-1] if heads else ""
    module: Any = assembly.model.heads[head] if head else None
    plain = plain_head(module.config, assembly.context.tasks.get(head)) if head else None
    state = encoder_state(backbone)
    state |= merged_layers(assembly.model.roberta, state)
    config: Json = {}
    if plain:
        state = {PREFIX + key: value for key, value in state.items()}
        config = plain_config(module.config, plain)
        for number, name in plain.layers.items():
            layer = module.get_submodule(number)
            state |= {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}
    architecture = plain.architecture if plain else "XLMRobertaModel"
    write_model(backbone, folder, state, architecture, precision, **config)
    backbone.tokenizer.save_pretrained(folder)
    parts, written = ExportParts(architecture=architecture), [head] if plain else []
    loaded = {"library": "transformers", "architecture": architecture}
    notes = _notes(heads, plain)
    return Written(parts, written, lambda base: _code(architecture), loaded, _outputs(head, plain), notes)


def _is_linear(method: Json) -> bool:
    return method["library"] == "peft" or (set(method["method"].split("+")) <= _LINEAR and not _is_gated(method))


def _is_gated(method: Json) -> bool:
    return any(part.get("use_gating") for part in method.get("configs", [method]))


def _code(architecture: str) -> str:
    options = "" if architecture != "XLMRobertaModel" else ", add_pooling_layer=False"
    lines = [f"from transformers import {architecture}", "", f'model = {architecture}.from_pretrained("."{options})']
    return "\n".join(lines)


def _outputs(head: str, plain: PlainHead | None) -> dict[str, Json]:
    return {HIDDEN: {}} if plain is None else {HIDDEN: {"encoder": True}, head: {"choices": plain.choices}}


def _notes(heads: list[str], plain: PlainHead | None) -> tuple[str, ...]:
    if heads and plain is None:
        return (f"the encoder alone: no class of transformers has a head equal to that of {heads[-1]}",)
    if len(heads) < 2:
        return ()
    return (f"a merged model has one head, {heads[-1]}: {option('task')} takes another of {', '.join(heads)}",)


def merged_layers(encoder: XLMRobertaModel, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The ordinary linear layers that compute what the adapted ones do.

    What an adapted layer computes is read off it, in double precision: its value at zero is the bias, those at the unit
    vectors are the columns of the matrix. So every method that is linear is merged as it computes, also where a library
    merges something else: the adapters library forgets the bias under (IA)³ and DoRA.

    Args:
        encoder: The encoder of a model whose adapters are set; its adapted layers are in double precision afterwards.
        state: The weights of the bare encoder.

    Returns:
        Matrices and biases of the adapted layers, by their names in the bare encoder.
    """
    merged: dict[str, torch.Tensor] = {}
    # VeRA's random matrices are outside of the layers that use them, which find them in the context of a forward pass.
    encoder.shared_parameters.double()
    with torch.no_grad(), ForwardContext(encoder, input_ids=torch.zeros(1, 1)):
        for path, layer in encoder.named_modules():
            adapted = isinstance(layer, LoRALinear) and layer.get_active_setup() is not None
            # peft puts a layer around another one, and what the outer one computes counts.
            if ".base_layer" in path or not (adapted or isinstance(layer, BaseTunerLayer)):
                continue
            layer.double()
            unit = torch.eye(state[f"{path}.weight"].shape[1], dtype=torch.float64)
            bias = layer(torch.zeros_like(unit[None, :1]))[0, 0]
            merged[f"{path}.weight"] = (layer(unit[None])[0] - bias).T.float()
            merged[f"{path}.bias"] = bias.float()
    return merged
