"""Reading every row of a mirror: what would stop a run, and what would quietly change its figures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from xadapt.data.columns import column_names, to_fields
from xadapt.data.file_findings import Finding, file_findings
from xadapt.data.files import RawTable, count_rows, read_table
from xadapt.data.inventory import Part, Stock, parts_of, take_stock, undeclared
from xadapt.data.manifest import read_manifest
from xadapt.data.row_checks import is_unlabelled
from xadapt.data.source import Source
from xadapt.errors import DataFault, XadaptError
from xadapt.store.files import sha256_file
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xadapt.tasks import Task
    from xadapt.tasks.task import Column


@dataclass(frozen=True)
class Reading:
    """A file that was read.

    Attributes:
        file: The file, inside the mirror.
        tasks: Names of the tasks that read it.
        rows: Its rows.
        unlabelled: Those without a gold label, which are left out.
    """

    file: str
    tasks: tuple[str, ...]
    rows: int
    unlabelled: int


@dataclass(frozen=True)
class Reused:
    """English test rows that are English development rows, too, and so choose checkpoints.

    Attributes:
        task: The task's name.
        rows: How many there are.
        of: All English test rows.
    """

    task: str
    rows: int
    of: int


@dataclass
class MirrorCheck:
    """What was found in a mirror.

    Attributes:
        stocks: What is there of each task.
        readings: All files that were read.
        findings: Faults and warnings, by file.
        reused: Tasks with English test rows that choose checkpoints: no fault, but it bears on their scores.
        undeclared: Files that no task reads.
    """

    stocks: list[Stock]
    readings: list[Reading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reused: list[Reused] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[Finding]:
        """Findings that are faults."""
        return [finding for finding in self.findings if finding.fault]

    @property
    def warnings(self) -> list[Finding]:
        """The others."""
        return [finding for finding in self.findings if not finding.fault]


def check_mirror(
    root: Path, tasks: Sequence[Task], progress: Callable[[int, int, str], None] = lambda done, of, name: None
) -> MirrorCheck:
    """Read every file of a mirror that tasks declare.

    Args:
        root: The mirror.
        tasks: The tasks.
        progress: Called with how many files of how many are done, and the name of the next one.

    Returns:
        What is there, and what is wrong with it.

    Raises:
        XadaptError: If there is no such folder, or its list of pulled files is damaged.
    """
    source, manifest = Source(str(root)), read_manifest(root)
    result = MirrorCheck([replace(take_stock(source, task), unreadable=()) for task in tasks])
    files: dict[Path, list[Part]] = {}
    for part in (part for task in tasks for part in parts_of(task)):
        path = part.file(root)
        if path is not None:
            files.setdefault(path, []).append(part)
    for number, (path, parts) in enumerate(sorted(files.items())):
        name = _inside(root, path)
        progress(number, len(files), name)
        if name in manifest and sha256_file(path) != manifest[name].sha256:
            result.findings.append(Finding(name, "it is not what was pulled (its SHA-256 differs): pull it again"))
        try:
            table = read_table(path, _columns(parts), spec_of(parts[0].task.kind).tagged)
        except XadaptError as error:
            result.findings.append(Finding(name, _without_file(error)))
            continue
        unlabelled, findings = _read(name, table, parts)
        result.findings += findings
        names = tuple(dict.fromkeys(part.task.name for part in parts))
        result.readings.append(Reading(name, names, len(table.rows), unlabelled))
    progress(len(files), len(files), "")
    gone = sorted(name for name in manifest if not (root / name).is_file())
    result.findings += [Finding(name, "it was pulled and is gone: pull it again") for name in gone]
    result.findings += [finding for task in tasks for finding in _unpaired(root, task)]
    result.reused = [reused for task in tasks if (reused := _reused(root, task))]
    result.undeclared = undeclared(root)
    return result


def _inside(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _without_file(error: XadaptError) -> str:
    # A finding names its file beside it.
    return error.what if isinstance(error, DataFault) else str(error)


def _columns(parts: list[Part]) -> list[str]:
    columns = {"id": None}
    for part in parts:
        columns |= dict.fromkeys(column_names(part.rows.columns or part.task.columns))
        columns |= dict.fromkeys(column_names(part.task.optional))
    return list(columns)


def _read(name: str, table: RawTable, parts: list[Part]) -> tuple[int, list[Finding]]:
    # Several tasks may read a file alike; one file may hold the rows of many languages.
    alike: dict[str, Part] = {}
    for part in parts:
        columns = part.rows.columns or part.task.columns
        reading = (columns, part.task.optional, part.task.kind, part.id_prefix, part.role in ("pool", "gold"))
        alike.setdefault(repr(reading), part)
    unlabelled, findings = 0, []
    for part in alike.values():
        kept = [(n, row) for n, row in enumerate(table.rows) if str(row.get("id", "")).startswith(part.id_prefix)]
        try:
            rows = to_fields(
                replace(table, rows=[row for _, row in kept]), part.task, part.rows.columns or part.task.columns, name
            )
        except XadaptError as error:
            findings.append(Finding(name, _without_file(error)))
            continue
        unlabelled = max(unlabelled, sum(map(is_unlabelled, rows)))
        if not rows and part.id_prefix:
            continue
        for finding in file_findings(name, rows, part):
            # A row is counted in the file, as a reader finds it there.
            findings.append(finding if finding.row is None else replace(finding, row=kept[finding.row][0]))
    return unlabelled, list(dict.fromkeys(findings))


def _unpaired(root: Path, task: Task) -> Iterator[Finding]:
    """Gold pairs and entities must be found where they are looked for."""
    if task.gold is not None and task.test is not None and task.pool is not None:
        for gold in (part for part in parts_of(task) if part.role == "gold"):
            for side, role, rows in (("source", "test", task.test), ("target", "pool", task.pool)):
                among = Part(task, role, gold.language, rows)
                what = f"is the id of no sentence of {rows.hub_id} {among.config}"
                yield from _unknown(root, gold, side, _values(root, among, "id"), what)
        return
    pool = spec_of(task.kind).pool
    if pool and pool.named_by and task.pool is not None and task.test is not None:
        known = _values(root, Part(task, "pool", "en", task.pool), pool.key)
        for part in (part for part in parts_of(task) if part.role == "test"):
            yield from _unknown(root, part, pool.named_by, known, "is none of the candidates")


def _reused(root: Path, task: Task) -> Reused | None:
    parts = parts_of(task)
    test = next((part for part in parts if part.role == "test" and part.language == "en"), None)
    path = test.file(root) if test else None
    if test is None or path is None:
        return None
    dev = [part for part in parts if part.role == "dev"]
    try:
        if any((part.file(root), part.id_prefix) == (path, test.id_prefix) for part in dev):
            count = count_rows(path, test.id_prefix, spec_of(task.kind).tagged)
            return Reused(task.name, count, count) if count else None
    except XadaptError:
        # A finding already, from where the file was read.
        return None
    # Files of their own can hold the same questions, as XQuAD's are SQuAD's.
    chosen = {name for part in dev for name in _values(root, part, "id") or ()}
    names = _values(root, test, "id") or []
    shared = sum(name in chosen for name in names)
    return Reused(task.name, shared, len(names)) if shared else None


def _unknown(root: Path, part: Part, name: str, known: list[str] | None, what: str) -> Iterator[Finding]:
    path, values = part.file(root), _values(root, part, name)
    if path is None or values is None or known is None:
        return
    among = set(known)
    strange = [number for number, value in enumerate(values) if value not in among]
    if strange:
        found = f"{name} {values[strange[0]]!r} {what}"
        yield Finding(_inside(root, path), found, True, len(strange), strange[0])


def _values(root: Path, part: Part, name: str) -> list[str] | None:
    path = part.file(root)
    column: Column | None = (part.rows.columns or part.task.columns).get(name)
    if path is None or not isinstance(column, str):
        return None
    try:
        return [str(row.get(column)) for row in read_table(path, [column], spec_of(part.task.kind).tagged).rows]
    except XadaptError:
        # A finding already, from where the file was read.
        return None
