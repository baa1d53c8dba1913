"""What is wrong in a store: every file is read, and compared with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.store.check_evaluations import check_evaluations
from xadapt.store.checkpoints import RECORD, whole_fault
from xadapt.store.cost_record import COST_FILE, CostRecord
from xadapt.store.explanation_record import ExplanationRecord
from xadapt.store.findings import Finding, entries, read_or_find
from xadapt.store.text_cache import broken_segments, left_segments
from xadapt.store.unfinished import is_abandoned, is_unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.store import Store

#: The folder of what was set aside.
DAMAGED = "damaged"
#: Folders of a store whose files are its own; others, such as reports, are for people.
ROOMS = ("runs", "results", "predictions", "examples", "explanations", "tasks", "cache", "partial")


@dataclass(frozen=True)
class StoreCheck:
    """What was found in a store.

    Attributes:
        root: Its folder.
        files: Files that were looked at.
        bytes: Their size.
        findings: What is not as it should be, by path.
    """

    root: Path
    files: int
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def damaged(self) -> list[Finding]:
        """What is damaged."""
        return [finding for finding in self.findings if finding.sort == "damaged"]

    def as_json(self) -> dict[str, object]:
        """Everything, for programs; paths are those inside of the store."""
        return {
            "store": str(self.root),
            "files": self.files,
            "bytes": self.bytes,
            "damaged": len(self.damaged),
            "findings": [
                {"path": one.path.relative_to(self.root).as_posix(), "sort": one.sort, "what": one.what}
                for one in self.findings
            ],
        }


def check_store(store: Store, read_task: Callable[[Path], object]) -> StoreCheck:
    """Read a whole store; the shipped checkpoints are not looked at.

    Args:
        store: The store.
        read_task: Reads a declaration of a user's own task.
    """
    root, cost = store.root, store.root / COST_FILE
    findings = [
        *(Finding(root / room, "damaged", "is no folder") for room in ROOMS if _is_no_folder(root / room)),
        *_unfinished(root),
        *_runs(store),
        *check_evaluations(store),
        *_each(entries(root / "explanations"), ExplanationRecord.read),
        *_each([cost] if cost.exists() else [], CostRecord.read),
        *_each(entries(root / "tasks"), read_task),
        *(Finding(path, "left", "vectors without an index") for path in left_segments(root / "cache")),
        *(Finding(path, "damaged", what) for path, what in broken_segments(root / "cache")),
        *_partial(store),
    ]
    files = [path for room in ROOMS for path in (root / room).rglob("*") if path.is_file()]
    size = sum(path.lstat().st_size for path in files)
    return StoreCheck(root, len(files), size, tuple(sorted(findings, key=lambda finding: finding.path)))


def _is_no_folder(path: Path) -> bool:
    return not path.is_dir() and (path.exists() or path.is_symlink())


def _unfinished(root: Path) -> Iterator[Finding]:
    found = [*root.glob(".*"), *(path for room in ROOMS for path in (root / room).rglob(".*"))]
    for path in found:
        # What is inside of something unfinished goes with it.
        inside = any(is_unfinished(parent) for parent in path.relative_to(root).parents)
        if is_unfinished(path) and not inside:
            left = is_abandoned(path)
            what = "was never finished, its writer died" if left else "is being written"
            yield Finding(path, "left" if left else "note", what)


def _runs(store: Store) -> Iterator[Finding]:
    there = {checkpoint.run for checkpoint in store.checkpoints()}
    for folder in entries(store.root / "runs"):
        if not folder.is_dir():
            yield Finding(folder, "damaged", "is a file where the folder of a checkpoint belongs")
            continue
        checkpoint, found = read_or_find(folder / RECORD, store.read_checkpoint)
        if checkpoint is None:
            # The record alone is of no use, and neither is the rest without it.
            yield from (Finding(folder, one.sort, f"{RECORD}: {one.what}") for one in found)
            continue
        fault = whole_fault(checkpoint)
        if fault:
            yield Finding(folder, "damaged", fault)
        else:
            yield from _unknown_files(checkpoint)
        for name, run in checkpoint.record.members.items():
            if run not in there:
                yield Finding(folder, "note", f"was trained on run {run} of {name}, which is not here")


def _unknown_files(checkpoint: Checkpoint) -> Iterator[Finding]:
    known = {*checkpoint.record.files, RECORD, "README.md"}
    for file in checkpoint.path.rglob("*"):
        if file.is_file() and file.relative_to(checkpoint.path).as_posix() not in known and not is_unfinished(file):
            yield Finding(file, "note", "is not of the checkpoint")


def _each(paths: list[Path], read: Callable[[Path], object]) -> Iterator[Finding]:
    for path in paths:
        yield from read_or_find(path, read)[1]


def _partial(store: Store) -> Iterator[Finding]:
    for path in entries(store.root / "partial"):
        if path.suffix == ".lock":
            left = is_abandoned(path)
            yield Finding(path, "left" if left else "note", "its process died" if left else "a process is at work")
        elif is_live(store, path.name):
            continue
        elif (store.root / "runs" / path.name / RECORD).exists():
            yield Finding(path, "left", "the state of a run that is finished")
        else:
            yield Finding(path, "note", "an unfinished run: the same command goes on from here")


def is_live(store: Store, run: str) -> bool:
    """Whether a process is training a run now."""
    lock = store.root / "partial" / f"{run}.lock"
    return lock.exists() and not is_abandoned(lock)
