"""The store: checkpoints and results by the hash of what decided them."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.errors import XadaptError, option, unknown
from xadapt.store.checkpoints import RECORD, Checkpoint, open_checkpoint
from xadapt.store.disk import check_held, hold
from xadapt.store.files import read_json, sha256_json
from xadapt.store.left_out import LeftOut
from xadapt.store.names import path_part
from xadapt.store.records import RunRecord
from xadapt.store.result_record import Result
from xadapt.store.text_cache import DEFAULT_SIZE, TextCache, read_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from xadapt.store.records import Json


def run_hash(decides: Json) -> str:
    """Hash everything that decides a result; 16 hex digits."""
    return sha256_json(decides)[:16]


def shipped_folder() -> Path | None:
    """The trained adapters that come with xadapt: inside an installed wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_shipped", package.parent / "checkpoints"):
        if folder.is_dir():
            return folder
    return None


class Store:
    """A folder of runs (checkpoints) and results, with the shipped checkpoints behind it.

    Attributes:
        root: The folder.
        shipped: That of the shipped checkpoints, None if there are none.
        left_out: Records that cannot be read, which were passed over.
    """

    def __init__(
        self, root: Path | str | None = None, shipped: Path | None = None, cache_size: str | None = None
    ) -> None:
        """Open a store.

        Args:
            root: Its folder, else ``$XADAPT_STORE``, else ``xadapt-store`` in the working folder.
            shipped: The shipped checkpoints.
            cache_size: Size of its cache, such as ``8GB``, else ``$XADAPT_CACHE_SIZE``.

        Raises:
            XadaptError: If the folder is a file, or the size is not one.
        """
        self.root = Path(root or os.environ.get("XADAPT_STORE") or "xadapt-store").expanduser()
        if self.root.exists() and not self.root.is_dir():
            raise XadaptError(f"{option('store', self.root)} is a file: name a folder")
        self.shipped = shipped or shipped_folder()
        self.left_out = LeftOut()
        self._records: dict[Path, tuple[tuple[int, int, int], Checkpoint]] = {}
        self._held = False
        self._cache_size = read_size(cache_size or os.environ.get("XADAPT_CACHE_SIZE") or DEFAULT_SIZE)

    def hold(self) -> None:
        """Make its folder before something is computed that will be written there, and see that it can be.

        Raises:
            XadaptError: If it cannot be made or written.
            RunFailed: If it was there before and went away.
        """
        if self._held:
            check_held(self.root / "runs")
        else:
            hold(self.root)
            self._held = True

    @cached_property
    def cache(self) -> TextCache:
        """What the frozen layers below all adapters, and whole setups, made of texts."""
        return TextCache(self.root / "cache", self._cache_size)

    def run_path(self, run: str) -> Path:
        """The folder of a run's checkpoint."""
        return self.root / "runs" / path_part(run)

    def partial_path(self, run: str) -> Path:
        """The folder of what an unfinished run needs to go on."""
        return self.root / "partial" / path_part(run)

    def result_path(self, run: str) -> Path:
        """The file of an evaluation's result."""
        return self.root / "results" / f"{path_part(run)}.json"

    def predictions_path(self, run: str, language: str) -> Path:
        """The file of an evaluation's predictions in a language."""
        return self.root / "predictions" / path_part(run) / f"{path_part(language)}.json"

    def examples_path(self, run: str, language: str) -> Path:
        """The file of what each row of an evaluation contributes to its score in a language."""
        return self.root / "examples" / path_part(run) / f"{path_part(language)}.json"

    def explanation_path(self, run: str) -> Path:
        """The file of what a fusion attends to."""
        return self.root / "explanations" / f"{path_part(run)}.json"

    def task_path(self, name: str) -> Path:
        """The file that declares a user's own task."""
        return self.root / "tasks" / f"{path_part(name)}.yaml"

    def task_files(self) -> list[Path]:
        """The declarations of all own tasks that were used with this store, by name."""
        return sorted((self.root / "tasks").glob("[!.]*.yaml"))

    def finished(self, run: str) -> Checkpoint | None:
        """The checkpoint of a run, None if it has not finished.

        Raises:
            XadaptError: If its record is damaged.
        """
        record = self.run_path(run) / RECORD
        return self.read_checkpoint(record) if record.exists() else None

    def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints: the store's own, newest first, then the shipped ones; damaged records are left out."""
        # A name that starts with a dot is a folder that another process is still writing, or one left by a crash.
        folders = (self.root / "runs").glob("[!.]*")
        own = sorted((folder / RECORD for folder in folders), key=lambda record: -_changed(record))
        shipped = sorted(self.shipped.glob(f"*/*/{RECORD}")) if self.shipped else []
        return [*self.left_out.whole(own, self.read_checkpoint), *self.left_out.whole(shipped, self._opened)]

    def read_checkpoint(self, record: Path) -> Checkpoint:
        """Read a record of the store's own.

        Raises:
            XadaptError: If it is damaged, or of another run than its folder's name says.
        """
        found = self._opened(record)
        if found.run != record.parent.name:
            raise XadaptError(f"{record} is of run {found.run}: {RunRecord.WHAT[1]}")
        return found

    def _opened(self, record: Path) -> Checkpoint:
        # A store of some hundred runs is gone through for every member of every setup.
        state = record.stat()
        stamp = state.st_ino, state.st_mtime_ns, state.st_size
        if record not in self._records or self._records[record][0] != stamp:
            self._records[record] = stamp, open_checkpoint(record.parent)
        return self._records[record][1]

    def by_run(self, run: str) -> Checkpoint | None:
        """The checkpoint of a run, the store's own or a shipped one; None if it is not there.

        Raises:
            XadaptError: If it is the store's own, and its record is damaged.
        """
        return self.finished(run) or next((c for c in self.checkpoints() if c.run == run), None)

    def find(self, setup: str, fingerprint: str, seed: int | None = None) -> Checkpoint | None:
        """Find the checkpoint of a setup on a base; one of the same seed if there is one, else the newest.

        A checkpoint of that setup for another base only is returned too, so that the caller can name it.

        Raises:
            XadaptError: If one that would be taken is damaged.
        """
        named = [checkpoint for checkpoint in self.checkpoints() if checkpoint.setup == setup]
        fitting = [c for c in named if c.record.base.fingerprint == fingerprint]
        same_seed = [c for c in fitting if c.seed == seed]
        self._check_damaged(setup, seed if same_seed else None)
        return next(iter((*same_seed, *fitting, *named)), None)

    def _check_damaged(self, setup: str, seed: int | None) -> None:
        """Refuse to take another checkpoint where a damaged one says that it is of that setup, and of that seed."""
        for path, fault in self.left_out.faults.items():
            claim = _claim(path)
            if claim.get("setup") == setup and (seed is None or claim.get("seed") == seed):
                raise XadaptError(f"{setup} has a damaged checkpoint: {fault}")

    def need(self, setup: str, fingerprint: str, seed: int | None, hint: str) -> Checkpoint:
        """Like :meth:`find`, for a checkpoint that must be there.

        Raises:
            XadaptError: If there is none; ``hint`` is how to make it.
        """
        found = self.find(setup, fingerprint, seed)
        if found is None:
            fault = unknown("adapter", setup, {c.setup for c in self.checkpoints()})
            make = f"{fault} If not, make it: {hint}" if fault.nearest else f"{fault}; make it: {hint}"
            raise XadaptError(make + self._note())
        return found

    def _note(self) -> str:
        runs = [path for path in self.left_out.faults if path.name == RECORD]
        return f" (damaged checkpoints were left out, see `xadapt store check`: {len(runs)})" if runs else ""

    def results(self) -> list[Result]:
        """All results in a stable order; damaged ones are left out."""
        return read_results(self.root / "results", self.left_out, self.read_result)

    def result(self, run: str) -> Result | None:
        """The result of an evaluation, None if there is none.

        Raises:
            XadaptError: If it is damaged.
        """
        path = self.result_path(run)
        return self.read_result(path) if path.exists() else None

    def read_result(self, path: Path) -> Result:
        """Read a result of the store's own.

        Raises:
            XadaptError: If it is damaged, or of another run than its file's name says.
        """
        found = Result.read(path)
        if found.run != path.stem:
            raise XadaptError(f"{path} is of run {found.run}: {Result.WHAT[1]}")
        return found

    def write_result(self, result: Result) -> None:
        """Store a result atomically."""
        result.write(self.result_path(result.run))


def read_results(
    folder: Path, left_out: LeftOut | None = None, read: Callable[[Path], Result] = Result.read
) -> list[Result]:
    """Read all results of a folder, in a stable order.

    Args:
        folder: The folder.
        left_out: Takes those that cannot be read; None for an error.
        read: Reads one.

    Raises:
        XadaptError: If a file is not a result.
    """
    paths = sorted(folder.glob("[!.]*.json"))
    return left_out.whole(paths, read) if left_out else [read(path) for path in paths]


def _changed(path: Path) -> float:
    """When a file was written, 0 for one that is not there, such as a link to nowhere."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _claim(path: Path) -> Json:
    """What a damaged record still says of itself."""
    if path.name != RECORD:
        return {}
    try:
        stored = read_json(path)
    except (XadaptError, OSError):
        return {}
    return stored if isinstance(stored, dict) else {}
