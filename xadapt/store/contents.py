"""What a store holds and how much room it takes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from xadapt.store.check import DAMAGED, is_live
from xadapt.store.checkpoints import RECORD
from xadapt.store.findings import entries
from xadapt.store.unfinished import find_unfinished, is_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.result_record import Result
    from xadapt.store.store import Store


@dataclass(frozen=True)
class Item:
    """A checkpoint or the result of an evaluation.

    Attributes:
        kind: ``checkpoint`` or ``result``.
        run: Its run.
        setup: Its setup.
        tasks: What it was trained on, or measured on.
        seed: Its seed.
        base: The name of its base.
        score: The main score on English dev rows, or the mean over languages, 0–100; None where there is none.
        metric: Of the score.
        bytes: The room that it takes, with predictions and per-example scores.
        changed: When it was written, in seconds since 1970.
        paths: Its files and folders.
        used_by: Runs of checkpoints that were trained on it, and of results that it gave.
    """

    kind: Literal["checkpoint", "result"]
    run: str
    setup: str
    tasks: tuple[str, ...]
    seed: int
    base: str
    score: float | None
    metric: str
    bytes: int
    changed: float
    paths: tuple[Path, ...]
    used_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        facts = {key: getattr(self, key) for key in ("kind", "run", "setup", "seed", "base", "score", "metric")}
        return {
            **facts,
            "tasks": list(self.tasks),
            "bytes": self.bytes,
            "changed": round(self.changed),
            "paths": [str(path) for path in self.paths],
            "used_by": list(self.used_by),
        }


@dataclass(frozen=True)
class Room:
    """What a part of a store takes.

    Attributes:
        name: The part.
        files: Its files.
        bytes: Their size.
        free: How much of it can go without anything being trained or evaluated again.
        command: The command that frees it, "" for none.
    """

    name: str
    files: int
    bytes: int
    free: int = 0
    command: str = ""

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        return asdict(self)


def items(store: Store) -> list[Item]:
    """The checkpoints and the results of a store, the newest first; those that are damaged are left out."""
    own = [checkpoint for checkpoint in store.checkpoints() if checkpoint.path == store.run_path(checkpoint.run)]
    results = store.results()
    users: dict[str, list[str]] = defaultdict(list)
    for checkpoint in own:
        for run in dict.fromkeys(checkpoint.record.members.values()):
            users[run].append(checkpoint.run)
    for result in results:
        for run in dict.fromkeys(result.members.values()):
            users[run].append(result.run)
    found = [_checkpoint_item(checkpoint, users[checkpoint.run]) for checkpoint in own]
    found += [_result_item(store, result) for result in results]
    return sorted(found, key=lambda item: (-item.changed, item.run))


def _checkpoint_item(checkpoint: Checkpoint, users: Iterable[str]) -> Item:
    record, path = checkpoint.record, checkpoint.path
    scores = next(iter(checkpoint.scores.values()), {})
    metric = next(iter(scores), "")
    return Item(
        kind="checkpoint",
        run=record.run,
        setup=record.setup,
        tasks=tuple(record.tasks),
        seed=record.seed,
        base=record.base.name,
        score=scores.get(metric),
        metric=metric,
        bytes=measure([path])[1],
        changed=(path / RECORD).stat().st_mtime,
        paths=(path,),
        used_by=tuple(users),
    )


def _result_item(store: Store, result: Result) -> Item:
    path = store.result_path(result.run)
    beside = [store.root / name / result.run for name in ("predictions", "examples")]
    paths = (path, *(folder for folder in beside if folder.is_dir()))
    mean = result.means.get(result.metric)
    return Item(
        kind="result",
        run=result.run,
        setup=result.setup,
        tasks=(result.task,),
        seed=result.seed,
        base=result.base,
        score=mean,
        metric=result.metric,
        bytes=measure(paths)[1],
        changed=path.stat().st_mtime,
        paths=paths,
    )


def rooms(store: Store) -> list[Room]:
    """What each part of a store takes, and what of it can go."""
    root = store.root
    every = items(store)
    unused = sum(item.bytes for item in every if item.kind == "checkpoint" and not item.used_by)
    states = measure(unfinished_states(store))
    evaluations = [root / name for name in ("results", "predictions", "examples", "explanations")]
    cache, damaged = measure([root / "cache"]), measure([root / DAMAGED])
    reports = measure([root / name for name in ("reports", "logs")])
    remove = "xadapt store remove"
    parts = [
        Room("checkpoints", *measure([root / "runs"]), unused, f"{remove} --unused"),
        Room("results", *measure(evaluations), 0, f"{remove} SETUP --results"),
        Room("cache", *cache, cache[1], f"{remove} --caches"),
        Room("unfinished runs", *measure([root / "partial"]), states[1], f"{remove} --unfinished"),
        Room("set aside", *damaged, damaged[1], f"{remove} --damaged"),
        Room("reports and logs", *reports),
    ]
    files, size = measure([root])
    known = sum(part.files for part in parts), sum(part.bytes for part in parts)
    return [*parts, Room("other", files - known[0], size - known[1])]


def unfinished_states(store: Store) -> list[Path]:
    """What is kept of runs that were cut, and what was never finished; not what a process works on."""
    partial = store.root / "partial"
    states = [path for path in entries(partial) if not is_live(store, path.stem)]
    every = [path for path in find_unfinished(store.root) if DAMAGED not in path.parts]
    return [*states, *(path for path in every if is_abandoned(path) and path.parent != partial)]


def measure(paths: Iterable[Path]) -> tuple[int, int]:
    """How many files there are in files and folders, and their size; a link counts as itself."""
    files = size = 0
    for path in paths:
        inside = [path] if path.is_file() or path.is_symlink() else path.rglob("*")
        for file in inside:
            if file.is_symlink() or file.is_file():
                files, size = files + 1, size + file.lstat().st_size
    return files, size
