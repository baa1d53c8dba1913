"""What is to go from a store: chosen and looked at first, then removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.errors import XadaptError, option, unknown
from xadapt.store.check import DAMAGED, is_live
from xadapt.store.contents import Item, items, measure, unfinished_states
from xadapt.store.unfinished import unfinished_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xadapt.store.store import Store

#: Digits of a run that name it.
_SHORTEST = 6
#: Checkpoints that an error names.
_SHOWN = 3


@dataclass(frozen=True)
class Removal:
    """What is to go.

    Attributes:
        items: Checkpoints and results.
        other: Other files and folders: caches, states of unfinished runs, what was set aside.
        bytes: The room that is freed.
        notes: What a person should know before, a line each.
    """

    items: tuple[Item, ...]
    other: tuple[Path, ...]
    bytes: int
    notes: tuple[str, ...]

    def carry_out(self) -> None:
        """Remove it; what is cut in the middle is finished by the next check with repair."""
        # A result goes before what is kept beside it, and before the checkpoints that gave it.
        for item in sorted(self.items, key=lambda item: item.kind == "checkpoint"):
            for path in item.paths:
                _delete(path)
        for path in self.other:
            _delete(path)

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        return {
            "removed": [item.as_json() for item in self.items],
            "other": [str(path) for path in self.other],
            "bytes": self.bytes,
            "notes": list(self.notes),
        }


def plan_removal(
    store: Store,
    names: Sequence[str],
    *,
    results: bool = False,
    unused: bool = False,
    dependents: bool = False,
    caches: bool = False,
    unfinished: bool = False,
    damaged: bool = False,
) -> Removal:
    """Choose what is to go; nothing is removed yet.

    Args:
        store: The store; shipped checkpoints cannot be removed.
        names: Setups, or runs by their first digits, six or more.
        results: Whether results go too: those of the setups that are named, and those that their checkpoints gave.
        unused: Whether checkpoints go that no other was trained on and no result is of.
        dependents: Whether checkpoints go too that were trained on those.
        caches: Whether what models made of texts goes.
        unfinished: Whether states of runs that were cut go.
        damaged: Whether what was set aside goes.

    Raises:
        XadaptError: If nothing is chosen, a name is not there, a process works on it, or something was trained on it.
    """
    if not (names or unused or caches or unfinished or damaged):
        choices = ", ".join(option(name) for name in ("unused", "caches", "unfinished", "damaged"))
        raise XadaptError(f"nothing was named to be removed: name setups or runs, or give {choices}")
    every = items(store)
    chosen = {item.run: item for name in names for item in _named(every, name, results)}
    if unused:
        chosen |= {item.run: item for item in every if item.kind == "checkpoint" and not item.used_by}
    _take_dependents(every, chosen, dependents)
    if results:
        used = {run for item in chosen.values() for run in item.used_by}
        chosen |= {item.run: item for item in every if item.kind == "result" and item.run in used}
    _check_idle(store, chosen)
    other = [
        *([store.root / "cache"] if caches else []),
        *(unfinished_states(store) if unfinished else []),
        *([store.root / DAMAGED] if damaged else []),
    ]
    there = tuple(path for path in other if path.exists() or path.is_symlink())
    size = sum(item.bytes for item in chosen.values()) + measure(there)[1]
    return Removal(tuple(chosen.values()), there, size, tuple(_notes(every, chosen)))


def _named(every: list[Item], name: str, results: bool) -> list[Item]:
    found = [item for item in every if item.setup == name or (len(name) >= _SHORTEST and item.run.startswith(name))]
    if not found:
        raise unknown("setup or run of the store", name, {item.setup for item in every})
    # A run that is named is meant, whatever it is.
    wanted = [item for item in found if item.kind == "checkpoint" or results or item.run.startswith(name)]
    if not wanted:
        raise XadaptError(f"{name} has results and no checkpoint: give {option('results')} to remove those")
    return wanted


def _take_dependents(every: list[Item], chosen: dict[str, Item], taken: bool) -> None:
    """Add the checkpoints that were trained on the chosen ones, or refuse."""
    waiting = list(chosen.values())
    while waiting:
        item = waiting.pop()
        above = [one for one in every if one.run in item.used_by and one.kind == "checkpoint" and one.run not in chosen]
        if above and not taken:
            names = ", ".join(f"{one.setup} (run {one.run[:8]})" for one in above[:_SHOWN])
            more = f" and {len(above) - _SHOWN} others" if len(above) > _SHOWN else ""
            raise XadaptError(
                f"{item.setup} (run {item.run[:8]}) is what {names}{more} was trained on and cannot be used without: "
                f"remove that too with {option('dependents')}"
            )
        chosen |= {one.run: one for one in above}
        waiting += above


def _check_idle(store: Store, chosen: dict[str, Item]) -> None:
    for run, item in chosen.items():
        if is_live(store, run):
            raise XadaptError(f"{item.setup} (run {run}) is being trained: wait for it or stop it")


def _notes(every: list[Item], chosen: dict[str, Item]) -> list[str]:
    notes = []
    for item in chosen.values():
        kept = [run for run in item.used_by if run not in chosen]
        if kept:
            results = "1 result" if len(kept) == 1 else f"{len(kept)} results"
            notes.append(f"{item.setup} (run {item.run[:8]}) gave {results}, which stay and can still be reported")
    return notes


def _delete(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.is_dir():
        # It goes in one step, so that nobody finds half of it.
        with unfinished_folder(path) as gone:
            path.replace(gone / path.name)
