"""What a pull wrote into a mirror: size and SHA-256 of each file, so that a damaged one is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from xadapt.data.inventory import MANIFEST
from xadapt.errors import XadaptError
from xadapt.store.files import atomic_write_json, read_json

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """A file of a mirror.

    Attributes:
        sha256: SHA-256 of its bytes, 64 hex digits.
        rows: Its rows.
        bytes: Its size.
    """

    sha256: str
    rows: int
    bytes: int


def read_manifest(root: Path) -> dict[str, Entry]:
    """Read what was pulled into a mirror: file inside the mirror to entry; nothing where nothing was.

    Raises:
        XadaptError: If it is damaged.
    """
    path = root / MANIFEST
    if not path.is_file():
        return {}
    content = read_json(path)
    try:
        if content["format"] != _FORMAT:
            raise XadaptError(f"{path} is of another version of xadapt: delete it and pull again")
        return {str(name): Entry(**entry) for name, entry in content["files"].items()}
    except (KeyError, TypeError, AttributeError):
        raise XadaptError(f"{path} is damaged: delete it and pull again") from None


def write_manifest(root: Path, files: dict[str, Entry]) -> None:
    """Write it, atomically."""
    entries = {name: asdict(files[name]) for name in sorted(files)}
    atomic_write_json(root / MANIFEST, {"format": _FORMAT, "files": entries})
