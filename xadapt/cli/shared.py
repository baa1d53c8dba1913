"""Options that every training command has, written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

from xadapt.cli import options as o

if TYPE_CHECKING:
    from xadapt.store.store import Store


@dataclass(frozen=True)
class Given:
    """What a training command was given beside its own arguments.

    Attributes:
        base: The base.
        data: The data source.
        place: The store, which knows the user's own tasks.
        as_json: Whether the result goes to programs.
        settings: Training settings; None where they were left open.
    """

    base: str
    data: str | None
    place: Store
    as_json: bool
    settings: dict[str, Any]


def _options(
    base: o.Base = "e5-small",
    data: o.Data = None,
    store: o.StoreFolder = None,
    cache_size: o.CacheSize = None,
    seed: o.Seed = 42,
    epochs: o.Epochs = None,
    lr: o.LearningRate = None,
    batch_size: o.BatchSize = None,
    limit: o.Limit = None,
    dev_limit: o.DevLimit = None,
    max_length: o.MaxLength = None,
    precision: o.Precision = "auto",
    device: o.Device = "auto",
    report_to: o.ReportTo = None,
    as_json: o.Json = False,
) -> None: ...


_OUTSIDE = ("base", "data", "store", "cache_size", "as_json")


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is ``given``, the options that all trainings share."""
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "given"]
    shared = list(inspect.signature(_options).parameters.values())
    hints = {**get_type_hints(command, include_extras=True), **get_type_hints(_options, include_extras=True)}

    @wraps(command)
    def with_options(**values: Any) -> None:
        from xadapt.data.own_tasks import open_store

        settings = {p.name: values.pop(p.name) for p in shared if p.name not in _OUTSIDE}
        base, data, store, cache_size, as_json = (values.pop(name) for name in _OUTSIDE)
        command(Given(base, data, open_store(store, cache_size), as_json, settings), **values)

    parameters = [p.replace(annotation=hints[p.name], kind=p.KEYWORD_ONLY) for p in (*own, *shared)]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options
