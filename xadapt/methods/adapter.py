"""One interface over adapter methods, those of the adapters library and LoRA-family methods of peft.

A method is written as a configuration string: ``seq_bn[reduction_factor=8]``, ``lora[r=8]`` or ``unipelt`` for the
adapters library, ``peft:lora[r=8]`` for peft; with layers behind it, ``lora[r=8]@6-11``, it acts in these only.
Everywhere, ``model`` is an ``XLMRobertaAdapterModel``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.composition import AdapterCompositionBlock, Stack
from safetensors import SafetensorError
from torch import Tensor, nn

from xadapt.errors import XadaptError, option
from xadapt.methods import adapters_library, peft_configs, peft_library
from xadapt.methods.layer_grammar import ALL, DEEPEST, layer_numbers, split_layers
from xadapt.store.files import read_json

_EXAMPLES = "seq_bn, double_seq_bn, par_bn, seq_bn[reduction_factor=16], lora[r=8], peft:lora[r=8], peft:dora, peft:ia3"
#: What the libraries raise on values that make no sense.
_ERRORS = (ArithmeticError, AssertionError, AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)


def _library(model: Any, name: str) -> Any:
    return peft_library if peft_library.has_adapter(model, name) else adapters_library


def check_method(text: str) -> None:
    """Check a configuration string.

    Raises:
        XadaptError: If neither library knows it, or it cannot be used here, or not in some layers only.
    """
    _parse(text, DEEPEST)


def _parse(text: str, depth: int) -> tuple[Any, Any]:
    """The library of a configuration string, and the configuration for a base of so many layers."""
    method, layers = split_layers(text)
    numbers = layer_numbers(layers, depth)
    injected = method.startswith(peft_configs.PREFIX)
    library: Any = peft_configs if injected else adapters_library
    try:
        config = library.parse_config(method)
        if layers != ALL:
            config = library.limit(config, numbers, depth)
    except (XadaptError, *_ERRORS) as error:
        raise _config_error(text, error) from None
    return peft_library if injected else adapters_library, config


def _config_error(text: str, error: Exception) -> XadaptError:
    return XadaptError(f"{option('adapter_config')} {text!r}: {_reason(error)} (examples: {_EXAMPLES})")


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def add_adapter(model: Any, name: str, text: str) -> None:
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


def copy_method(model: Any, source: str, name: str, rank: int | None = None) -> None:
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


def _check_new(model: Any, name: str) -> None:
    if has_adapter(model, name):
        raise ValueError(f"the model has an adapter {name} already")


def has_adapter(model: Any, name: str) -> bool:
    """Whether an adapter of either library has this name."""
    return adapters_library.has_adapter(model, name) or peft_library.has_adapter(model, name)


def method_of(model: Any, name: str) -> dict[str, Any]:
    """What an adapter is, as JSON: equal for adapters that can be averaged in weight space, and for no others.

    Returns:
        ``library`` (``adapters`` or ``peft``), ``method``, the fields of its configuration, without those that only say
        how it starts, and where the method draws random parts that are never trained ``fixed``, their SHA-256.
    """
    description: dict[str, Any] = _library(model, name).describe(model, name)
    return description


def adapter_state(model: Any, name: str) -> dict[str, nn.Parameter]:
    """The parameters of one adapter: exactly those that training changes.

    Returns:
        The model's own parameters by their path in the bare encoder, with ``*`` for the adapter's name. Heads are no
        part of it, whatever they are called.
    """
    parameters: dict[str, nn.Parameter] = _library(model, name).state(model, name)
    return parameters


def fixed_state(model: Any, name: str) -> dict[str, Tensor]:
    """What belongs to an adapter and is never trained, such as VeRA's random projections; by path as its parameters."""
    fixed: dict[str, Tensor] = _library(model, name).fixed_state(model, name)
    return fixed


def save_adapter(model: Any, name: str, folder: Path) -> None:
    """Write an adapter, without a head, in safetensors.

    Args:
        model: The model.
        name: The adapter.
        folder: Where to; a folder that is there is replaced. It gets AdapterHub's layout, or for a method of peft
            peft's own, which plain peft loads on an ``AutoModel`` of the base.
    """
    _library(model, name).save(model, name, folder)


def load_adapter(model: Any, folder: Path, name: str) -> None:
    """Add a stored adapter of either library; it is not active.

    Args:
        model: The model.
        folder: An adapter in the layout of AdapterHub or peft, in safetensors.
        name: A name that no adapter has; it may have been stored under another.

    Raises:
        XadaptError: If the folder is not a whole adapter for this base.
    """
    _check_new(model, name)
    library: Any = peft_library if "peft_type" in read_json(folder / peft_library.CONFIG) else adapters_library
    try:
        own, stored = library.load(model, folder, name)
        _fill(own, stored)
    except (SafetensorError, *_ERRORS) as error:
        raise XadaptError(f"adapter {folder} does not load ({_reason(error)}): train it again") from None


def _fill(own: dict[str, Any], stored: dict[str, Tensor]) -> None:
    odd = sorted(own.keys() ^ stored.keys())
    if odd:
        raise ValueError(f"{odd[0]} is {'missing' if odd[0] in own else 'no part of its method'}")
    for key, value in own.items():
        # Copying would stretch what is smaller.
        if value.shape != stored[key].shape:
            raise ValueError(f"{key} has shape {tuple(stored[key].shape)} and not {tuple(value.shape)}")
        value.detach().copy_(stored[key])


def activate(model: Any, block: str | AdapterCompositionBlock | None) -> None:
    """Make a composition the active one; what is trainable stays so.

    Args:
        model: The model.
        block: None, an adapter, or ``Stack`` and ``Fuse`` of adapters. Those of peft act in the linear layers wherever
            they stand in a stack, and add up.

    Raises:
        XadaptError: If the libraries cannot compose these adapters, or would leave one of them out without a word.
    """
    injected: list[str] = []
    block = _library_part(model, block, injected)
    adapters_library.check_composition(model, block)
    model.set_active_adapters(block)
    peft_library.set_active(model, injected)


def _library_part(model: Any, block: Any, injected: list[str]) -> Any:
    """What of a composition the adapters library composes; the names of the others are appended."""
    if isinstance(block, str) and peft_library.has_adapter(model, block):
        injected.append(block)
        return None
    if not isinstance(block, Stack):
        return block
    children = [_library_part(model, child, injected) for child in block.children]
    left = [child for child in children if child is not None]
    return Stack(*left) if len(left) > 1 else next(iter(left), None)
