"""Files: hashes and atomic writes. Every other room writes through here."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from xadapt.errors import DataFault, XadaptError
from xadapt.json_text import LONGEST, NotJson, read_json_text
from xadapt.store.disk import FULL, make_folder, writing
from xadapt.store.unfinished import unfinished_file, unfinished_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def sha256_file(path: Path) -> str:
    """Hash a file's bytes; 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(stream)


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def sha256_json(value: Any) -> str:
    """Hash a JSON value independently of the order of its keys; 64 hex digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


@contextmanager
def atomic_stream(path: Path) -> Iterator[IO[bytes]]:
    """Yield a binary stream whose content takes the place of ``path`` when the block ends without an error.

    Raises:
        XadaptError: If ``path`` is a folder, or nothing can be written beside it.
        RunFailed: If the disk is full or goes away.
    """
    if path.is_dir():
        raise XadaptError(f"{path} is a folder: name a file")
    with writing(path):
        _make_folder(path.parent)
        with unfinished_file(path) as (temporary, handle), os.fdopen(handle, "wb", closefd=False) as stream:
            yield stream
            stream.flush()
            os.fsync(handle)
            temporary.chmod(0o644)
            temporary.replace(path)


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new one, never a half."""
    with atomic_stream(path) as stream:
        stream.write(data)


def atomic_write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically, indented and with a final newline."""
    atomic_write_bytes(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of ``path`` when the block ends without an error.

    A folder that was at ``path`` is replaced only at that moment.

    Raises:
        XadaptError: If nothing can be written beside it.
        RunFailed: If the disk is full or goes away.
    """
    with writing(path):
        _make_folder(path.parent)
        with unfinished_folder(path) as temporary:
            yield temporary
            temporary.chmod(0o755)
            _replace_folder(path, temporary)


def _replace_folder(path: Path, new: Path) -> None:
    if not path.exists():
        new.replace(path)
        return
    with unfinished_folder(path, old=True) as aside:
        path.replace(aside / path.name)
        try:
            new.replace(path)
        except BaseException:
            (aside / path.name).replace(path)
            raise


def _make_folder(path: Path) -> None:
    try:
        make_folder(path)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise XadaptError(f"cannot make the folder {path} ({error.strerror}): choose another folder") from None
    if not os.access(path, os.W_OK):
        raise XadaptError(f"cannot write in {path}: choose another folder")


def inside(folder: Path, name: str) -> Path:
    """A file or folder in a folder, by a name that somebody else may have given.

    A link may lead elsewhere in the folder. The cache of the hub, whose snapshots are links to ``blobs`` beside them,
    counts as one folder.

    Args:
        folder: The folder.
        name: A path in it.

    Raises:
        XadaptError: If it leads out of the folder, by itself or by a link.
    """
    path, root = folder / name, folder.resolve()
    roots = [root, *(parent.parent / "blobs" for parent in (root, *root.parents) if parent.name == "snapshots")]
    try:
        found = path.resolve()
    except (OSError, RuntimeError, ValueError):
        found = None
    if found is None or not any(found.is_relative_to(one) for one in roots):
        raise XadaptError(f"{path} leads out of {folder}: nothing outside of it is read or written")
    return path


def refuse_device(path: Path) -> None:
    """Refuse a device, such as ``/dev/zero``, which may never end.

    Raises:
        XadaptError: If it is one.
    """
    if path.is_char_device() or path.is_block_device():
        raise XadaptError(f"{path} is a device: name a file")


def read_text(path: Path, most: int = LONGEST) -> str:
    """Read a UTF-8 file.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        XadaptError: If it is missing, larger or not text.
    """
    try:
        refuse_device(path)
        if path.stat().st_size > most:
            raise DataFault(path, f"is too large ({path.stat().st_size:,} bytes, {most:,} at most)", " ")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DataFault(path, "is not UTF-8 text", " ") from None
    except OSError as error:
        raise XadaptError(f"cannot read {path} ({error.strerror})") from None


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        XadaptError: If the file is missing, too large or not JSON that can be read; names it.
    """
    try:
        return read_json_text(read_text(path))
    except NotJson as error:
        raise XadaptError(f"{path}: {error}: restore it or delete it") from None
