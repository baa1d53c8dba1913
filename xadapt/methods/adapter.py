"""One interface over adapter methods: those of the adapters library, LoRA-family methods of peft, and users' own.

A method is written as a configuration string: ``seq_bn[reduction_factor=8]``, ``lora[r=8]`` or ``unipelt`` for the
adapters library, ``peft:lora[r=8]`` for peft, ``scaled[size=4]`` for one that a user registered; with layers behind it,
``lora[r=8]@6-11``, it acts in these only.
Everywhere, ``model`` is an ``XLMRobertaAdapterModel``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adapters.composition import AdapterCompositionBlock, Stack
from safetensors import SafetensorError

from xadapt.errors import XadaptError, option, quoted, reason_of
from xadapt.methods import adapters_library, own_methods, peft_configs, peft_library
from xadapt.methods.layer_grammar import ALL, DEEPEST, layer_numbers, split_layers
from xadapt.store.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel
    from torch import Tensor, nn

    from xadapt.store.records import Json

_EXAMPLES = "seq_bn, double_seq_bn, par_bn, seq_bn[reduction_factor=16], lora[r=8], peft:lora[r=8], peft:dora, peft:ia3"
#: What the libraries raise on values that make no sense.
_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, KeyError, MemoryError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError),
)
#: Characters of a configuration string.
_LONGEST = 1000
#: What reading a stored adapter raises when it is broken or does not fit.
LOADING_ERRORS = (SafetensorError, *_ERRORS)


class _Library(Protocol):
    """What the modules of all three have in common."""

    def has_adapter(self, model: XLMRobertaAdapterModel, name: str) -> bool: ...
    def parse_config(self, text: str) -> Any: ...
    def limit(self, config: Any, layers: list[int], depth: int) -> Any: ...
    def config_of(self, model: XLMRobertaAdapterModel, name: str, rank: int | None = None) -> Any: ...
    def add(self, model: XLMRobertaAdapterModel, name: str, config: Any) -> None: ...
    def describe(self, model: XLMRobertaAdapterModel, name: str) -> Json: ...
    def state(self, model: XLMRobertaAdapterModel, name: str) -> dict[str, nn.Parameter]: ...
    def fixed_state(self, model: XLMRobertaAdapterModel, name: str) -> dict[str, Tensor]: ...
    def save(self, model: XLMRobertaAdapterModel, name: str, folder: Path) -> None: ...
    def load(
        self, model: XLMRobertaAdapterModel, folder: Path, name: str
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]: ...


def _library(model: XLMRobertaAdapterModel, name: str) -> _Library:
    for library in (own_methods, peft_library):
        if library.has_adapter(model, name):
            return library
    return adapters_library


def _library_of(method: str) -> _Library:
    if method.startswith(peft_configs.PREFIX):
        return peft_library
    return own_methods if own_methods.names_own_method(method) else adapters_library


def check_method(text: str, layers: int | None = None) -> None:
    """Check a configuration string.

    Args:
        text: The configuration string.
        layers: Number of layers of the base, None where it is not known.

    Raises:
        XadaptError: If there is no such method, an option of it makes no sense, or it cannot be used here, or not in
            these layers only.
    """
    _parse(text, DEEPEST if layers is None else layers)


def method_version(text: str) -> int:
    """Which version of the method in a configuration string is registered; 0 for a library's method."""
    method, _ = split_layers(text)
    return own_methods.version_of(method) if own_methods.names_own_method(method) else 0


def _parse(text: str, depth: int) -> tuple[_Library, Any]:
    """The library of a configuration string, and its configuration for a base with this many layers."""
    if len(text) > _LONGEST:
        raise _config_error(text, ValueError(f"it has {len(text):,} characters, {_LONGEST:,} at most"))
    method, layers = split_layers(text)
    numbers = layer_numbers(layers, depth)
    library = _library_of(method)
    try:
        config = library.parse_config(method)
        if layers != ALL:
            config = library.limit(config, numbers, depth)
    except (XadaptError, *_ERRORS) as error:
        raise _config_error(text, error) from None
    return library, config


def _config_error(text: str, error: Exception) -> XadaptError:
    return XadaptError(f"{option('adapter_config')} {quoted(text)}: {reason_of(error)} (examples: {_EXAMPLES})")


def add_adapter(model: XLMRobertaAdapterModel, name: str, text: str) -> None:
    """Add a fresh adapter that is not active.

    Args:
        model: The model.
        name: A name that no adapter has.
        text: Its configuration string.

    Raises:
        XadaptError: If the configuration is unknown, or its sizes or layers do not fit the base.
    """
    library, config = _parse(text, model.config.num_hidden_layers)
    _check_new(model, name)
    try:
        library.add(model, name, config)
    except _ERRORS as error:
        # The method exists, but not for sizes such as this base's.
        raise _config_error(text, error) from None
    state = adapter_state(model, name)
    if not state or not all(value.numel() for value in state.values()):
        raise _config_error(text, ValueError("nothing of it is in any layer of this base, or it is too small"))


def copy_method(model: XLMRobertaAdapterModel, source: str, name: str, rank: int | None = None) -> None:
    """Add a fresh adapter with the method and configuration of another.

    Args:
        model: The model.
        source: The other adapter.
        name: A name that no adapter has.
        rank: For LoRA, another rank; the product of its factors then counts once, however the other's is scaled.
    """
    _check_new(model, name)
    library = _library(model, source)
    library.add(model, name, library.config_of(model, source, rank))


def _check_new(model: XLMRobertaAdapterModel, name: str) -> None:
    if has_adapter(model, name):
        raise ValueError(f"the model has an adapter {name} already")


def has_adapter(model: XLMRobertaAdapterModel, name: str) -> bool:
    """Whether an adapter of any method has this name."""
    return any(library.has_adapter(model, name) for library in (adapters_library, peft_library, own_methods))


def method_of(model: XLMRobertaAdapterModel, name: str) -> Json:
    """What an adapter is, as JSON: equal for adapters that can be averaged in weight space, and for no others.

    Returns:
        ``library`` (``adapters``, ``peft`` or ``own``), ``method``, the fields of its configuration without those for
        how it starts, and where the method draws random parts that are never trained ``fixed``, their SHA-256.
    """
    return _library(model, name).describe(model, name)


def adapter_state(model: XLMRobertaAdapterModel, name: str) -> dict[str, nn.Parameter]:
    """The parameters of one adapter: exactly those that training changes.

    Returns:
        The model's own parameters by their path in the bare encoder, with ``*`` for the adapter's name. Heads are no
        part of it, whatever they are called.
    """
    return _library(model, name).state(model, name)


def fixed_state(model: XLMRobertaAdapterModel, name: str) -> dict[str, Tensor]:
    """What belongs to an adapter and is never trained, such as VeRA's random projections; by path as its parameters."""
    return _library(model, name).fixed_state(model, name)


def save_adapter(model: XLMRobertaAdapterModel, name: str, folder: Path) -> None:
    """Write an adapter, without a head, in safetensors.

    Args:
        model: The model.
        name: The adapter.
        folder: Where to; a folder that is there is replaced. It gets AdapterHub's layout, or for a method of peft
            peft's own, which plain peft loads on an ``AutoModel`` of the base; one of a user's method is for xadapt.
    """
    _library(model, name).save(model, name, folder)


def load_adapter(model: XLMRobertaAdapterModel, folder: Path, name: str) -> None:
    """Add a stored adapter; it is not active.

    Args:
        model: The model.
        folder: What :func:`save_adapter` wrote, or AdapterHub's or peft's own tools, in safetensors.
        name: A name that no adapter has; it may have been stored under another.

    Raises:
        XadaptError: If the folder is not a whole adapter for this base, or of a method that is not registered.
    """
    try:
        read_adapter(model, folder, name)
    except LOADING_ERRORS as error:
        raise XadaptError(f"adapter {folder} does not load ({reason_of(error)}): train it again") from None


def read_adapter(model: XLMRobertaAdapterModel, folder: Path, name: str) -> None:
    """Do as :func:`load_adapter` does, for a caller with more to say about what is wrong.

    Raises:
        XadaptError: If the adapter is of a method that is not registered.
        Exception: One of ``LOADING_ERRORS``, if the folder is not a whole adapter for this base.
    """
    _check_new(model, name)
    config = read_json(folder / peft_library.CONFIG)
    library: _Library = adapters_library
    if own_methods.KEY in config:
        library = own_methods
    elif "peft_type" in config:
        library = peft_library
    own, stored = library.load(model, folder, name)
    _fill(own, stored)


def _fill(own: dict[str, Tensor], stored: dict[str, Tensor]) -> None:
    odd = sorted(own.keys() ^ stored.keys())
    if odd:
        raise ValueError(f"{odd[0]} is {'missing' if odd[0] in own else 'no part of its method'}")
    for key, value in own.items():
        # Copying would stretch what is smaller.
        if value.shape != stored[key].shape:
            raise ValueError(f"{key} has shape {tuple(stored[key].shape)} and not {tuple(value.shape)}")
        value.detach().copy_(stored[key])


def activate(model: XLMRobertaAdapterModel, block: str | AdapterCompositionBlock | None) -> None:
    """Make a composition the active one; what is trainable stays so.

    Args:
        model: The model.
        block: None, an adapter, or ``Stack`` and ``Fuse`` of adapters. Those of peft act in the linear layers wherever
            they are in a stack, and add up; those of users' own methods act at the end of a layer, in order.

    Raises:
        XadaptError: If the libraries cannot compose these adapters, or would leave one of them out without a word.
    """
    injected: list[str] = []
    own: list[str] = []
    block = _library_part(model, block, injected, own)
    adapters_library.check_composition(model, block)
    model.set_active_adapters(block)
    peft_library.set_active(model, injected)
    own_methods.set_active(model, own)


def _library_part(model: XLMRobertaAdapterModel, block: Any, injected: list[str], own: list[str]) -> Any:
    """What of a composition the adapters library composes; the names of the others are appended."""
    if isinstance(block, str):
        for library, names in ((peft_library, injected), (own_methods, own)):
            if library.has_adapter(model, block):
                names.append(block)
                return None
    if not isinstance(block, Stack):
        return block
    children = [_library_part(model, child, injected, own) for child in block.children]
    left = [child for child in children if child is not None]
    return Stack(*left) if len(left) > 1 else next(iter(left), None)
