"""Options that commands share, written once: a decorator opens the session that they describe."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

from xadapt.cli import options as o

if TYPE_CHECKING:
    from xadapt.session import Session, SessionOptions

Command = Callable[..., None]


def _session_options(
    base: o.Base = None,
    data: o.Data = None,
    store: o.StoreFolder = None,
    cache_size: o.CacheSize = None,
    seed: o.Seed = 42,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
) -> None: ...


def _training_options(
    epochs: o.Epochs = None,
    lr: o.LearningRate = None,
    batch_size: o.BatchSize = None,
    limit: o.Limit = None,
    dev_limit: o.DevLimit = None,
    max_length: o.MaxLength = None,
    report_to: o.ReportTo = None,
) -> None: ...


#: All options that make a session.
EVERY = tuple(inspect.signature(_session_options).parameters)


def with_session(*names: str) -> Callable[[Command], Command]:
    """Give a command, whose first parameter is ``lab``, options that make a session, and the session.

    Args:
        names: The options, those of :data:`EVERY` when none are named.
    """

    def decorate(command: Command) -> Command:
        shared = [p for p in _parameters(_session_options) if p.name in (names or EVERY)]

        @wraps(command)
        def opened(**values: Any) -> None:
            command(_open(_taken(shared, values)), **values)

        return _signed(opened, command, shared, ("lab",))

    return decorate


def training_options(command: Command) -> Command:
    """Give a command, whose first parameters are ``lab`` and ``settings``, the options that all trainings share."""
    making, settings = _parameters(_session_options), _parameters(_training_options)

    @wraps(command)
    def opened(**values: Any) -> None:
        lab = _open(_taken(making, values))
        command(lab, _taken(settings, values), **values)

    return _signed(opened, command, [*making, *settings], ("lab", "settings"))


def _taken(parameters: list[inspect.Parameter], values: o.Settings) -> Any:
    return {parameter.name: values.pop(parameter.name) for parameter in parameters}


def _open(options: SessionOptions) -> Session:
    from xadapt.session import Session

    return Session(**options)


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [p.replace(annotation=hints[p.name]) for p in inspect.signature(function).parameters.values()]


def _signed(wrapper: Command, command: Command, shared: list[inspect.Parameter], first: tuple[str, ...]) -> Command:
    """Show a wrapper to Typer with the command's own parameters and the shared ones behind them."""
    hints = get_type_hints(command, include_extras=True, localns={"Session": object})
    own = [
        p.replace(annotation=hints[p.name])
        for p in inspect.signature(command).parameters.values()
        if p.name not in first
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper
