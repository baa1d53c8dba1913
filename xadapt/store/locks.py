"""What processes with the same store do one after the other."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from xadapt.store.disk import make_folder, writing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def alone(partial: Path, wait: Callable[[Path], object]) -> Iterator[None]:
    """Be the only process that works on a run while the block runs.

    Args:
        partial: The folder of what the run goes on from when it is cut; the lock is a file beside it.
        wait: Called with the lock's file if another process holds it, before it is waited for.
    """
    path = _lock_of(partial)
    lock = FileLock(path)
    try:
        with writing(path):
            make_folder(path.parent)
            lock.acquire(timeout=0)
    except Timeout:
        wait(path)
        lock.acquire()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def clear(partial: Path) -> None:
    """Delete what a process left of a finished run that was killed just before it did so itself."""
    path = _lock_of(partial)
    if path.exists() or partial.exists():
        # Whoever holds the lock deletes both; a disk that can only be read keeps them.
        with suppress(Timeout, OSError), FileLock(path, timeout=0):
            shutil.rmtree(partial, ignore_errors=True)
            path.unlink(missing_ok=True)


def _lock_of(partial: Path) -> Path:
    return partial.with_suffix(".lock")


@contextmanager
def one_by_one(folder: Path) -> Iterator[None]:
    """Let processes that change files of a folder, which is made, take turns, where its file system has locks."""
    with writing(folder):
        make_folder(folder)
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
