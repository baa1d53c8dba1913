"""What a composition is: everything that the grammar, the builder, recipes and reports need of it, declared once.

A composition is one file in :mod:`xadapt.composition.kinds` that calls :func:`register_composition`. One that is
trained also names its kind of run (see :mod:`xadapt.training.run_kinds`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from xadapt.errors import XadaptError
from xadapt.plugins import load_plugins

if TYPE_CHECKING:
    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node

#: Puts a setup into an assembly: gives the name of its adapter, or the library's composition.
Build = Callable[["Assembly", "Node"], "str | AdapterCompositionBlock"]


@dataclass(frozen=True)
class Family:
    """How reports group and draw setups.

    Attributes:
        name: Its name.
        colour: Of its bars, as ``#rrggbb``.
        order: Its rank among others in a comparison, lowest first.
    """

    name: str
    colour: str
    order: int


@dataclass(frozen=True)
class Trained:
    """How a composition is trained.

    Attributes:
        run: The kind of run that makes a setup.
        tasks: The tasks whose rows a setup is learnt from.
        command: The command that makes a setup, for people.
        budget: What recipes call its budget.
        from_base: Whether it starts from the bare base and not from its members.
    """

    run: Callable[[Node], str]
    tasks: Callable[[Node], Sequence[str]]
    command: Callable[[Node], str]
    budget: str
    from_base: bool = False


@dataclass(frozen=True)
class Composition:
    """A way to put setups together.

    Attributes:
        name: The word that setups are written with.
        family: How reports group it.
        build: Puts a setup into an assembly.
        members: What its members may be: ``plain``, setups that are one adapter in weight space; ``tasks``, names of
            tasks; ``models``, any setup that is one model; ``any``.
        least: How many members it takes at least.
        most: And at most, None for any number.
        ordered: Whether the order of its members matters.
        weighted: Whether its members take weights.
        plain: Whether it is one adapter in weight space, and so can be averaged, merged, fused or trained on.
        options: Its options, with the largest value that makes sense (infinite: any whole number); all are above 0.
        learnt_on: Whether a task follows it, as in ``fuse(a, b)@xnli``.
        why_learnt: What that task is for, for the error when it must follow and does not.
        check: Checks a setup of it.
        trained: How it is trained; None for what is made from its members whenever it is used.
        needs_members: Whether a checkpoint of it is only right on the checkpoints that it was trained on.
        side_by_side: Whether its members can be compared with each other as they act.
        opaque: Whether its members are no longer there as such, once it is trained.
        as_word: Whether setups are written with its name, as in ``NAME(a, b)``.
        keeps_ensembles: Whether an ensemble, or several runs, may be a member as they are; else what is made of an
            ensemble is an ensemble itself.
        several: Whether it is several models side by side, and not one.
    """

    name: str
    family: Family
    build: Build
    members: Literal["plain", "tasks", "models", "any"] = "plain"
    least: int = 2
    most: int | None = None
    ordered: bool = False
    weighted: bool = False
    plain: bool = False
    options: Mapping[str, float] = field(default_factory=dict)
    learnt_on: Literal["never", "may", "must"] = "never"
    why_learnt: str = ""
    check: Callable[[Node], None] = lambda node: None
    trained: Trained | None = None
    needs_members: bool = False
    side_by_side: bool = True
    opaque: bool = False
    as_word: bool = True
    keeps_ensembles: bool = False
    several: bool = False


_COMPOSITIONS: dict[str, Composition] = {}


def register_composition(composition: Composition) -> Composition:
    """Register a composition.

    Raises:
        XadaptError: If there is another one of its name.
    """
    if _COMPOSITIONS.get(composition.name, composition) != composition:
        raise XadaptError(f"there is a composition called {composition.name} already")
    _COMPOSITIONS[composition.name] = composition
    return composition


def compositions() -> Mapping[str, Composition]:
    """All compositions by name, those of plugins included."""
    # Each registers itself.
    import_module("xadapt.composition.kinds")
    load_plugins()
    return _COMPOSITIONS


def composition_of(kind: str) -> Composition | None:
    """The composition of a node's kind; None for ``none`` and a single adapter."""
    return compositions().get(kind)


def words() -> Iterator[str]:
    """The names that setups are written with."""
    return (name for name, one in compositions().items() if one.as_word)


def is_plain(kind: str) -> bool:
    """Whether setups of a kind are one adapter in weight space."""
    found = composition_of(kind)
    return kind == "adapter" or (found is not None and found.plain)


def is_several(kind: str) -> bool:
    """Whether setups of a kind are several models side by side."""
    found = composition_of(kind)
    return found is not None and found.several


def has_chosen_weights(kind: str) -> bool:
    """Whether setups of a kind are several models whose weights a task's rows have chosen."""
    found = composition_of(kind)
    return found is not None and found.several and found.trained is not None


#: Setups in which nothing is put together.
NO_ADAPTER = Family("none", "#9aa0a6", 0)
SINGLE = Family("single", "#7aa6c2", 10)


def family_of_kind(kind: str) -> Family:
    """The family of a node's kind."""
    if kind in ("none", "adapter"):
        return NO_ADAPTER if kind == "none" else SINGLE
    found = composition_of(kind)
    if found is None:
        raise XadaptError(f"there is no composition called {kind}: import what registers it")
    return found.family


def families() -> tuple[Family, ...]:
    """All families, in the order in which a comparison lists them."""
    every = {NO_ADAPTER, SINGLE, *(one.family for one in compositions().values())}
    return tuple(sorted(every, key=lambda family: (family.order, family.name)))
