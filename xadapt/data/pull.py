"""Filling a mirror from the hub: several files at once, each whole or not at all, and none twice."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.data.files import READERS, count_rows
from xadapt.data.hub import load_split, reason
from xadapt.data.inventory import Part, parts_of
from xadapt.data.language_codes import unknown_language
from xadapt.data.manifest import Entry, read_manifest, write_manifest
from xadapt.errors import RunFailed, XadaptError
from xadapt.store.files import atomic_write_bytes, sha256_file
from xadapt.tasks.catalogue import SHIPPED
from xadapt.tasks.languages import is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from xadapt.tasks import Task


@dataclass(frozen=True)
class Wanted:
    """Rows to be had from the hub: of several splits the first that there is.

    Attributes:
        hub_id: The data set.
        config: Its configuration.
        splits: Its splits in order of preference.
    """

    hub_id: str
    config: str
    splits: tuple[str, ...]

    def file(self, split: str) -> str:
        """Its path inside a mirror."""
        return f"{self.hub_id}/{self.config}/{split}.parquet"


@dataclass(frozen=True)
class Outcome:
    """What became of one of them.

    Attributes:
        file: Its path inside the mirror.
        entry: What was written, None when nothing was.
        failure: Why it could not be had.
    """

    file: str
    entry: Entry | None = None
    failure: str = ""

    @property
    def kept(self) -> bool:
        """Whether it was there."""
        return self.entry is None and not self.failure

    def __str__(self) -> str:
        if self.entry:
            return f"{self.file}: {self.entry.rows:,} rows, {self.entry.bytes / 1e6:.1f} MB"
        return f"{self.file}: {self.failure or 'is there'}"


def with_earlier(tasks: Iterable[Task]) -> list[Task]:
    """Add the tasks that others' adapters are trained on first."""
    found = {task.name: task for task in tasks}
    for task in list(found.values()):
        if task.after:
            found.setdefault(task.after, SHIPPED[task.after])
    return list(found.values())


def needed_files(tasks: Sequence[Task], languages: Sequence[str] = ()) -> tuple[list[Wanted], dict[str, str]]:
    """List what tasks need, each file once.

    Args:
        tasks: The tasks.
        languages: Languages of test rows, none for all; a pair is taken when both of its languages are.

    Returns:
        What the hub has, and by task how to get what it has not.

    Raises:
        XadaptError: If a language is unknown, or none of the tasks has it.
    """
    for code in languages:
        if not is_known(code):
            raise unknown_language(code)
        if not any(code in (language, *language.split("-")) for task in tasks for language in task.languages):
            raise XadaptError(f"none of these tasks has test rows in {code!r}")
    found: dict[Wanted, None] = {}
    notes: dict[str, str] = {}
    for part in (part for task in tasks for part in parts_of(task)):
        rows = part.rows
        if rows.path or (languages and not _is_wanted(part, languages)):
            continue
        if rows.on_hub:
            found[Wanted(rows.hub_id, part.config, rows.splits)] = None
        else:
            notes[part.task.name] = part.task.note
    return list(found), notes


def _is_wanted(part: Part, languages: Sequence[str]) -> bool:
    if part.role in ("train", "dev") or "{" not in part.rows.config + part.rows.id_prefix:
        return True
    return part.language in languages or all(code in languages for code in part.language.split("-"))


def pull(
    root: Path,
    wanted: Sequence[Wanted],
    workers: int = 4,
    progress: Callable[[int, int, Outcome], None] = lambda done, of, outcome: None,
) -> list[Outcome]:
    """Download what a mirror does not have.

    A file that is there is kept, unless it was pulled and its SHA-256 is no longer the same. A set that cannot be had
    does not stop the others.

    Args:
        root: The mirror.
        wanted: What to get.
        workers: Configurations to get at once.
        progress: Called with how many files of how many are done, and what became of the last one.

    Returns:
        What became of each, those first that were there.

    Raises:
        RunFailed: If something has to be downloaded and the hub cannot be reached.
        XadaptError: If the folder cannot be written.
    """
    manifest = read_manifest(root)
    outcomes = [Outcome(item.file(item.splits[0])) for item in wanted if _is_there(root, item, 0, manifest)]
    todo = [item for item in wanted if item.file(item.splits[0]) not in {outcome.file for outcome in outcomes}]
    if not todo:
        return outcomes
    from xadapt.connection import prepare_hub

    if not prepare_hub():
        count = f"{len(todo):,} of {len(wanted):,} files are still to be pulled" if outcomes else "nothing was pulled"
        raise RunFailed(f"the hub cannot be reached, {count}: run this where it can, and copy the folder from there")
    done = 0
    # Splits of one configuration come out of one download, so they are not asked for at the same time.
    together: dict[tuple[str, str], list[Wanted]] = {}
    for item in todo:
        together.setdefault((item.hub_id, item.config), []).append(item)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        jobs = [pool.submit(_fetch_all, root, items, dict(manifest)) for items in together.values()]
        try:
            for job in as_completed(jobs):
                for outcome in job.result():
                    outcomes.append(outcome)
                    if outcome.entry:
                        manifest[outcome.file] = outcome.entry
                        write_manifest(root, manifest)
                    done += 1
                    progress(done, len(todo), outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return outcomes


def _is_there(root: Path, item: Wanted, number: int, manifest: dict[str, Entry]) -> bool:
    name = item.file(item.splits[number])
    path = root / name
    if not path.is_file():
        # A file of the user's own may be of another kind.
        return any(path.with_suffix(ending).is_file() for ending in READERS)
    if name in manifest:
        return sha256_file(path) == manifest[name].sha256
    try:
        count_rows(path)
    except XadaptError:
        return False
    return True


def _fetch_all(root: Path, items: list[Wanted], manifest: dict[str, Entry]) -> list[Outcome]:
    outcomes = []
    for item in items:
        outcomes.append(_fetch(root, item, manifest))
        entry = outcomes[-1].entry
        if entry:
            # A split that two tasks fall back on is got once.
            manifest[outcomes[-1].file] = entry
    return outcomes


def _fetch(root: Path, item: Wanted, manifest: dict[str, Entry]) -> Outcome:
    for number, split in enumerate(item.splits):
        name = item.file(split)
        if _is_there(root, item, number, manifest):
            return Outcome(name)
        try:
            table = load_split(item.hub_id, item.config, split)
            if table is None:
                continue
            written = io.BytesIO()
            table.to_parquet(written)
        except Exception as error:
            return Outcome(name, failure=reason(error))
        data = written.getvalue()
        atomic_write_bytes(root / name, data)
        return Outcome(name, Entry(hashlib.sha256(data).hexdigest(), len(table), len(data)))
    return Outcome(item.file(item.splits[0]), failure=f"the hub has no split {' or '.join(item.splits)} of it")


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """What could not be had and why, a data set with one reason in one line."""
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.failure:
            hub_id = "/".join(outcome.file.split("/")[:2])
            found.setdefault((hub_id, outcome.failure), []).append(outcome.file.removeprefix(f"{hub_id}/"))
    return [
        f"{hub_id}: {why} ({files[0] if len(files) == 1 else f'{len(files)} files'})"
        for (hub_id, why), files in found.items()
    ]
