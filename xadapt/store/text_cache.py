"""What models made of texts, kept on disk: by content, memory-mapped, bounded, checked, shared by processes."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import re
import uuid
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from xadapt.errors import XadaptError, reason_of
from xadapt.store.files import atomic_stream
from xadapt.store.unfinished import find_unfinished, finished_path, is_abandoned, sweep_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Bytes that are gathered before they are written, as one segment.
SEGMENT = 64 * 2**20
#: Bytes on disk by default.
DEFAULT_SIZE = "8GB"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_KEY = 16
#: What reading a damaged segment ends in.
_BROKEN = (OSError, ValueError, KeyError, EOFError, SyntaxError, NotImplementedError, BadZipFile, zlib.error)


def text_key(ids: np.ndarray) -> bytes:
    """What identifies a text: a digest of its token ids, int64, shape (tokens,)."""
    return hashlib.blake2b(ids.tobytes(), digest_size=_KEY).digest()


def read_size(text: str) -> int:
    """Read a size such as ``8GB``, ``500 MB`` or ``0``; in bytes.

    Raises:
        XadaptError: If it is not one.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    unit = match[2].upper() if match else ""
    if match is None or unit not in _UNITS:
        raise XadaptError(f"cache size {text!r}: write a number and a unit, such as 8GB or 500MB, or 0 for no cache")
    return int(float(match[1]) * _UNITS[unit])


@dataclass
class _Segment:
    """A file of arrays one after the other, with an index beside it that is written after it."""

    path: Path
    vectors: np.ndarray


@dataclass
class _Entry:
    segment: _Segment
    start: int
    tokens: int
    check: int

    def vectors(self) -> np.ndarray | None:
        """The array of the text, None if its bytes are not those that were put."""
        found = np.ascontiguousarray(self.segment.vectors[self.start : self.start + self.tokens])
        return found if zlib.crc32(found.data) == self.check else None


class TextCache:
    """Arrays of texts by space (what computed them) and key.

    Those of a space have one type and, but for the first axis, which counts tokens or whatever else, one shape. Every
    process writes segments of its own and reads all; the segment that has been unused for longest goes first when
    the folder grows beyond its size. A text whose bytes do not match their check sum counts as missing.
    """

    def __init__(self, folder: Path, size: int = 8 * 10**9) -> None:
        """Use ``folder``, which need not be there yet, for at most ``size`` bytes."""
        self.folder, self.size = folder, size
        self._entries: dict[str, dict[bytes, _Entry]] = {}
        self._indexed: dict[str, set[str]] = {}
        self._seen: dict[str, int] = {}
        self._waiting: OrderedDict[str, dict[bytes, np.ndarray]] = OrderedDict()
        self._bytes = 0
        self._touched: set[Path] = set()
        # What was computed last is worth as much as the rest.
        atexit.register(self.flush)

    def get(self, space: str, keys: list[bytes]) -> list[np.ndarray | None]:
        """Look texts up.

        Returns:
            For each its array, as it was put, or None.
        """
        waiting, entries = self._waiting.get(space, {}), self._entries.setdefault(space, {})
        if any(key not in entries and key not in waiting for key in keys):
            self._look(space)
        return [waiting[key] if key in waiting else self._read(entries, key) for key in keys]

    def put(self, space: str, keys: list[bytes], vectors: list[np.ndarray]) -> None:
        """Keep texts; they reach the disk when enough have come, at :meth:`flush` or when the program ends."""
        if not self.size:
            return
        waiting = self._waiting.setdefault(space, {})
        for key, value in zip(keys, vectors, strict=True):
            if key not in waiting:
                waiting[key] = value.copy()
                self._bytes += value.nbytes
        if self._bytes >= min(SEGMENT, self.size // 4):
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; a full or read-only disk costs the cache and nothing else."""
        while self._waiting:
            space, texts = self._waiting.popitem()
            with contextlib.suppress(OSError, XadaptError):
                self._write(space, texts)
        self._bytes = 0
        self._trim()

    def _write(self, space: str, texts: dict[bytes, np.ndarray]) -> None:
        if not texts:
            return
        folder = self.folder / space
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{uuid.uuid4().hex}.npy"
        parts = [np.ascontiguousarray(value) for value in texts.values()]
        tokens = np.array([len(part) for part in parts])
        # Nobody looks at a segment without an index, so half of one is never read. The index is begun first: a segment
        # whose index nobody is writing was left by a process that was killed.
        with atomic_stream(path.with_suffix(".npz")) as index:
            with atomic_stream(path) as stream:
                np.save(stream, np.concatenate(parts))
            np.savez(
                index,
                keys=np.frombuffer(b"".join(texts), np.uint8).reshape(-1, _KEY),
                tokens=tokens,
                checks=np.array([zlib.crc32(part.data) for part in parts], np.uint32),
                what=np.array(_what(space, parts[0])),
            )

    def _look(self, space: str) -> None:
        """Take in segments that are new, of this process or another."""
        folder = self.folder / space
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            return
        if self._seen.get(space) == changed:
            return
        self._seen[space] = changed
        indexed = self._indexed.setdefault(space, set())
        for index in folder.glob("[!.]*.npz"):
            if index.name in indexed:
                continue
            indexed.add(index.name)
            try:
                self._entries[space].update(_indexed(space, index))
            except _BROKEN:
                _remove(index.with_suffix(".npy"))

    def _read(self, entries: dict[bytes, _Entry], key: bytes) -> np.ndarray | None:
        entry = entries.get(key)
        if entry is None:
            return None
        segment, vectors = entry.segment, entry.vectors()
        if vectors is None:
            _remove(segment.path)
            del entries[key]
            return None
        if segment.path not in self._touched:
            self._touched.add(segment.path)
            with contextlib.suppress(OSError):
                os.utime(segment.path)
        return vectors

    def _trim(self) -> None:
        """Delete segments, the one that was used longest ago first, until the rest fits."""
        found = []
        for path in self._segments():
            with contextlib.suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.size:
                break
            _remove(path)
            total -= size

    def _segments(self) -> list[Path]:
        """All segments, once those are deleted that a process which was killed has left half."""
        segments = list(self.folder.rglob("[!.]*.npy"))
        being = {finished_path(left) for left in find_unfinished(self.folder) if not sweep_one(left)}
        for path in segments:
            index = path.with_suffix(".npz")
            if index not in being and not index.exists():
                _remove(path)
        return segments


def left_segments(folder: Path) -> Iterator[Path]:
    """Find vectors without an index that nobody is writing: a process was killed in between."""
    being = {finished_path(one) for one in find_unfinished(folder) if not is_abandoned(one)}
    for vectors in sorted(folder.rglob("[!.]*.npy")):
        index = vectors.with_suffix(".npz")
        if index not in being and not index.exists() and vectors.exists():
            yield vectors


def broken_segments(folder: Path) -> Iterator[tuple[Path, str]]:
    """Read all segments of a cache; gives each file that is of no use, and why."""
    for index in sorted(folder.rglob("[!.]*.npz")):
        vectors = index.with_suffix(".npy")
        try:
            entries = _indexed(index.parent.relative_to(folder).as_posix(), index)
            if any(entry.vectors() is None for entry in entries.values()):
                yield vectors, "vectors are not those that were written (their check sums differ)"
        except _BROKEN as error:
            # Another process may have deleted both to make room.
            if index.exists():
                yield index, f"an index that does not fit its vectors ({reason_of(error)})"


def _indexed(space: str, index: Path) -> dict[bytes, _Entry]:
    with np.load(index) as stored:
        keys, tokens, checks = stored["keys"], stored["tokens"], stored["checks"]
        # Older ones do not say it.
        what = str(stored["what"]) if "what" in stored else None
    segment = _Segment(index.with_suffix(".npy"), np.load(index.with_suffix(".npy"), mmap_mode="r"))
    starts = np.concatenate([[0], np.cumsum(tokens)])
    if starts[-1] != len(segment.vectors) or what not in (None, _what(space, segment.vectors)):
        raise ValueError("they do not belong together")
    return {
        key.tobytes(): _Entry(segment, start, count, check)
        for key, start, count, check in zip(keys, starts.tolist(), tokens.tolist(), checks.tolist(), strict=False)
    }


def _what(space: str, vectors: np.ndarray) -> str:
    # The bytes alone do not say what numbers they are.
    return f"{space} {vectors.dtype.str} {vectors.shape[1:]}"


def _remove(segment: Path) -> None:
    # The index first: a process that looks meanwhile then finds neither. Those that have it open go on reading.
    for path in (segment.with_suffix(".npz"), segment):
        with contextlib.suppress(OSError):
            path.unlink()
