"""The session itself: how one is opened, what it holds, and its verbs, which are written in the files beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from xadapt.context import Context, open_context
from xadapt.data.own_tasks import open_task
from xadapt.session import exchange, keeping, measuring, recipes, training
from xadapt.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from typing_extensions import Unpack

    from xadapt.backbone.base import Backbone
    from xadapt.data.source import Source
    from xadapt.display import Display
    from xadapt.info import Info
    from xadapt.tasks import Task
    from xadapt.tasks.catalogue import Catalogue


class SessionOptions(TypedDict, total=False):
    """The arguments of :class:`Session`, by name."""

    base: str | None
    data: str | None
    store: Store | Path | str | None
    seed: int
    device: str
    precision: str
    display: bool | Display
    cache_size: str | None


@dataclass(frozen=True)
class Given:
    """What a user gave, None where a recipe may choose.

    Attributes:
        base: The base.
        data: The data source.
    """

    base: str | None
    data: str | None


class Session:
    """Everything that the command line does, from Python.

    >>> import xadapt
    >>> lab = xadapt.Session(data="bundled", store="runs", display=False)
    >>> result = lab.evaluate("lingnli", "xnli", languages=["de", "sw"], limit=4)
    >>> list(result.languages), result["de"].n
    (['de', 'sw'], 4)

    A session cannot be changed; :meth:`replace` makes another one. Base and hardware are looked at when they are first
    needed.
    """

    _context: Context
    _given: Given

    def __init__(
        self,
        base: str | None = None,
        data: str | None = None,
        store: Store | Path | str | None = None,
        *,
        seed: int = 42,
        device: str = "auto",
        precision: str = "auto",
        display: bool | Display = True,
        cache_size: str | None = None,
    ) -> None:
        """Open a session.

        Args:
            base: ``e5-small``, which is the default, a hub id or a folder of an XLM-R checkpoint.
            data: ``hub``, ``bundled`` or the folder of a mirror; None for ``$XADAPT_DATA``, else the hub.
            store: The store or its folder; None for ``$XADAPT_STORE``, else ``xadapt-store``.
            seed: Seed of initialisation and batch order; its checkpoints are preferred.
            device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
            precision: ``auto``, ``fp32`` or ``bf16``.
            display: Whether progress is shown, or a display of your own.
            cache_size: Disk for what setups, and the layers below all adapters, made of texts, such as ``8GB``; None
                for ``$XADAPT_CACHE_SIZE``, else ``8GB``. Not together with a :class:`~xadapt.store.store.Store`, which
                has its own.

        Raises:
            XadaptError: If the data source or the store is wrong, or a task of yours in it was damaged.
        """
        context = open_context(
            base,
            data,
            store,
            seed=seed,
            device=device,
            precision=precision,
            display=display,
            cache_size=cache_size,
        )
        self._hold(context, Given(base, data))

    @classmethod
    def of(cls, context: Context) -> Session:
        """A session on a context that is there already."""
        made = cls.__new__(cls)
        made._hold(context, Given(context.base, context.source.name))
        return made

    def _hold(self, context: Context, given: Given) -> None:
        object.__setattr__(self, "_context", context)
        object.__setattr__(self, "_given", given)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a session cannot be changed: make another one with replace({name}=...)")

    def __repr__(self) -> str:
        return (
            f"Session(base={self._context.base!r}, data={self.source.name!r}, store={str(self.store.root)!r}, "
            f"seed={self.seed})"
        )

    def replace(self, **changes: Unpack[SessionOptions]) -> Session:
        """The same with some arguments of :class:`Session` changed, such as ``seed=43``."""
        context = self._context
        if "cache_size" in changes and "store" not in changes:
            changes["store"] = Store(context.store.root, context.store.shipped, changes.pop("cache_size"))
        same: SessionOptions = {
            "base": self._given.base,
            "store": context.store,
            "seed": context.seed,
            "device": context.device_name,
            "precision": context.precision_name,
            "display": context.display,
        }
        same.update(changes)
        if "data" in changes:
            return Session(**same)
        # Rows that were read need not be read again.
        same["data"] = "bundled"
        other = Session(**same)
        made = Session.of(replace(other.context, source=context.source, pins=context.pins))
        made._hold(made.context, Given(other.given.base, self._given.data))
        return made

    @property
    def context(self) -> Context:
        """What runs of this session share."""
        return self._context

    @property
    def given(self) -> Given:
        """Base and data as they were given, None where a recipe may choose."""
        return self._given

    @property
    def backbone(self) -> Backbone:
        """The frozen base."""
        return self._context.backbone

    @property
    def source(self) -> Source:
        """Where rows come from."""
        return self._context.source

    @property
    def store(self) -> Store:
        """Where checkpoints and results are."""
        return self._context.store

    @property
    def tasks(self) -> Catalogue:
        """The tasks that are known: those of xadapt and your own."""
        return self._context.tasks

    @property
    def seed(self) -> int:
        """Seed of initialisation and batch order."""
        return self._context.seed

    @property
    def device(self) -> torch.device:
        """Where models run."""
        return self._context.device

    @property
    def precision(self) -> str:
        """``fp32`` or ``bf16``."""
        return self._context.precision

    @property
    def display(self) -> Display:
        """How progress is shown."""
        return self._context.display

    def task(self, name: str) -> Task:
        """A task by its name, or by the YAML file that declares it, which is kept in the store from then on.

        Raises:
            XadaptError: If there is none, or its declaration or a row is wrong.
        """
        return open_task(name, self.store, self.tasks, self.display.say)

    def info(self) -> Info:
        """Versions, revisions of the kinds of run, hardware, base, and the adapters that are there."""
        from xadapt.info import collect_info

        return collect_info(self._context)

    # Each is a function whose first argument is the session.

    train = training.train
    train_each = training.train_each
    fuse = training.fuse
    gate = training.gate
    multitask = training.multitask
    soup = training.soup
    ensemble = training.ensemble
    distill = training.distill

    evaluate = measuring.evaluate
    evaluate_suite = measuring.evaluate_suite
    submit = measuring.submit
    load = measuring.load
    predict = measuring.predict
    predict_file = measuring.predict_file
    explain = measuring.explain

    recipe = recipes.recipe
    run = recipes.run
    plan = recipes.plan
    prospects = recipes.prospects
    report = recipes.report

    export = exchange.export
    import_adapter = exchange.import_adapter
    push = exchange.push
    pull = exchange.pull

    check_store = keeping.check_store
    repair_store = keeping.repair_store
    stored = keeping.stored
    store_size = keeping.store_size
    removal = keeping.removal
