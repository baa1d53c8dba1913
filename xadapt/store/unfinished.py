"""What is being written: hidden beside what it will be, held by its writer, swept away once its writer has died."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows, where nothing is swept
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEW, _OLD = ".unfinished", ".aside"
# Beside a folder that is exported there may be anything of the user's: only what is certainly ours is swept.
_NAME = re.compile(r"\.(?P<target>.+)\.[a-z0-9_]{8}(?P<kind>\.unfinished|\.aside)", re.DOTALL)


@contextlib.contextmanager
def unfinished_file(path: Path) -> Iterator[tuple[Path, int]]:
    """Make a hidden file beside ``path``, which others leave alone while the block runs.

    Gives it and its descriptor, open for writing; what is still there at the end of the block is deleted. Files
    and folders that processes left there which died while they wrote ``path`` are deleted first.
    """
    sweep(path)
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_NEW)
        made = Path(name)
        if _held(made, handle):
            break
        os.close(handle)
    try:
        yield made, handle
    finally:
        with contextlib.suppress(FileNotFoundError):
            made.unlink()
        os.close(handle)


@contextlib.contextmanager
def unfinished_folder(path: Path, old: bool = False) -> Iterator[Path]:
    """The same for a folder.

    Args:
        path: What it will be.
        old: Whether it is for what is at ``path`` now; it goes back there if its process dies and ``path`` is free.
    """
    if not old:
        sweep(path)
    while True:
        made = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=_OLD if old else _NEW))
        handle = os.open(made, os.O_RDONLY) if fcntl else None
        if handle is None or _held(made, handle):
            break
        os.close(handle)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _held(made: Path, handle: int) -> bool:
    """Hold what was made; not, if a process that sweeps found it before."""
    if fcntl is None:
        return True
    # A file system without locks has nothing swept either.
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        return os.path.samestat(made.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def is_unfinished(path: Path) -> bool:
    """Whether a file or folder is, by its name, one that is being written or was never finished."""
    return _NAME.fullmatch(path.name) is not None


def finished_path(path: Path) -> Path:
    """A path as it will be once all of it is finished, for a message."""
    return Path(*(name["target"] if (name := _NAME.fullmatch(part)) else part for part in path.parts))


def sweep(path: Path) -> None:
    """Delete what processes left that died while they wrote ``path``; bring back a folder that one had put aside."""
    for left in _left_beside(path.parent):
        name = _NAME.fullmatch(left.name)
        if name and name["target"] == path.name:
            sweep_one(left)


def sweep_one(left: Path) -> bool:
    """Delete something unfinished unless its writer is alive; says whether it is gone."""
    name = _NAME.fullmatch(left.name)
    handle = _taken(left)
    if name is None or handle is None:
        return False
    try:
        target = left.parent / name["target"]
        if name["kind"] == _OLD and not target.exists():
            with contextlib.suppress(OSError):
                (left / target.name).rename(target)
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    except OSError:
        # A disk that can only be read.
        return False
    finally:
        os.close(handle)
    return not left.exists()


def find_unfinished(folder: Path) -> list[Path]:
    """All unfinished files and folders in a folder, at any depth."""
    return [path for path in folder.rglob(".*") if is_unfinished(path)]


def is_abandoned(left: Path) -> bool:
    """Whether something unfinished has no living writer."""
    handle = _taken(left)
    if handle is not None:
        os.close(handle)
    return handle is not None


def _left_beside(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found if entry.name.endswith((_NEW, _OLD))]
    except OSError:
        return []


def _taken(left: Path) -> int | None:
    """Hold what a process has left; None if it is alive."""
    if fcntl is None:
        return None
    try:
        handle = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
