"""The verbs of a session that look after its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xadapt.session.session import Session
    from xadapt.store.check import StoreCheck
    from xadapt.store.contents import Item, Room
    from xadapt.store.findings import Finding
    from xadapt.store.removal import Removal


def check_store(session: Session) -> StoreCheck:
    """Read the whole store: what is damaged, left over by processes that died, or not as it should be."""
    from xadapt.data.own_tasks import kept_task
    from xadapt.store.check import check_store as check

    return check(session.store, kept_task)


def repair_store(session: Session) -> tuple[StoreCheck, list[Finding]]:
    """Set aside what is damaged, so that it is made again.

    Returns:
        The store as it is then, and what was dealt with.
    """
    from xadapt.store.repair import repair_store as repair

    done = repair(session.store, check_store(session))
    return check_store(session), done


def stored(session: Session, task: str | None = None, seed: int | None = None, unused: bool = False) -> list[Item]:
    """The checkpoints and results of the store, the newest first.

    Args:
        session: The session.
        task: Those that were trained or measured on a task.
        seed: Those of a seed.
        unused: Checkpoints that nothing was trained on and no result is of.
    """
    from xadapt.store.contents import items

    return [
        item
        for item in items(session.store)
        if (task is None or task in item.tasks)
        and (seed is None or item.seed == seed)
        and (not unused or (item.kind == "checkpoint" and not item.used_by))
    ]


def store_size(session: Session) -> list[Room]:
    """What each part of the store takes, and what of it can go."""
    from xadapt.store.contents import rooms

    return rooms(session.store)


def removal(
    session: Session,
    *names: str,
    results: bool = False,
    unused: bool = False,
    dependents: bool = False,
    caches: bool = False,
    unfinished: bool = False,
    damaged: bool = False,
) -> Removal:
    """Choose what is to go from the store; ``.carry_out()`` removes it.

    Args:
        session: The session.
        names: Setups, or runs by their first digits.
        results: Whether results go too.
        unused: Whether checkpoints go that nothing uses.
        dependents: Whether checkpoints go too that were trained on those.
        caches: Whether what models made of texts goes.
        unfinished: Whether states of runs that were cut go.
        damaged: Whether what was set aside goes.

    Raises:
        XadaptError: If nothing is chosen, a name is not there, a process works on it, or something was trained on it.
    """
    from xadapt.composition.grammar import parse
    from xadapt.store.removal import plan_removal

    # A run is no expression, or one of a single name.
    written = [name if name.isalnum() else str(parse(name)) for name in names]
    return plan_removal(
        session.store,
        written,
        results=results,
        unused=unused,
        dependents=dependents,
        caches=caches,
        unfinished=unfinished,
        damaged=damaged,
    )
