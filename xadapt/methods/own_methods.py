"""Methods that users register, as a library like the other two: parts behind the layers of an encoder.

Written as their names with their options, ``scaled[size=4]``; see :mod:`xadapt.methods.registration`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from xadapt.errors import XadaptError
from xadapt.methods.digest import tensor_digest
from xadapt.methods.registration import OwnMethod, own_methods
from xadapt.store.files import atomic_folder
from xadapt.store.records import Json, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel

CONFIG, WEIGHTS = "adapter_config.json", "adapter.safetensors"
#: The key of a stored configuration that marks it as one of these.
KEY = "own_method"
_HOLDER = "own_adapters"


class StoredConfig(Record):
    """What is stored of how an adapter was made.

    Attributes:
        own_method: The name of its method.
        version: The version of that.
        options: All of its options.
        layers: The layers that carry it, None for all.
    """

    WHAT: ClassVar[tuple[str, str]] = ("the configuration of an adapter", "restore it or train it again")

    own_method: str
    version: int
    options: Json = Field(default_factory=dict)
    layers: list[int] | None = None


@dataclass(frozen=True)
class OwnConfig:
    """How an adapter of a user's method is made.

    Attributes:
        method: The method.
        config: Its options, an object of the user's dataclass.
        layers: The layers that carry it, None for all.
    """

    method: OwnMethod
    config: Any
    layers: tuple[int, ...] | None = None


class OwnAdapters(nn.ModuleDict):
    """The parts that adapters of users' methods have behind one layer, by adapter; the active ones act in order."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self._active: list[str] = []
        self._configs: dict[str, OwnConfig] = {}
        self._trained: dict[str, frozenset[str]] = {}

    def put(self, name: str, part: nn.Module, config: OwnConfig) -> None:
        """Add a part that does not act yet."""
        self[name] = part
        self._configs[name] = config
        self._trained[name] = frozenset(key for key, value in part.named_parameters() if value.requires_grad)

    def act(self, _: nn.Module, given: tuple[Any, ...], hidden: Tensor) -> Tensor:
        """A forward hook of what ends the layer."""
        for name in self._active:
            if name in self:
                changed = self[name](hidden)
                if not isinstance(changed, Tensor) or changed.shape != hidden.shape:
                    found = tuple(changed.shape) if isinstance(changed, Tensor) else type(changed).__name__
                    method = self._configs[name].method.name
                    raise XadaptError(
                        f"the adapter method {method} makes {found} of hidden states of shape {tuple(hidden.shape)}: "
                        "its forward must return a tensor of the shape that it is given"
                    )
                hidden = changed.to(hidden.dtype)
        return hidden


def names_own_method(text: str) -> bool:
    """Whether a configuration string names a user's method."""
    return any(part.partition("[")[0].strip() in own_methods() for part in text.split("|"))


def parse_config(text: str) -> OwnConfig:
    """Read a configuration string, such as ``scaled[size=4]``.

    Raises:
        ValueError: If an option is unknown or has a value of another type, or there is more than one method.
    """
    from adapters.utils import parse_adapter_config_string

    (name, options), *more = parse_adapter_config_string(text)
    if more:
        raise ValueError("a method of your own cannot be joined with |")
    method = own_methods()[name]
    return OwnConfig(method, method.configured(options))


def version_of(text: str) -> int:
    """The version of the method in a configuration string."""
    return parse_config(text).method.version


def limit(config: OwnConfig, layers: list[int], depth: int) -> OwnConfig:
    """A configuration for some layers of a base that has ``depth`` of them."""
    return replace(config, layers=tuple(layers) if len(layers) < depth else None)


def _holders(model: XLMRobertaAdapterModel) -> Iterator[tuple[str, OwnAdapters]]:
    for index, layer in model.iter_layers():
        holder = getattr(layer.output, _HOLDER, None)
        if holder is not None:
            yield f"encoder.layer.{index}.output.{_HOLDER}", holder


def _parts(model: XLMRobertaAdapterModel, name: str) -> Iterator[tuple[str, OwnAdapters, nn.Module]]:
    for path, holder in _holders(model):
        if name in holder:
            yield f"{path}.*", holder, holder[name]


def has_adapter(model: XLMRobertaAdapterModel, name: str) -> bool:
    """Whether an adapter of a user's method has this name."""
    return any(True for _ in _parts(model, name))


def config_of(model: XLMRobertaAdapterModel, name: str, rank: int | None = None) -> OwnConfig:
    """An adapter's configuration; no such method has a rank that could be another."""
    _, holder, _ = next(_parts(model, name))
    return holder._configs[name]


def describe(model: XLMRobertaAdapterModel, name: str) -> Json:
    """The method of an adapter, its options and a digest of what is not trained, as JSON."""
    found = config_of(model, name)
    method = found.method
    layers = None if found.layers is None else list(found.layers)
    described = {"library": "own", "method": method.name, "version": method.version, "layers": layers}
    fixed = fixed_state(model, name)
    if fixed:
        described["fixed"] = tensor_digest(fixed)
    return {**described, **method.options(found.config)}


def add(model: XLMRobertaAdapterModel, name: str, config: OwnConfig) -> None:
    """Add a fresh adapter that is not active.

    Raises:
        ValueError: If the method has none of its layers in the base; the user's class raises what it will.
    """
    made = {
        index: (layer, config.method.module(config.config, model.config.hidden_size))
        for index, layer in model.iter_layers()
        if config.layers is None or index in config.layers
    }
    for layer, part in made.values():
        norm = layer.output.LayerNorm.weight
        _holder(layer.output).put(name, part.to(norm.device, norm.dtype).train(model.training), config)


def _holder(output: Any) -> OwnAdapters:
    if not hasattr(output, _HOLDER):
        holder = OwnAdapters()
        setattr(output, _HOLDER, holder)
        output.register_forward_hook(holder.act)
    found: OwnAdapters = getattr(output, _HOLDER)
    return found


def set_active(model: XLMRobertaAdapterModel, names: list[str]) -> None:
    """Let these adapters of users' methods act, in this order, and no others."""
    for _, holder in _holders(model):
        holder._active = list(names)


def acting(model: XLMRobertaAdapterModel) -> list[str]:
    """The paths of the layers' parts in which an active adapter acts."""
    return [path for path, holder in _holders(model) if any(name in holder for name in holder._active)]


def is_tokenwise(model: XLMRobertaAdapterModel) -> bool:
    """Whether all of users' methods that act map each token by itself."""
    return all(
        holder._configs[name].method.tokenwise
        for _, holder in _holders(model)
        for name in holder._active
        if name in holder
    )


def state(model: XLMRobertaAdapterModel, name: str) -> dict[str, nn.Parameter]:
    """The parameters of an adapter that are trained, by path in the bare encoder with ``*`` for the adapter's name."""
    return {
        f"{path}.{key}": value
        for path, holder, part in _parts(model, name)
        for key, value in part.named_parameters()
        if key in holder._trained[name]
    }


def fixed_state(model: XLMRobertaAdapterModel, name: str) -> dict[str, Tensor]:
    """Parameters that are never trained, and persistent buffers, by path as the others."""
    return {
        f"{path}.{key}": value
        for path, holder, part in _parts(model, name)
        for key, value in part.state_dict(keep_vars=True).items()
        if key not in holder._trained[name] and isinstance(value, Tensor)
    }


def save(model: XLMRobertaAdapterModel, name: str, folder: Path) -> None:
    """Write an adapter: its method with all options, and its tensors."""
    found = config_of(model, name)
    method = found.method
    layers = None if found.layers is None else list(found.layers)
    stored = StoredConfig(
        own_method=method.name, version=method.version, options=method.options(found.config), layers=layers
    )
    weights = {_file_key(key): value.detach().contiguous() for key, value in _tensors(model, name).items()}
    with atomic_folder(folder) as temporary:
        stored.write(temporary / CONFIG)
        save_file(weights, temporary / WEIGHTS)


def _tensors(model: XLMRobertaAdapterModel, name: str) -> dict[str, Tensor]:
    return {**state(model, name), **fixed_state(model, name)}


def _file_key(key: str) -> str:
    return key.replace(f".{_HOLDER}.*.", f".{_HOLDER}.")


def load(model: XLMRobertaAdapterModel, folder: Path, name: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Add a stored adapter, its weights still fresh.

    Returns:
        Its tensors and the stored ones, both by the names that they have in the file.

    Raises:
        XadaptError: If its method is not registered, or in another version.
        ValueError: If its options are none of the method's.
    """
    config = StoredConfig.read(folder / CONFIG)
    method = own_methods().get(config.own_method)
    if method is None:
        raise XadaptError(
            f"adapter {folder} is of the method {config.own_method!r}, which is not registered: name the module that "
            f"has its @xadapt.adapter_method({config.own_method!r}) in $XADAPT_PLUGINS, or import it first"
        )
    if method.version != config.version:
        raise XadaptError(
            f"adapter {folder} was trained with version {config.version} of the method {method.name}, and version "
            f"{method.version} is registered: register that version or train it again"
        )
    layers = None if config.layers is None else tuple(config.layers)
    if layers is not None and not set(layers) <= set(range(model.config.num_hidden_layers)):
        raise ValueError(f"it is in layers {', '.join(map(str, layers))}")
    stored = load_file(folder / WEIGHTS)
    add(model, name, OwnConfig(method, method.configured(config.options), layers))
    return {_file_key(key): value for key, value in _tensors(model, name).items()}, stored
