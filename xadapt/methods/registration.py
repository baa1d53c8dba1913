"""A user's own adapter methods: registered with a decorator, found by their names.

.. code-block:: python

    @dataclass
    class ScaledConfig:
        size: int = 8


    @xadapt.adapter_method("scaled", config=ScaledConfig)
    class Scaled(torch.nn.Module):
        def __init__(self, config: ScaledConfig, width: int) -> None:
            super().__init__()
            self.down = torch.nn.Linear(width, config.size)
            self.up = torch.nn.Linear(config.size, width)
            torch.nn.init.zeros_(self.up.weight)
            torch.nn.init.zeros_(self.up.bias)

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden + self.up(self.down(hidden).relu())

The configuration string ``scaled[size=4]`` then trains it, and ``scaled[size=4]@6-`` in these layers alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from torch import nn

from xadapt.errors import XadaptError
from xadapt.plugins import load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xadapt.store.records import Json

Module = TypeVar("Module", bound=nn.Module)

#: What describes an adapter beside its options.
_RESERVED = {"library", "method", "version", "layers", "fixed"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_METHODS: dict[str, OwnMethod] = {}


@dataclass(frozen=True)
class OwnMethod:
    """A method that a user registered.

    Attributes:
        name: What it is called in a configuration string.
        config: The dataclass of its options, each of which is JSON and has a default.
        module: The class of one layer's part, made as ``module(config, width)``.
        tokenwise: Whether it maps each token by itself.
        version: The author's number of what the class computes.
    """

    name: str
    config: type
    module: type[nn.Module]
    tokenwise: bool
    version: int

    def configured(self, options: Mapping[str, Any]) -> Any:
        """The configuration with some options set.

        Raises:
            ValueError: If there is no such option, or its value is of another type.
        """
        names = [field.name for field in fields(self.config)]
        for option in options:
            if option not in names:
                raise ValueError(f"{self.name} has no option {option}, but {', '.join(names) or 'none at all'}")
        try:
            return TypeAdapter(self.config).validate_python(dict(options))
        except ValidationError as error:
            fault = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, fault['loc']))} of {self.name}: {fault['msg']}") from None

    def options(self, config: Any) -> Json:
        """All options of a configuration, as JSON."""
        found: Json = TypeAdapter(self.config).dump_python(config, mode="json")
        return found


def adapter_method(
    name: str, *, config: type, tokenwise: bool = False, version: int = 1
) -> Callable[[type[Module]], type[Module]]:
    """Register a class as an adapter method, which is then trained, stored and composed as all others are.

    The class is a ``torch.nn.Module``, made as ``cls(config, width)`` once for every layer that carries the adapter:
    with the configuration and the width of the base. Its ``forward(hidden)`` is given what the layer hands on,
    float, shape (batch, tokens, width), behind the residual connection and the layer norm that follow the feed-forward
    part and behind what adapters of the libraries change in the layer; padding is among the tokens. It returns what
    the next layer gets, of the same shape. In a stack, own methods act in the order of the stack. A fresh adapter
    should change nothing, or little: what is returned at first should be ``hidden``.

    What requires a gradient when the class has been made is trained, averaged and counted; its other parameters and
    persistent buffers are stored with it, and only adapters that are equal in them can be averaged.

    Args:
        name: What it is called, small letters, digits and underscores; no name of a library's method.
        config: The dataclass of its options: numbers, texts, truth values, lists of such; each with a default.
        tokenwise: Whether a token's result depends on this token alone. The last layer can then leave out tokens that
            nobody reads, which saves time; where it is not true, results change.
        version: To be raised when the class computes something else than before: the runs are then others, and
            checkpoints of the earlier version are refused.

    Raises:
        XadaptError: If the name is taken or cannot be used, or the class or its configuration is of another kind.
    """

    def register(module: type[Module]) -> type[Module]:
        _check(name, config, module)
        _METHODS[name] = OwnMethod(name, config, module, tokenwise, version)
        return module

    return register


def _check(name: str, config: type, module: type) -> None:
    from adapters.configuration import ADAPTER_CONFIG_MAP

    from xadapt.methods.peft_configs import METHODS

    where = f"adapter_method({name!r})"
    if not _NAME.fullmatch(name):
        raise XadaptError(f"{where}: write the name with small letters, digits and underscores")
    if name in ADAPTER_CONFIG_MAP or name in METHODS:
        raise XadaptError(f"{where}: a library has a method of this name already: choose another")
    before = _METHODS.get(name)
    # A cell of a notebook may be run again.
    if before and _called(before.module) != _called(module):
        raise XadaptError(f"{where}: {'.'.join(_called(before.module))} has this name already: choose another")
    if not (isinstance(module, type) and issubclass(module, nn.Module)):
        raise XadaptError(f"{where}: decorate a class that is a torch.nn.Module")
    if not (isinstance(config, type) and is_dataclass(config)):
        raise XadaptError(f"{where}: config must be a dataclass")
    taken = sorted({field.name for field in fields(config)} & _RESERVED)
    if taken:
        raise XadaptError(f"{where}: {taken[0]} means something else for every adapter: give the option another name")
    try:
        config()
    except TypeError as error:
        raise XadaptError(f"{where}: give every option of {config.__name__} a default ({error})") from None


def _called(module: type) -> tuple[str, str]:
    return module.__module__, module.__qualname__


def own_methods() -> Mapping[str, OwnMethod]:
    """All methods that are registered, by name, plugins' among them.

    Raises:
        XadaptError: If a plugin cannot be imported.
    """
    load_plugins()
    return _METHODS
