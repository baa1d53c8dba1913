"""Which methods of peft there are here, how they are written, and which configurations of peft they are."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from xadapt.errors import unknown
from xadapt.libraries.peft import quiet
from xadapt.methods.option_values import check_values

if TYPE_CHECKING:
    from peft import PeftConfig

    from xadapt.store.records import Json

PREFIX = "peft:"
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
        peft_type: peft's name of its type.
        options: The fields of peft's configuration that may be set.
        fixed: Fields that make it this method.
        defaults: Defaults that are not peft's.
    """

    peft_type: str
    options: tuple[str, ...]
    fixed: Json = field(default_factory=dict)
    defaults: Json = field(default_factory=lambda: {"target_modules": ["query", "value"]})


_LORA = ("r", "lora_alpha", "lora_dropout", *_WHERE)
_LYCORIS = ("r", "alpha", "rank_dropout", "module_dropout", *_WHERE)
_VERA = ("r", "vera_dropout", "d_initial", "projection_prng_key", *_WHERE)
_IA3 = {"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]}

#: Those that work by injection alone, start as the bare model and let others act beside them. AdaLoRA needs a training
#: loop of its own, and HRA passes over all that other adapters do in its layers.
METHODS = {
    "lora": Method("LORA", (*_LORA, "lora_bias"), {"use_rslora": False, "use_dora": False}),
    "rslora": Method("LORA", (*_LORA, "lora_bias"), {"use_rslora": True, "use_dora": False}),
    "dora": Method("LORA", _LORA, {"use_rslora": False, "use_dora": True}),
    "ia3": Method("IA3", ("target_modules", "feedforward_modules"), defaults=_IA3),
    "loha": Method("LOHA", _LYCORIS),
    "lokr": Method("LOKR", (*_LYCORIS, "decompose_both", "decompose_factor")),
    # Its random projections are drawn from the key again; those of a file would be rounded.
    "vera": Method("VERA", _VERA, {"save_projection": False}),
    "oft": Method("OFT", ("r", "oft_block_size", "module_dropout", "coft", "eps", "block_share", *_WHERE)),
}


def parse_config(text: str) -> PeftConfig:
    """Read a configuration string, such as ``peft:lora[r=8]``.

    Raises:
        ValueError: If an option is unknown or has a value that peft does not take.
        XadaptError: If the method is unknown.
    """
    from adapters.utils import parse_adapter_config_string

    (name, options), *more = parse_adapter_config_string(text.removeprefix(PREFIX))
    if more:
        raise ValueError("methods of peft cannot be joined with |")
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    for option in options:
        if option not in METHODS[name].options:
            raise ValueError(f"peft:{name} has no option {option}, but {', '.join(METHODS[name].options)}")
    return _make_config(name, options)


def limit(config: PeftConfig, layers: list[int], depth: int) -> PeftConfig:
    """A configuration for some layers only.

    Args:
        config: The configuration.
        layers: The layers, in order.
        depth: Number of layers of the base.

    Raises:
        ValueError: If its method has no such option, or it names layers itself.
    """
    name = name_of(config)
    if "layers_to_transform" not in METHODS[name].options:
        able = ", ".join(f"peft:{name}" for name, method in METHODS.items() if "layers_to_transform" in method.options)
        raise ValueError(f"peft:{name} is in all layers always; {able} can be in some, and so can {name}")
    changed: Any = copy.deepcopy(config)
    if changed.layers_to_transform is not None:
        raise ValueError("it names its layers twice")
    changed.layers_to_transform = layers if len(layers) < depth else None
    return changed


def _make_config(name: str, options: Json) -> PeftConfig:
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    method = METHODS[name]
    # peft would rather have VeRA's projections stored.
    with quiet():
        config = PEFT_TYPE_TO_CONFIG_MAPPING[method.peft_type](**{**method.defaults, **options, **method.fixed})
    check_values(options, {field.name: field.default for field in fields(config)})
    targets = config.target_modules
    wrong = [targets] if isinstance(targets, str) else sorted(set(targets) - set(TARGETS))
    if wrong:
        raise ValueError(f"target_modules must be a list of some of {', '.join(TARGETS)}, not {wrong[0]!r}")
    return config


def fields_of(peft_type: str) -> Json:
    """The fields of peft's configuration for a type of method, with peft's defaults."""
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    with quiet():
        return as_json(PEFT_TYPE_TO_CONFIG_MAPPING[peft_type]())


def name_of(config: PeftConfig) -> str:
    """The name of a configuration's method.

    Raises:
        ValueError: If it is none of these methods, or has an option that these do not take.
    """
    for name, method in METHODS.items():
        if config.peft_type == method.peft_type and all(
            getattr(config, key) == value for key, value in method.fixed.items()
        ):
            same = _make_config(name, {option: getattr(config, option) for option in method.options}).to_dict()
            odd = [key for key, value in config.to_dict().items() if key not in _ABOUT and value != same.get(key)]
            if odd:
                raise ValueError(f"its {odd[0]} is none that peft:{name} takes here")
            return name
    raise ValueError(f"peft's {config.peft_type.value} with its options is none of {', '.join(METHODS)}")


def with_rank(config: PeftConfig, rank: int) -> PeftConfig:
    """The configuration of a LoRA of another rank whose product counts once."""
    changed: Any = copy.deepcopy(config)
    changed.r = changed.lora_alpha = rank
    changed.use_rslora = False
    return changed


def exact(config: PeftConfig) -> PeftConfig:
    """The configuration for injection, with a pattern of whole paths for its layers.

    By their ends alone, peft would also take modules of other adapters: one may be called ``value``. VeRA looks for
    plain layers only, which may lie within layers of other types.
    """
    changed: Any = copy.deepcopy(config)
    found = [linear for linear in LINEARS if any(f".{linear}".endswith(f".{end}") for end in config.target_modules)]
    layers = getattr(config, "layers_to_transform", None)
    if layers is not None:
        changed.layers_to_transform = None
    chosen = r"\d+" if layers is None else "|".join(map(str, [layers] if isinstance(layers, int) else layers))
    changed.target_modules = rf"encoder\.layer\.({chosen})\.({'|'.join(map(re.escape, found))})(\.base_layer)*"
    return changed


def as_json(config: PeftConfig) -> Json:
    """The fields of a configuration as JSON, sorted by name."""
    return {key: sorted(v) if isinstance(v, set) else v for key, v in sorted(config.to_dict().items())}
