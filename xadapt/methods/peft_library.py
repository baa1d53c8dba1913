"""LoRA-family methods of peft, injected into the encoder of a model of the adapters library.

Written ``peft:lora[r=8]``. peft wraps linear layers that the adapters library has made LoRA layers of its own, so that
adapters of both libraries act in one model. Several active peft adapters add up; with none, the model is the bare one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from xadapt.libraries.peft import acts, inject_more, new_tuner, quiet, trainable_as_before
from xadapt.methods.peft_configs import METHODS, as_json, exact, limit, name_of, parse_config, with_rank
from xadapt.store.files import atomic_folder, atomic_write_json

if TYPE_CHECKING:
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel
    from peft import PeftConfig
    from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer

    from xadapt.store.records import Json

#: What a library of methods has is here too where the configurations' own module has it already.
__all__ = [
    "acting",
    "add",
    "config_of",
    "describe",
    "fixed_state",
    "has_adapter",
    "limit",
    "load",
    "parse_config",
    "save",
    "set_active",
    "state",
]

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@dataclass
class _Injected:
    """What is in an encoder: configurations by adapter, peft's tuners by type, and the active adapters."""

    configs: dict[str, PeftConfig] = field(default_factory=dict)
    tuners: dict[str, BaseTuner] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)


def _injected(model: XLMRobertaAdapterModel) -> _Injected:
    encoder = model.base_model
    if not hasattr(encoder, "xadapt_injected"):
        encoder.xadapt_injected = _Injected()
    injected: _Injected = encoder.xadapt_injected
    return injected


def describe(model: XLMRobertaAdapterModel, name: str) -> Json:
    """The method of an adapter and what its options are, as JSON."""
    config = _injected(model).configs[name]
    method = name_of(config)
    # How an adapter starts makes no difference to what it is.
    options = set(METHODS[method].options) - {"d_initial"}
    kept = {key: value for key, value in as_json(config).items() if key in options}
    return {"library": "peft", "method": method, **kept}


def has_adapter(model: XLMRobertaAdapterModel, name: str) -> bool:
    """Whether an adapter of peft has this name."""
    return name in _injected(model).configs


def config_of(model: XLMRobertaAdapterModel, name: str, rank: int | None = None) -> PeftConfig:
    """A copy of an adapter's configuration; for LoRA with another rank, its product then counting once."""
    config = copy.deepcopy(_injected(model).configs[name])
    return config if rank is None else with_rank(config, rank)


def add(model: XLMRobertaAdapterModel, name: str, config: PeftConfig) -> None:
    """Add a fresh adapter that is not active; what is trainable stays so.

    Raises:
        ValueError: If its sizes do not fit the base; peft raises others, too.
    """
    injected, within = _injected(model), exact(config)
    tuner = injected.tuners.get(within.peft_type)
    with trainable_as_before(model):
        if tuner is None:
            injected.tuners[within.peft_type] = new_tuner(model.base_model, name, within)
        else:
            inject_more(tuner, model.base_model, name, within)
        injected.configs[name] = config
        for layer in _layers(model).values():
            layer.train(model.training)
        set_active(model, injected.active)


def set_active(model: XLMRobertaAdapterModel, names: list[str]) -> None:
    """Let these adapters of peft act, and no others; what is trainable stays so."""
    injected = _injected(model)
    injected.active = list(names)
    with trainable_as_before(model):
        for layer in _layers(model).values():
            layer.set_adapter(injected.active)


def _layers(model: XLMRobertaAdapterModel) -> dict[str, BaseTunerLayer]:
    """The layers that peft has put into the encoder, by path."""
    if not _injected(model).tuners:
        return {}
    from peft.tuners.tuners_utils import BaseTunerLayer

    modules = model.base_model.named_modules()
    return {path: module for path, module in modules if isinstance(module, BaseTunerLayer)}


def acting(model: XLMRobertaAdapterModel) -> list[str]:
    """The paths of the layers that peft has put into the encoder in which an active adapter has a part."""
    return [path for path, layer in _layers(model).items() if acts(layer)]


def state(model: XLMRobertaAdapterModel, name: str) -> dict[str, nn.Parameter]:
    """The parameters of an adapter, by path in the bare encoder with ``*`` for the adapter's name."""
    found: dict[str, nn.Parameter] = {}
    for path, layer in _layers(model).items():
        for holder in layer.adapter_layer_names:
            parts = getattr(layer, holder)
            if name not in parts:
                continue
            # Where adapters of several types meet are layers within layers.
            key = f"{path.replace('.base_layer', '')}.{holder}.*"
            if isinstance(parts[name], nn.Parameter):
                found[key] = parts[name]
            else:
                found.update({f"{key}.{inner}": value for inner, value in parts[name].named_parameters()})
    return found


def fixed_state(model: XLMRobertaAdapterModel, name: str) -> dict[str, Tensor]:
    """Nothing: what these methods never train follows from their configuration."""
    return {}


def save(model: XLMRobertaAdapterModel, name: str, folder: Path) -> None:
    """Write an adapter as peft does for an ``AutoModel`` of the base."""
    config = config_of(model, name)
    config.inference_mode = True
    weights = {_file_key(key): value.detach().contiguous() for key, value in state(model, name).items()}
    with atomic_folder(folder) as temporary:
        atomic_write_json(temporary / CONFIG, as_json(config))
        save_file(weights, temporary / WEIGHTS, {"format": "pt"})


def _file_key(key: str) -> str:
    plain = f"base_model.model.{key.replace('.*', '')}"
    # peft keeps the name that magnitudes had before they became a layer.
    return plain.removesuffix(".weight") if ".lora_magnitude_vector." in key else plain


def load(model: XLMRobertaAdapterModel, folder: Path, name: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Add a stored adapter, its weights still fresh.

    Returns:
        Its parameters and the stored ones, both by the names that they have in the file.

    Raises:
        ValueError: If its method or one of its options is none of these.
    """
    from peft import PeftConfig

    with quiet():
        config = PeftConfig.from_pretrained(str(folder))
    config.inference_mode = False
    name_of(config)
    stored = load_file(folder / WEIGHTS)
    add(model, name, config)
    return {_file_key(key): value for key, value in state(model, name).items()}, stored
