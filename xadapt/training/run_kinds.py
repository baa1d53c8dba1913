"""The kinds of run that train something: each is declared in a file of its own, with its revision and its trainer."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from xadapt.errors import unknown
from xadapt.plugins import load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable

    from xadapt.problems.base import Defaults
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job
    from xadapt.training.plan import TrainPlan


@dataclass(frozen=True)
class RunKind:
    """A kind of run.

    Attributes:
        name: Its name, in plans and records.
        revision: Raised by hand whenever the same settings come to give other numbers; a part of a run's hash.
        train: Carries a job's plan out and stores what it makes.
        defaults: Settings that the user left open; None for those of the problem.
        learns: Whether it reads training rows, not dev rows alone.
        settings: Settings that hold for this kind alone.
        tries: How often a run learns from its rows anew, of which the best is kept.
        check: Refuses plans that it cannot carry out.
        asks: Whether its members must answer the task already, by a head of theirs.
        label: What people call what it makes; empty for its name.
    """

    name: str
    revision: int
    train: Callable[[Job], Checkpoint]
    defaults: Defaults | None = None
    learns: bool = True
    settings: tuple[str, ...] = ()
    tries: int = 1
    check: Callable[[TrainPlan], None] = lambda plan: None
    asks: bool = False
    label: str = ""


_KINDS: dict[str, RunKind] = {}
#: The files of the kinds of run.
_FILES = (
    "adapter",
    "continued",
    "distill",
    "ensemble",
    "fusion",
    "gate",
    "low_rank",
    "multitask",
    "narrow",
    "soup",
    "target",
)


def register_run_kind(kind: RunKind) -> RunKind:
    """Register a kind of run."""
    _KINDS[kind.name] = kind
    return kind


def run_kind(name: str) -> RunKind:
    """Look a kind of run up.

    Raises:
        XadaptError: If there is none of that name.
    """
    _load()
    if name not in _KINDS:
        raise unknown("kind of run", name, _KINDS)
    return _KINDS[name]


def revisions() -> dict[str, int]:
    """The revision of every kind of run that trains, by name."""
    _load()
    return {name: kind.revision for name, kind in sorted(_KINDS.items())}


def _load() -> None:
    # Each registers itself.
    for name in _FILES:
        import_module(f"xadapt.training.{name}")
    load_plugins()
