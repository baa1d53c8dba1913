"""Setups come from the hub into a store, once everything about them is checked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xadapt.errors import RunFailed, XadaptError, unknown
from xadapt.portable.hub.access import connect, fetch, hub_errors
from xadapt.portable.hub.index import (
    INDEX,
    Entry,
    FetchedRecord,
    Index,
    check_names,
    read_index,
    read_record,
    run_folder,
)
from xadapt.store.checkpoints import RECORD, Checkpoint, verify_checkpoint
from xadapt.store.files import atomic_folder, sha256_file, sha256_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from huggingface_hub import HfApi

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.store.store import Store


@dataclass
class Pulled:
    """What became of a pull.

    Attributes:
        repo: The repository.
        revision: The commit.
        entries: The setups that were asked for.
        taken: Checkpoints that are new in the store, by run.
        kept: Those that were there.
        missing: Those that are neither in the repository nor in the store.
        differing: Those of the kept ones whose weights in the repository are others: the same run, made twice.
        instead: By expression, the run that this store uses where a setup is of another one.
        displaced: By expression, the run that this store used until now.
    """

    repo: str
    revision: str
    entries: list[Entry]
    taken: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    differing: dict[str, str] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    displaced: dict[str, str] = field(default_factory=dict)

    def usable(self, entry: Entry) -> bool:
        """Whether a setup has all its checkpoints, as they were when it was pushed."""
        return not {**self.missing, **self.differing}.keys() & set(entry.runs.values())


def pull(
    context: Context,
    repo: str,
    setup: Node | None = None,
    *,
    revision: str | None = None,
    api: HfApi | None = None,
) -> Pulled:
    """Download the setups of a repository into a store.

    Every checkpoint is checked before the first is taken. What is in the store and whole stays as it is; a download
    that was cut goes on when it is asked for again.

    Args:
        context: The store that the checkpoints go to; its base need not be there.
        repo: The repository, ``OWNER/NAME``.
        setup: One of its setups, None for all.
        revision: A branch, tag or commit, None for the newest.
        api: The hub, that of the environment when None.

    Raises:
        XadaptError: If there is no such repository or setup, or something in it is not safe or not as it was pushed.
        RunFailed: If the hub cannot be reached.
    """
    api, store = api or connect(), context.store
    with hub_errors(api, repo, revision):
        info = api.model_info(repo, revision=revision)
        names = [sibling.rfilename for sibling in info.siblings or ()]
        if INDEX not in names:
            raise _not_ours(repo, revision, names)
        staging = store.partial_path(f"pull-{sha256_json([api.endpoint, repo, info.sha])[:16]}")
        download = _Download(api, repo, str(info.sha), names, staging)
        try:
            pulled, records = _choose(download, store, setup)
            context.display.say(f"pulling from {repo} at {download.revision[:8]}, new checkpoints: {len(records)}")
            download.files(records)
        except RunFailed:
            raise
        except XadaptError:
            # What is not right would be found there again by another try.
            shutil.rmtree(staging, ignore_errors=True)
            raise
    before = _used(store, pulled.entries)
    for run, record in records.items():
        with atomic_folder(store.run_path(run)) as folder:
            shutil.copytree(staging / run_folder(run), folder, dirs_exist_ok=True)
        pulled.taken[run] = record.setup
    shutil.rmtree(staging, ignore_errors=True)
    now = _used(store, pulled.entries)
    pulled.displaced = {name: run for name, run in before.items() if now[name] != run}
    for entry in pulled.entries:
        # Members of what was trained on them are found by their run, all others by their name.
        for name in [entry.setup] if entry.setup in entry.runs else entry.runs:
            if now.get(name, entry.runs[name]) != entry.runs[name]:
                pulled.instead[name] = now[name]
    return pulled


@dataclass(frozen=True)
class _Download:
    """A repository at a commit, and where its files go until all are there and right."""

    api: HfApi
    repo: str
    revision: str
    names: list[str]
    staging: Path

    def index(self) -> Index:
        fetch(self.api, self.repo, self.revision, [INDEX], self.staging)
        return read_index(self.staging / INDEX, self.repo)

    def records(self, index: Index, runs: dict[str, str]) -> dict[str, FetchedRecord]:
        for run in runs:
            check_names((name for name in self.names if name.startswith(f"{run_folder(run)}/")), self.repo)
        digests = {f"{run_folder(run)}/{RECORD}": index.runs[run].record for run in runs}
        self._check_there(digests)
        fetch(self.api, self.repo, self.revision, list(digests), self.staging)
        self._compare(digests)
        return {run: read_record(self.staging / run_folder(run), self.repo, name, run) for run, name in runs.items()}

    def files(self, records: dict[str, FetchedRecord]) -> None:
        digests = {
            f"{run_folder(run)}/{name}": d for run, record in records.items() for name, d in record.files.items()
        }
        cards = [card for card in (f"{run_folder(run)}/README.md" for run in records) if card in self.names]
        self._check_there(digests)
        fetch(self.api, self.repo, self.revision, [*digests, *cards], self.staging, bar=True)
        self._compare(digests)

    def _check_there(self, digests: dict[str, str]) -> None:
        lacking = next((name for name in digests if name not in self.names), None)
        if lacking:
            raise XadaptError(f"{self.repo} lacks {lacking}: have it pushed again")

    def _compare(self, digests: dict[str, str]) -> None:
        wrong = next((name for name, digest in digests.items() if sha256_file(self.staging / name) != digest), None)
        if wrong:
            raise XadaptError(
                f"{wrong} of {self.repo} is corrupt or cut short (SHA-256 differs), so nothing was taken: pull again; "
                "if it stays so, have it pushed again"
            )


def _choose(download: _Download, store: Store, setup: Node | None) -> tuple[Pulled, dict[str, FetchedRecord]]:
    """Find out what of the wanted setups is here, what is to be downloaded and what is nowhere."""
    index = download.index()
    entries = [entry for entry in index.setups if setup is None or entry.setup == str(setup)]
    if not entries:
        raise unknown(f"setup of {download.repo}", str(setup), {entry.setup for entry in index.setups})
    wanted = {run: name for entry in entries for name, run in entry.runs.items()}
    records = download.records(index, {run: name for run, name in wanted.items() if run in index.runs})
    here = {run: found for run in wanted if (found := _whole(store, run))}
    others = {run for run in here.keys() & records.keys() if records[run].files != here[run].record.files}
    # A shipped run may have the repository's beside it, which goes before it; the store's own is not replaced.
    barred = {run for run in others if here[run].path == store.run_path(run)}
    new = {run: record for run, record in records.items() if run not in here or run in others - barred}
    pulled = Pulled(
        download.repo,
        download.revision,
        entries,
        kept={run: wanted[run] for run in here if run not in {*new, *barred}},
        missing={run: name for run, name in wanted.items() if run not in {*records, *here}},
        differing={run: wanted[run] for run in sorted(barred)},
    )
    return pulled, new


def _used(store: Store, entries: Sequence[Entry]) -> dict[str, str]:
    """The run that a command takes for each expression in these setups, where there is one."""
    found = {}
    for entry in entries:
        for name in entry.runs:
            first = store.find(name, entry.fingerprint, entry.seed)
            if first and first.record.base.fingerprint == entry.fingerprint:
                found[name] = first.run
    return found


def _not_ours(repo: str, revision: str | None, names: Sequence[str]) -> XadaptError:
    if any(name.rpartition("/")[2] == "adapter_config.json" for name in names):
        return XadaptError(f"{repo} is a plain adapter that was not pushed by xadapt: use `xadapt import {repo}`")
    return XadaptError(f"{repo} at {revision or 'main'} has no {INDEX}: it was not pushed by `xadapt push`")


def _whole(store: Store, run: str) -> Checkpoint | None:
    try:
        found = store.by_run(run)
        if found:
            verify_checkpoint(found, found.record.base.fingerprint, "")
    except XadaptError:
        return None
    return found
