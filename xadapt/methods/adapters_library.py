"""Methods of the adapters library: bottlenecks, LoRA and its kin, prefix tuning, compacter, ReFT and unions of them."""

from __future__ import annotations

import copy
import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from adapters import AdapterConfig, BnConfig, ConfigUnion, LoRAConfig, PromptTuningConfig
from adapters.composition import Fuse, Stack
from adapters.configuration import ADAPTER_CONFIG_MAP, build_full_config
from adapters.configuration.adapter_config import DiReftConfig, MTLLoRAConfig, ReftConfig
from adapters.utils import CONFIG_NAME, SAFE_WEIGHTS_NAME, parse_adapter_config_string
from safetensors.torch import load_file, save_file

from xadapt.errors import XadaptError, option, unknown
from xadapt.methods.digest import tensor_digest
from xadapt.methods.option_values import check_values
from xadapt.methods.registration import own_methods
from xadapt.store.files import atomic_folder, atomic_write_json, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel
    from torch import Tensor, nn

    from xadapt.store.records import Json

#: Modules of the library that hold adapters by name.
_HOLDERS = "adapters|invertible_adapters|loras|prefix_gates|prefix_tunings|refts|shared_parameters"
#: How an adapter starts, which makes no difference to what it is.
_START = ("hypercomplex_nonlinearity", "init_weights", "init_weights_seed", "phm_c_init", "phm_init_range")
#: Where an encoder layer can hold bottlenecks.
_LOCATIONS = ("mh_adapter", "output_adapter")


def parse_config(text: str) -> AdapterConfig:
    """Read a configuration string.

    Raises:
        ValueError: If an option has a value that the library does not take, or the method cannot be used here.
        XadaptError: If the method is unknown.
    """
    for name, _ in parse_adapter_config_string(text):
        if name not in ADAPTER_CONFIG_MAP:
            raise unknown("method", name, (*ADAPTER_CONFIG_MAP, *own_methods()))
    # The library hands out its own objects.
    config = copy.deepcopy(AdapterConfig.load(text))
    for part in _parts(config):
        if isinstance(part, PromptTuningConfig):
            raise ValueError("prompt tuning makes every sentence longer, which heads and pooling here do not expect")
        if isinstance(part, DiReftConfig):
            raise ValueError("the adapters library stores direft as noreft: use noreft or loreft")
        check_values(part.to_dict(), _defaults(part))
    return config


def _defaults(part: AdapterConfig) -> Json:
    return {field.name: field.default for field in fields(part) if field.default is not MISSING}


def limit(config: AdapterConfig, layers: list[int], depth: int) -> AdapterConfig:
    """A configuration with all its parts in some layers only; an invertible adapter stays at the embeddings.

    Args:
        config: The configuration.
        layers: The layers, in order.
        depth: Number of layers of the base.

    Raises:
        ValueError: If it names layers itself.
    """
    left_out = [number for number in range(depth) if number not in set(layers)]
    parts = []
    for part in _parts(config):
        reft = isinstance(part, ReftConfig)
        if part.layers != "all" if reft else part.leave_out:
            raise ValueError("it names its layers twice")
        parts.append(part.replace(layers=layers if left_out else "all") if reft else part.replace(leave_out=left_out))
    return ConfigUnion(*parts) if isinstance(config, ConfigUnion) else parts[0]


def _parts(config: AdapterConfig) -> list[Any]:
    return list(config.configs) if isinstance(config, ConfigUnion) else [config]


def has_adapter(model: XLMRobertaAdapterModel, name: str) -> bool:
    """Whether an adapter of the library has this name."""
    return name in model.adapters_config.adapters


def config_of(model: XLMRobertaAdapterModel, name: str, rank: int | None = None) -> AdapterConfig:
    """A copy of an adapter's configuration; for LoRA with another rank, its product then counting once."""
    config = copy.deepcopy(model.adapters_config.get(name))
    return config if rank is None else config.replace(r=rank, alpha=rank)


def add(model: XLMRobertaAdapterModel, name: str, config: AdapterConfig) -> None:
    """Add a fresh adapter that is not active."""
    model.add_adapter(name, config=config)
    for value in fixed_state(model, name).values():
        # Checkpoints are in half precision, and what nobody trains must not change by being stored.
        value.detach().copy_(value.half())


def describe(model: XLMRobertaAdapterModel, name: str) -> Json:
    """The method of an adapter, its configuration and a digest of what training leaves as it was drawn, as JSON."""
    config = config_of(model, name)
    method = {"library": "adapters", "method": "+".join(map(_name, _parts(config))), **_lasting(config.to_dict())}
    fixed = fixed_state(model, name)
    if fixed:
        method["fixed"] = tensor_digest(fixed)
    return method


def _lasting(config: Json) -> Json:
    kept = {key: value for key, value in config.items() if key not in _START}
    return {**kept, "configs": [_lasting(part) for part in config["configs"]]} if "configs" in config else kept


def _name(config: AdapterConfig) -> str:
    # The library has one class for all of these.
    if not isinstance(config, LoRAConfig) or isinstance(config, MTLLoRAConfig):
        return config.architecture or "bottleneck"
    if config.composition_mode == "scale":
        return "ia3"
    if _is_vera(config):
        return "dvora" if config.use_dora else "vera"
    return "dora" if config.use_dora else "lora"


def _is_vera(config: LoRAConfig) -> bool:
    return isinstance(config.vera_d, float) or isinstance(config.vera_b, float)


def state(model: XLMRobertaAdapterModel, name: str) -> dict[str, nn.Parameter]:
    """The parameters of an adapter, by path in the bare encoder with ``*`` for the adapter's name."""
    drawn = _drawn(model, name)
    return {key: value for key, value in _starred(model.base_model.named_parameters(), name) if key not in drawn}


def fixed_state(model: XLMRobertaAdapterModel, name: str) -> dict[str, Tensor]:
    """What training leaves as it was drawn: VeRA's random projections and the bases of LoReFT's rotations."""
    drawn = _drawn(model, name)
    parameters = [item for item in _starred(model.base_model.named_parameters(), name) if item[0] in drawn]
    return dict([*parameters, *_starred(model.base_model.named_buffers(), name)])


def _drawn(model: XLMRobertaAdapterModel, name: str) -> tuple[str, ...]:
    config = model.adapters_config.match(name, LoRAConfig)
    shared = ("shared_parameters.*.lora_A", "shared_parameters.*.lora_B")
    return shared if config is not None and _is_vera(config) else ()


def _starred(items: Iterable[tuple[str, Any]], name: str) -> Iterator[tuple[str, Any]]:
    # An adapter may have the name of a module of the base, such as ``output``; peft puts layers into a ``base_layer``.
    within = re.compile(rf"(^|\.)({_HOLDERS})\.{re.escape(name)}\.")
    for key, value in items:
        if within.search(key):
            yield within.sub(r"\1\2.*.", key.replace(".base_layer.", "."), count=1), value


def save(model: XLMRobertaAdapterModel, name: str, folder: Path) -> None:
    """Write an adapter as AdapterHub lays it out."""
    config = build_full_config(
        model.adapters_config.get(name),
        model.config,
        model_name=model.model_name,
        name=name,
        model_class=type(model).__name__,
    )
    # The library itself cannot: it finds the weights of prefix tuning once in every layer, and safetensors refuses.
    weights = {
        f"{model.base_model_prefix}.{key.replace('.*.', f'.{name}.')}": value.detach().contiguous()
        for key, value in {**state(model, name), **fixed_state(model, name)}.items()
    }
    with atomic_folder(folder) as temporary:
        atomic_write_json(temporary / CONFIG_NAME, dict(sorted(config.items())))
        save_file(weights, temporary / SAFE_WEIGHTS_NAME)


def load(model: XLMRobertaAdapterModel, folder: Path, name: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Add a stored adapter, its weights still fresh.

    Returns:
        Its tensors and the stored ones, both by the same paths.

    Raises:
        ValueError: If weights in the folder are no adapter's of the name that its configuration gives.
    """
    config = read_json(folder / CONFIG_NAME)
    weights = load_file(folder / SAFE_WEIGHTS_NAME)
    named = ((key.removeprefix(f"{model.base_model_prefix}."), value) for key, value in weights.items())
    stored = dict(_starred(named, config["name"]))
    if len(stored) < len(weights):
        raise ValueError(f"{len(weights) - len(stored)} of its weights are not of adapter {config['name']}")
    if not isinstance(config["config"], dict):
        # The library would take a text for the path of a file.
        raise ValueError("its configuration is no object")
    add(model, name, AdapterConfig.load(config["config"]))
    return {**state(model, name), **fixed_state(model, name)}, stored


def check_composition(model: XLMRobertaAdapterModel, block: Any) -> None:
    """Check that the library composes these adapters and leaves none of them out without a word.

    Args:
        model: The model.
        block: None, an adapter of the library, or ``Stack`` and ``Fuse`` of such.

    Raises:
        XadaptError: If it does not.
    """
    parts = list(block.children) if isinstance(block, Stack) else [] if block is None else [block]
    fusions = [part for part in parts if isinstance(part, Fuse)]
    names = [name for part in parts for name in (part.children if isinstance(part, Fuse) else [part])]
    for name in (name for fused in fusions for name in fused.children):
        if not isinstance(model.adapters_config.get(name), BnConfig):
            raise XadaptError(f"AdapterFusion takes bottleneck adapters, such as seq_bn, and {name} is none")
    _check_low_rank(model, names)
    for name in names[1:]:
        bottleneck = model.adapters_config.match(name, BnConfig)
        if model.adapters_config.match(name, ReftConfig) or (bottleneck and bottleneck.inv_adapter):
            raise XadaptError(
                f"{name} would not act: the adapters library applies ReFT and invertible adapters at the bottom of a "
                "stack only"
            )
    for fused in fusions:
        there = _locations(model, fused.last())
        for name in fused.children:
            if _locations(model, name) != there:
                raise XadaptError(
                    f"{name} and {fused.last()} cannot be fused: their bottlenecks are at different points; train them "
                    f"with the same {option('adapter_config')} and {option('adapter_layers')}"
                )
        for name in names:
            if _locations(model, name) - there:
                raise XadaptError(
                    f"{name} has bottlenecks where the members of the fusion have none, which the adapters library "
                    f"cannot stack: train it with the {option('adapter_config')} and {option('adapter_layers')} of "
                    f"{fused.last()}"
                )


def _check_low_rank(model: XLMRobertaAdapterModel, names: list[str]) -> None:
    found = {name: model.adapters_config.match(name, LoRAConfig) for name in names}
    low = {name: config for name, config in found.items() if config is not None}
    # Scales multiply, but the library sends what one LoRA adds through the next, so that a fresh one erases it.
    if len(low) > 1 and any(config.composition_mode != "scale" for config in low.values()):
        raise XadaptError(
            f"{' and '.join(low)} cannot be stacked: the adapters library sends what one LoRA adds through the next "
            "instead of adding them up; use peft:lora, peft:dora or peft:vera, which add up"
        )


def _locations(model: XLMRobertaAdapterModel, name: str) -> set[tuple[int, str]]:
    match = model.adapters_config.match
    layers = range(model.config.num_hidden_layers)
    return {(i, at) for i in layers for at in _LOCATIONS if match(name, BnConfig, layer_idx=i, location_key=at)}
