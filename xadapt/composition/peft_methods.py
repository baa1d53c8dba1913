"""LoRA-family methods of peft, injected into the encoder of a model of the adapters library.

Written ``peft:lora[r=8]``. peft wraps linear layers that the adapters library has made LoRA layers of its own, so that
adapters of both libraries act in one model. Several active peft adapters add up; with none, the model is the bare one.
"""

from __future__ import annotations

import copy
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from xadapt.errors import unknown
from xadapt.store.files import atomic_folder, atomic_write_json

if TYPE_CHECKING:
    from peft import PeftConfig
    from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer

PREFIX = "peft:"
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"

#: The linear layers of an encoder layer.
LINEARS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
#: What peft may call them: by their ends. Plain ``dense`` would reach the pooler, too.
TARGETS = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")
#: Fields of a configuration that are not about the method.
_ABOUT = ("base_model_name_or_path", "revision", "task_type", "inference_mode", "peft_version", "auto_mapping")
_WHERE = ("target_modules", "layers_to_transform")


@dataclass(frozen=True)
class Method:
    """A method of peft.

    Attributes:
        kind: peft's name of its type.
        options: The fields of peft's configuration that may be set.
        fixed: Fields that make it this method.
        defaults: Defaults that are not peft's.
    """

    kind: str
    options: tuple[str, ...]
    fixed: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=lambda: {"target_modules": ["query", "value"]})


_LORA = ("r", "lora_alpha", "lora_dropout", *_WHERE)
_LYCORIS = ("r", "alpha", "rank_dropout", "module_dropout", *_WHERE)
_IA3 = {"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]}

#: Those that work by injection alone, start as the bare model and add up. AdaLoRA needs a training loop of its own.
METHODS = {
    "lora": Method("LORA", _LORA, {"use_rslora": False, "use_dora": False}),
    "rslora": Method("LORA", _LORA, {"use_rslora": True, "use_dora": False}),
    "dora": Method("LORA", _LORA, {"use_rslora": False, "use_dora": True}),
    "ia3": Method("IA3", ("target_modules", "feedforward_modules"), defaults=_IA3),
    "loha": Method("LOHA", _LYCORIS),
    "lokr": Method("LOKR", (*_LYCORIS, "decompose_both", "decompose_factor")),
    # Its random projections are drawn from the key again; those of a file would be rounded.
    "vera": Method(
        "VERA", ("r", "vera_dropout", "d_initial", "projection_prng_key", *_WHERE), {"save_projection": False}
    ),
    "oft": Method("OFT", ("r", "oft_block_size", "module_dropout", "coft", "eps", "block_share", *_WHERE)),
    "hra": Method("HRA", ("r", "apply_GS", *_WHERE)),
}


@dataclass
class _Injected:
    """What is in an encoder: configurations by adapter, peft's tuners by type, and the active adapters."""

    configs: dict[str, PeftConfig] = field(default_factory=dict)
    tuners: dict[str, BaseTuner] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)


def _injected(model: Any) -> _Injected:
    encoder = model.base_model
    if not hasattr(encoder, "xadapt_injected"):
        encoder.xadapt_injected = _Injected()
    injected: _Injected = encoder.xadapt_injected
    return injected


def parse_config(text: str) -> PeftConfig:
    """Read what follows the prefix of a configuration string.

    Raises:
        ValueError: If an option is unknown or has a value that peft does not take.
        XadaptError: If the method is unknown.
    """
    from adapters.utils import parse_adapter_config_string

    (name, options), *more = parse_adapter_config_string(text)
    if more:
        raise ValueError("methods of peft cannot be joined with |")
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    for option in options:
        if option not in METHODS[name].options:
            raise ValueError(f"peft:{name} has no option {option}, but {', '.join(METHODS[name].options)}")
    return _make_config(name, options)


def _make_config(name: str, options: dict[str, Any]) -> PeftConfig:
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    method = METHODS[name]
    with warnings.catch_warnings():
        # peft would rather have VeRA's projections stored.
        warnings.simplefilter("ignore")
        config = PEFT_TYPE_TO_CONFIG_MAPPING[method.kind](**{**method.defaults, **options, **method.fixed})
    targets = config.target_modules
    wrong = [targets] if isinstance(targets, str) else sorted(set(targets) - set(TARGETS))
    if wrong:
        raise ValueError(f"target_modules must be a list of some of {', '.join(TARGETS)}, not {wrong[0]!r}")
    return config


def name_of(config: PeftConfig) -> str:
    """The name of a configuration's method.

    Raises:
        ValueError: If it is none of these methods, or has an option that these do not take.
    """
    for name, method in METHODS.items():
        if config.peft_type == method.kind and all(
            getattr(config, key) == value for key, value in method.fixed.items()
        ):
            same = _make_config(name, {option: getattr(config, option) for option in method.options}).to_dict()
            odd = [key for key, value in config.to_dict().items() if key not in _ABOUT and value != same.get(key)]
            if odd:
                raise ValueError(f"its {odd[0]} is none that peft:{name} takes here")
            return name
    raise ValueError(f"peft's {config.peft_type.value} with its options is none of {', '.join(METHODS)}")


def describe(model: Any, name: str) -> dict[str, Any]:
    """The method of an adapter and what its options are, as JSON."""
    config = _injected(model).configs[name]
    method = name_of(config)
    # How an adapter starts makes no difference to what it is.
    options = {option: getattr(config, option) for option in METHODS[method].options if option != "d_initial"}
    listed = {key: sorted(value) if isinstance(value, set) else value for key, value in options.items()}
    return {"library": "peft", "method": method, **listed}


def has_adapter(model: Any, name: str) -> bool:
    """Whether an adapter of peft has this name."""
    return name in _injected(model).configs


def config_of(model: Any, name: str) -> PeftConfig:
    """A copy of an adapter's configuration."""
    return copy.deepcopy(_injected(model).configs[name])


def with_rank(config: PeftConfig, rank: int) -> PeftConfig:
    """The configuration of a LoRA of another rank whose product counts once."""
    changed: Any = copy.deepcopy(config)
    changed.r = changed.lora_alpha = rank
    changed.use_rslora = False
    return changed


def add(model: Any, name: str, config: PeftConfig) -> None:
    """Add a fresh adapter that is not active; what is trainable stays so.

    Raises:
        ValueError: If its sizes do not fit the base; peft raises others, too.
    """
    from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING

    injected, flags, exact = _injected(model), _trainable(model), _exact(config)
    tuner = injected.tuners.get(exact.peft_type)
    if tuner is None:
        tuner = PEFT_TYPE_TO_TUNER_MAPPING[exact.peft_type](model.base_model, {name: exact}, name)
        injected.tuners[exact.peft_type] = tuner
        # A tuner of another type would take this for its own.
        del model.base_model.peft_config
    else:
        # A second tuner of a type would not have what adapters of that type share.
        tuner.peft_config[name] = exact
        tuner.inject_adapter(model.base_model, name)
    injected.configs[name] = config
    for layer in _layers(model).values():
        layer.train(model.training)
    set_active(model, injected.active)
    _restore(flags)


def _exact(config: PeftConfig) -> PeftConfig:
    """The configuration with a pattern of whole paths for its layers.

    By their ends alone, peft would also take modules of other adapters: one may be called ``value``. VeRA looks for
    plain layers only, which may lie within layers of other types.
    """
    exact: Any = copy.deepcopy(config)
    found = [linear for linear in LINEARS if any(f".{linear}".endswith(f".{end}") for end in config.target_modules)]
    layers = getattr(config, "layers_to_transform", None)
    if layers is not None:
        exact.layers_to_transform = None
    chosen = r"\d+" if layers is None else "|".join(map(str, [layers] if isinstance(layers, int) else layers))
    exact.target_modules = rf"encoder\.layer\.({chosen})\.({'|'.join(map(re.escape, found))})(\.base_layer)*"
    return exact


def set_active(model: Any, names: list[str]) -> None:
    """Let these adapters of peft act, and no others; what is trainable stays so."""
    injected, flags = _injected(model), _trainable(model)
    injected.active = list(names)
    for layer in _layers(model).values():
        layer.set_adapter(injected.active)
    _restore(flags)


def _layers(model: Any) -> dict[str, BaseTunerLayer]:
    """The layers that peft has put into the encoder, by path."""
    if not _injected(model).tuners:
        return {}
    from peft.tuners.tuners_utils import BaseTunerLayer

    modules = model.base_model.named_modules()
    return {path: module for path, module in modules if isinstance(module, BaseTunerLayer)}


def _trainable(model: Any) -> list[tuple[nn.Parameter, bool]]:
    return [(parameter, parameter.requires_grad) for parameter in model.parameters()]


def _restore(flags: list[tuple[nn.Parameter, bool]]) -> None:
    for parameter, flag in flags:
        parameter.requires_grad_(flag)


def state(model: Any, name: str) -> dict[str, nn.Parameter]:
    """The parameters of an adapter, by path in the bare encoder with ``*`` for the adapter's name."""
    found: dict[str, nn.Parameter] = {}
    for path, layer in _layers(model).items():
        for place in layer.adapter_layer_names:
            parts = getattr(layer, place)
            if name not in parts:
                continue
            # Adapters of several types in one place are layers within layers.
            key = f"{path.replace('.base_layer', '')}.{place}.*"
            if isinstance(parts[name], nn.Parameter):
                found[key] = parts[name]
            else:
                found.update({f"{key}.{inner}": value for inner, value in parts[name].named_parameters()})
    return found


def fixed_state(model: Any, name: str) -> dict[str, Tensor]:
    """Nothing: what these methods never train follows from their configuration."""
    return {}


def save(model: Any, name: str, folder: Path) -> None:
    """Write an adapter as peft does for an ``AutoModel`` of the base."""
    config = config_of(model, name)
    config.inference_mode = True
    listed = {key: sorted(value) if isinstance(value, set) else value for key, value in config.to_dict().items()}
    weights = {_file_key(key): value.detach().contiguous() for key, value in state(model, name).items()}
    with atomic_folder(folder) as place:
        atomic_write_json(place / CONFIG, dict(sorted(listed.items())))
        save_file(weights, place / WEIGHTS, {"format": "pt"})


def _file_key(key: str) -> str:
    plain = f"base_model.model.{key.replace('.*', '')}"
    # peft keeps the name that magnitudes had before they became a layer.
    return plain.removesuffix(".weight") if ".lora_magnitude_vector." in key else plain


def load(model: Any, folder: Path, name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Add a stored adapter, its weights still fresh.

    Returns:
        Its parameters and the stored ones, both by the names that they have in the file.

    Raises:
        ValueError: If its method or one of its options is none of these.
    """
    from peft import PeftConfig

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = PeftConfig.from_pretrained(str(folder))
    config.inference_mode = False
    name_of(config)
    stored = load_file(folder / WEIGHTS)
    add(model, name, config)
    return {_file_key(key): value for key, value in state(model, name).items()}, stored
