"""What is damaged in a store is set aside, so that it is made again; nothing is deleted but what was never finished."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from xadapt.store.check import DAMAGED, StoreCheck, is_live
from xadapt.store.unfinished import is_unfinished, sweep_one

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.store.findings import Finding
    from xadapt.store.store import Store


def repair_store(store: Store, check: StoreCheck) -> list[Finding]:
    """Set aside what a check found damaged or left over, under ``damaged/`` at the same path.

    Scores whose predictions cannot be read are taken out of their result, so that their language is evaluated again.
    What a process works on is left alone.

    Returns:
        The findings that were dealt with.
    """
    done = []
    for finding in check.findings:
        if finding.sort in ("damaged", "left") and _deal_with(store, finding):
            done.append(finding)
    return done


def _deal_with(store: Store, finding: Finding) -> bool:
    path = finding.path
    if is_unfinished(path):
        return sweep_one(path)
    if path.parent.name in ("runs", "partial") and is_live(store, path.stem):
        return False
    if finding.scored:
        _unscore(store, *finding.scored)
    if path.exists() or path.is_symlink():
        path.rename(_aside(store, path))
    return True


def _unscore(store: Store, run: str, language: str) -> None:
    """Take a language out of a result, a copy of which is set aside."""
    path = store.result_path(run)
    if not path.is_file():
        return
    result = store.read_result(path)
    if language not in result.languages:
        return
    kept = _aside(store, path, copies=True)
    if len(result.languages) == 1:
        path.rename(kept)
        return
    if not kept.exists():
        shutil.copy2(path, kept)
    store.write_result(result.without(language))


def _aside(store: Store, path: Path, copies: bool = False) -> Path:
    """Where something goes; what went there before stays, and a copy is made once."""
    place = store.root / DAMAGED / path.relative_to(store.root)
    place.parent.mkdir(parents=True, exist_ok=True)
    if copies:
        return place
    number, free = 1, place
    while free.exists() or free.is_symlink():
        number, free = number + 1, place.with_name(f"{place.name}.{number}")
    return free
