"""What a check of a store finds: a file, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from xadapt.errors import XadaptError
from xadapt.store.records import LaterFormat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Read = TypeVar("Read")


@dataclass(frozen=True)
class Finding:
    """Something in a store that is not as it should be.

    Attributes:
        path: The file or folder.
        sort: ``damaged``; ``left`` by a process that died, or by what was removed; ``later`` than this xadapt; or a
            ``note``, which needs nothing done.
        what: What is wrong.
        scored: The run and the language whose scores cannot stand without it; None for most.
    """

    path: Path
    sort: Literal["damaged", "left", "later", "note"]
    what: str
    scored: tuple[str, str] | None = None


def read_or_find(
    path: Path, read: Callable[[Path], Read], scored: tuple[str, str] | None = None
) -> tuple[Read | None, list[Finding]]:
    """Read a file; gives what it holds, or None and what is wrong with it."""
    try:
        return read(path), []
    except LaterFormat as error:
        return None, [Finding(path, "later", _without(path, error))]
    except (XadaptError, OSError) as error:
        return None, [Finding(path, "damaged", _without(path, error), scored)]


def _without(path: Path, error: Exception) -> str:
    """What an error says, without the path that it begins with."""
    return str(error).removeprefix(str(path)).lstrip(" :")


def entries(folder: Path) -> list[Path]:
    """What is in a folder, hidden files aside, in order; nothing where there is none."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
