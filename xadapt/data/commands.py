"""What the data commands do, each in one call: list what a source has, check a mirror, fill one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from xadapt.data.inventory import Stock, declared_facts, take_stock
from xadapt.data.language_codes import language_codes
from xadapt.data.mirror_check import MirrorCheck, check_mirror
from xadapt.data.pull import Outcome, failures, needed_files, pull, with_earlier
from xadapt.data.source import open_source
from xadapt.errors import RunFailed, XadaptError
from xadapt.tasks.catalogue import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xadapt.data.manifest import Entry
    from xadapt.data.source import Source
    from xadapt.store.records import Json
    from xadapt.tasks import Task

#: Called with how many files of how many are done, and a name or a line.
Progress = Callable[[int, int, str], None]


def _nothing(done: int, of: int, text: str) -> None:
    pass


@dataclass(frozen=True)
class Listing:
    """The data that tasks need.

    Attributes:
        source: The data source.
        tasks: The tasks.
        stocks: What the source has of each; None for the hub, which is not asked.
        notes: By task that the hub cannot serve, how to get its data.
    """

    source: Source
    tasks: Sequence[Task]
    stocks: Sequence[Stock] | None
    notes: dict[str, str]

    def as_json(self) -> list[Json]:
        """A task an entry, for programs."""
        if self.stocks is None:
            return [declared_facts(task) for task in self.tasks]
        return [{**declared_facts(stock.task), **stock.facts()} for stock in self.stocks]


def list_data(names: Iterable[str] = (), data: str | None = None) -> Listing:
    """List what tasks need and what a data source has of it.

    Args:
        names: Suites, groups or tasks; none for all.
        data: ``hub``, ``bundled`` or the folder of a mirror; None for ``$XADAPT_DATA``, else the hub.

    Raises:
        XadaptError: If a name or the data source is wrong.
    """
    tasks, source = DEFAULT.pick(names), open_source(data)
    stocks = None if source.name == "hub" else [take_stock(source, task) for task in tasks]
    return Listing(source, tasks, stocks, needed_files(tasks)[1])


def check_data(folder: Path, names: Sequence[str] = (), progress: Progress = _nothing) -> MirrorCheck:
    """Read every file of a mirror that tasks declare.

    Args:
        folder: The mirror.
        names: Suites, groups or tasks; none for all.
        progress: Called with how many files of how many are done, and the name of the next one.

    Raises:
        XadaptError: If a name is wrong, or there is no such folder.
        RunFailed: If the folder has none of the files.
    """
    tasks = DEFAULT.pick(names)
    if not folder.is_dir():
        raise XadaptError(f"no folder {folder}: give the folder of a mirror")
    result = check_mirror(folder, tasks, progress)
    if not result.readings and not result.findings:
        what = " ".join(names or ["all"])
        raise RunFailed(
            f"{folder} has none of the files of {what}: get them with `xadapt data pull {what} --to {folder}`"
        )
    return result


def check_json(result: MirrorCheck) -> Json:
    """All that a check found, for programs."""
    return {
        "tasks": [{"task": stock.task.name, **stock.facts()} for stock in result.stocks],
        "files": [asdict(reading) for reading in result.readings],
        "faults": [asdict(finding) for finding in result.faults],
        "warnings": [asdict(finding) for finding in result.warnings],
        "reused": [asdict(reused) for reused in result.reused],
        "undeclared": result.undeclared,
    }


@dataclass(frozen=True)
class MirrorPull:
    """What became of the files that a mirror was to get.

    Attributes:
        folder: The mirror.
        outcomes: What became of each file.
        notes: By task that the hub cannot serve, how to get its data.
    """

    folder: Path
    outcomes: Sequence[Outcome]
    notes: dict[str, str]

    @property
    def written(self) -> dict[str, Entry]:
        """What was pulled, by file."""
        return {outcome.file: outcome.entry for outcome in self.outcomes if outcome.entry}

    @property
    def kept(self) -> list[str]:
        """Files that were there."""
        return sorted({outcome.file for outcome in self.outcomes if outcome.kept})

    @property
    def failed(self) -> list[str]:
        """What could not be had and why, a data set with one reason in one line."""
        return failures(self.outcomes)

    def as_json(self) -> Json:
        """All of it, for programs."""
        files = {name: {"rows": entry.rows, "bytes": entry.bytes} for name, entry in sorted(self.written.items())}
        facts = {"pulled": files, "kept": self.kept, "failed": self.failed, "not_on_the_hub": self.notes}
        return {"folder": str(self.folder), **facts}


def pull_data(
    folder: Path,
    names: Iterable[str],
    languages: str = "all",
    workers: int = 4,
    progress: Progress = _nothing,
) -> MirrorPull:
    """Download the data sets of tasks, and of those that others' adapters are trained on first, into a mirror.

    Args:
        folder: The mirror.
        names: Suites, groups or tasks.
        languages: ``all`` or codes separated by commas, of test rows.
        workers: Sets to get at once.
        progress: Called with how many files of how many are done, and what became of the last one.

    Raises:
        XadaptError: If a name or language is wrong, or the folder cannot be written.
        RunFailed: If something has to be downloaded and the hub cannot be reached.
    """
    wanted, notes = needed_files(with_earlier(DEFAULT.pick(names)), language_codes(languages))
    outcomes = pull(folder, wanted, workers, lambda done, of, outcome: progress(done, of, str(outcome)))
    return MirrorPull(folder, outcomes, notes)
