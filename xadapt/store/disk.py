"""What a disk answers, as one line: it is full, can only be read, or is gone."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xadapt.errors import RunFailed, XadaptError, option
from xadapt.store.unfinished import finished_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Errors of a disk that takes no more.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_GONE = {errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.ENXIO}
_ADVICE = (
    (FULL, "make room (`xadapt store size` says what can go)"),
    ({errno.EFBIG}, "allow larger files (`ulimit -f`)"),
    (_CLOSED, "make it writable"),
    (_GONE, "bring it back"),
)
#: What libraries that write by themselves say: of Rust, and of torch, which keeps the reason to itself.
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_TORCH = re.compile("PytorchStreamWriter failed|unexpected pos")
_AFTERWARDS = "what was finished is kept, and the same command goes on from there"
#: Folders that are written into, and must not come back empty.
_ROOTS: set[Path] = set()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line why something could not be written at ``path`` while the block runs.

    Raises:
        RunFailed: If the disk is full, can only be read or is gone; other errors go through as they are.
    """
    try:
        yield
    except XadaptError:
        raise
    except Exception as error:
        fault = _fault(error)
        if fault is None:
            raise
        reason, advice = fault
        raise RunFailed(f"cannot write {finished_path(path)} ({reason}): {advice}; {_AFTERWARDS}") from None


def _fault(error: Exception) -> tuple[str, str] | None:
    """What a disk answered and what to do about it; None for an error of another kind."""
    text, number = str(error), error.errno if isinstance(error, OSError) else None
    if number is None:
        found = _OS_ERROR.search(text)
        number = int(found[1]) if found else None
        if number is None and _TORCH.search(text):
            return "the disk takes no more", _ADVICE[0][1]
    advice = next((advice for numbers, advice in _ADVICE if number in numbers), None)
    return (os.strerror(number), advice) if number is not None and advice else None


def hold(root: Path) -> None:
    """Make a store's folder and see that it can be written; from now on it is an error if it goes away.

    Raises:
        XadaptError: If it cannot be made or written.
    """
    try:
        # An empty folder is what is left of a disk that was taken away.
        (root / "partial").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise XadaptError(
            f"cannot write the store {root} ({error.strerror}): choose another {option('store')}"
        ) from None
    if not os.access(root, os.W_OK):
        raise XadaptError(f"cannot write the store {root}: make it writable or choose another {option('store')}")
    _ROOTS.add(root.absolute())


def check_held(path: Path) -> Path | None:
    """Check that the store that ``path`` is in has not gone away since it was held.

    Returns:
        The store; None if ``path`` is in none that is held.

    Raises:
        RunFailed: If it has.
    """
    held = _ROOTS.intersection(path.absolute().parents)
    for root in held:
        try:
            with os.scandir(root) as entries:
                there = any(entries)
        except OSError:
            there = False
        if not there:
            raise RunFailed(f"the store {root} is gone: bring it back; {_AFTERWARDS}")
    return next(iter(held), None)


def make_folder(path: Path) -> None:
    """Make a folder, and those that it is in; but not a store that was held and is gone.

    Raises:
        RunFailed: If it is gone.
        OSError: If the folder cannot be made.
    """
    root = check_held(path)
    if root is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    within = path.absolute().relative_to(root)
    for folder in (*reversed(within.parents), within):
        if folder.parts:
            (root / folder).mkdir(exist_ok=True)
