"""An adapter as a folder that peft loads on the plain encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from adapters.methods.lora import LoRALinear
from peft import IA3Config, LoraConfig, PeftConfig
from safetensors.torch import load_file, save_file

from xadapt.errors import XadaptError
from xadapt.methods.adapter import method_of, save_adapter
from xadapt.methods.peft_library import WEIGHTS
from xadapt.portable.export_check import HIDDEN, Written
from xadapt.portable.export_record import ExportParts

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from transformers import XLMRobertaModel

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node
    from xadapt.store.records import Json

#: What peft puts before a layer's path in the encoder.
ROOT = "base_model.model."
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16}


def write_peft(assembly: Assembly, node: Node, heads: list[str], folder: Path, precision: str) -> Written:
    """Write the one adapter of a setup as peft has it, without a head.

    Args:
        assembly: The setup, assembled.
        node: The setup.
        heads: The heads that stay behind.
        folder: An existing folder.
        precision: ``fp32`` or ``fp16``.

    Raises:
        XadaptError: If the setup is more than one adapter, or its method has no equal in peft.
    """
    if len(assembly.names) != 1:
        raise XadaptError(f"{node} is not one adapter, and a peft folder holds one: use the format adapterhub")
    (name,) = assembly.names
    method = method_of(assembly.model, name)
    if method["library"] == "peft":
        save_adapter(assembly.model, name, folder)
        weights = load_file(folder / WEIGHTS)
    else:
        config, weights = _translated(assembly.model.roberta, name, method, node)
        config.save_pretrained(str(folder))
    weights = {key: value.detach().to(_DTYPES[precision]).contiguous() for key, value in weights.items()}
    save_file(weights, folder / WEIGHTS, {"format": "pt"})
    left = (f"the head stays behind ({', '.join(heads)}): peft's folder is for the encoder",) if heads else ()
    return Written(ExportParts(), [], _code, {"library": "peft"}, {HIDDEN: {}}, left)


def _translated(
    encoder: XLMRobertaModel, name: str, method: Json, node: Node
) -> tuple[PeftConfig, dict[str, torch.Tensor]]:
    """The configuration and weights in peft of a LoRA or (IA)³ of the adapters library."""
    if method["method"] not in ("lora", "ia3") or method["use_gating"]:
        kind = method["method"] + (" with gates" if method.get("use_gating") else "")
        raise XadaptError(
            f"{node} cannot go to peft: of the adapters library's methods it has LoRA and (IA)³ without gates, not "
            f"{kind}; use the format adapterhub"
        )
    layers = {
        path: layer.loras[name]
        for path, layer in encoder.named_modules()
        if isinstance(layer, LoRALinear) and name in layer.loras
    }
    ends, numbers = targets(list(layers), encoder.config.num_hidden_layers) or (sorted(layers), None)
    weights: dict[str, torch.Tensor] = {}
    for path, part in layers.items():
        key = f"{ROOT}{path}"
        if method["method"] == "lora":
            weights |= {f"{key}.lora_A.weight": part.lora_A, f"{key}.lora_B.weight": part.lora_B}
        else:
            weights[f"{key}.ia3_l"] = part.lora_B * part.scaling
    if method["method"] == "lora":
        sizes = {"r": method["r"], "lora_alpha": method["alpha"], "lora_dropout": method["dropout"]}
        return LoraConfig(**sizes, target_modules=ends, layers_to_transform=numbers), weights
    # All are scaled behind the linear layer; what peft calls feed-forward it scales before.
    return IA3Config(target_modules=sorted(layers) if numbers else ends, feedforward_modules=[]), weights


def targets(paths: Collection[str], layers: int) -> tuple[list[str], list[int] | None] | None:
    """What peft's configuration calls a set of linear layers, short.

    Args:
        paths: Their paths in the encoder.
        layers: How many layers the encoder has.

    Returns:
        The ends of their paths and the numbers of the layers they are in, None for all; nothing if that would name
        others too.
    """
    ends: dict[int, set[str]] = {}
    for path in paths:
        number, _, linear = path.removeprefix("encoder.layer.").partition(".")
        ends.setdefault(int(number), set()).add(linear)
    same = next(iter(ends.values()))
    # ``output.dense`` is also how ``attention.output.dense`` ends.
    wider = "output.dense" in same and "attention.output.dense" not in same
    if wider or any(found != same for found in ends.values()):
        return None
    return sorted(end.removeprefix("attention.self.") for end in same), None if len(ends) == layers else sorted(ends)


def _code(base: str) -> str:
    return "\n".join(
        [
            "from peft import PeftModel",
            "from transformers import XLMRobertaModel",
            "",
            f"encoder = XLMRobertaModel.from_pretrained({base!r}, add_pooling_layer=False)",
            'model = PeftModel.from_pretrained(encoder, ".")',
        ]
    )
