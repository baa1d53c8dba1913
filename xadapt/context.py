"""What every run works with: base, rows, store, tasks, hardware, seed and display."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from xadapt.bases import DEFAULT_BASE, base_name
from xadapt.data.own_tasks import known_tasks
from xadapt.data.source import open_source
from xadapt.display import Display, make_display
from xadapt.errors import XadaptError, option
from xadapt.store.store import Store
from xadapt.tasks.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from xadapt.backbone.base import Backbone
    from xadapt.data.source import Source
    from xadapt.store.checkpoints import Checkpoint


@dataclass(frozen=True)
class Context:
    """What runs share; base and hardware are looked up when they are first used.

    Attributes:
        source: Where rows come from.
        store: Where checkpoints are found, and checkpoints and results go.
        base: Name of the base.
        tasks: The tasks by name.
        seed: Seed of initialisation and batch order; its checkpoints are preferred.
        device_name: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision_name: ``auto``, ``fp32`` or ``bf16``.
        display: Where progress is shown.
        pins: Checkpoints that must be used for an expression, whatever else the store holds.
    """

    source: Source
    store: Store
    base: str = DEFAULT_BASE
    tasks: Catalogue = field(default_factory=Catalogue)
    seed: int = 42
    device_name: str = "auto"
    precision_name: str = "auto"
    display: Display = field(default_factory=Display)
    pins: Mapping[str, Checkpoint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the seed, which what draws at random would refuse in the middle of a run."""
        if not 0 <= self.seed < 2**32:
            raise XadaptError(f"{option('seed', self.seed)}: use a whole number from 0 to {2**32 - 1}")

    @cached_property
    def backbone(self) -> Backbone:
        """The frozen base.

        Raises:
            XadaptError: If it is not there, is damaged or is not an XLM-R.
        """
        from xadapt.backbone.base import load_backbone

        return load_backbone(self.base)

    @property
    def base_name(self) -> str:
        """The base's name as records have it; the base need not be there."""
        return base_name(self.base)

    @cached_property
    def device(self) -> torch.device:
        """Where models run.

        Raises:
            XadaptError: If the device is unknown or not on this machine.
        """
        from xadapt.backbone.hardware import pick_device

        return pick_device(self.device_name)

    @cached_property
    def precision(self) -> str:
        """``fp32`` or ``bf16``.

        Raises:
            XadaptError: If it is neither of them nor ``auto``.
        """
        from xadapt.backbone.hardware import pick_precision

        return pick_precision(self.precision_name, self.device)

    def pinned(self, pins: Mapping[str, Checkpoint]) -> Context:
        """The same, with checkpoints that must be used for some expressions beside those of before."""
        return replace(self, pins={**self.pins, **pins})

    def seeded(self, seed: int) -> Context:
        """The same with another seed."""
        return self if seed == self.seed else replace(self, seed=seed)

    def titled(self, title: str) -> Context:
        """The same, with a title for what runs next."""
        return replace(self, display=self.display.titled(title))

    def uses(self, checkpoint: Checkpoint) -> None:
        """Show which checkpoint is being used."""
        self.display.say(f"uses {checkpoint.describe()}")


def open_context(
    base: str | None,
    data: str | None,
    store: Store | Path | str | None,
    *,
    seed: int = 42,
    device: str = "auto",
    precision: str = "auto",
    display: bool | Display = True,
    cache_size: str | None = None,
) -> Context:
    """Open store and rows; the arguments are those of :class:`xadapt.Session`.

    Raises:
        XadaptError: If the data source or the store is wrong, a task of the user's in it was damaged, or the size of a
            cache is given for a store that has one.
    """
    if isinstance(store, Store) and cache_size is not None:
        raise XadaptError(
            f"{option('cache_size', cache_size)}: this store has its own; give the size to Store, or name the folder"
        )
    opened = store if isinstance(store, Store) else Store(store, cache_size=cache_size)
    shown = make_display(display)
    opened.left_out.say = shown.say
    source, tasks = open_source(data, shown.say), known_tasks(opened)
    return Context(source, opened, base or DEFAULT_BASE, tasks, seed, device, precision, shown)
