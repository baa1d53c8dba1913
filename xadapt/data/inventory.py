"""What a data source has of what the catalogue declares: files and rows, without reading the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.data import bundled
from xadapt.data.files import READERS, count_rows
from xadapt.data.mirror import mirror_file
from xadapt.errors import XadaptError
from xadapt.tasks.catalogue import SHIPPED
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.data.source import Source
    from xadapt.store.records import Json
    from xadapt.tasks import Rows, Task

#: What a pull writes into a mirror beside its files.
MANIFEST = "xadapt-mirror.json"


@dataclass(frozen=True)
class Part:
    """Rows that a task declares.

    Attributes:
        task: The task.
        role: ``train``, ``dev``, ``test``, ``pool`` or ``gold``.
        language: What the declaration is filled in with.
        rows: The declaration.
    """

    task: Task
    role: str
    language: str
    rows: Rows

    @property
    def config(self) -> str:
        """The configuration, with the language filled in."""
        return self.task.fill(self.rows.config, self.language)

    @property
    def id_prefix(self) -> str:
        """How the ids of its rows begin."""
        return self.task.fill(self.rows.id_prefix, self.language)

    def file(self, root: Path) -> Path | None:
        """Its file in a mirror, None when the mirror has none."""
        if self.rows.path:
            path = Path(self.task.fill(self.rows.path, self.language))
            return path if path.is_file() else None
        return mirror_file(root, self.rows, self.config)


@dataclass(frozen=True)
class Stock:
    """What a data source has of a task.

    Attributes:
        task: The task.
        train: Training rows, 0 for none.
        dev: English development rows.
        test: Test rows of all languages together.
        languages: Languages with test rows.
        splits: The splits that these are from.
        absent: What is declared and not there.
        unreadable: Why files that are there cannot be read, a line each.
    """

    task: Task
    train: int = 0
    dev: int = 0
    test: int = 0
    languages: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    absent: tuple[Part, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def missing_languages(self) -> tuple[str, ...]:
        """Languages without test rows."""
        return tuple(part.language for part in self.absent if part.role == "test")

    @property
    def empty(self) -> bool:
        """Whether there is nothing of it."""
        return len(self.absent) == len(parts_of(self.task))

    def missing(self) -> list[str]:
        """What is not there, in a few words each."""
        if self.empty:
            return ["nothing here"]
        parts = parts_of(self.task)
        missing = []
        for role, name in (("train", "train"), ("dev", "dev"), ("pool", "candidates"), ("gold", "gold pairs")):
            gone = [part for part in self.absent if part.role == role]
            declared = [part for part in parts if part.role == role]
            if gone and (role in ("train", "dev") or len(declared) == 1):
                missing.append(name if len(gone) == len(declared) else f"{name} ({len(gone)} of {len(declared)} files)")
            elif {part.language for part in gone} - set(self.missing_languages):
                missing.append(f"{name} {_some([part.language for part in gone], len(declared))}")
        codes = list(self.missing_languages)
        return missing + ([_some(codes, len(self.task.languages))] if codes else [])

    def facts(self) -> Json:
        """All of it as plain values."""
        return {
            "train_rows": self.train,
            "dev_rows": self.dev,
            "test_rows": self.test,
            "test_splits": list(self.splits),
            "languages_here": list(self.languages),
            "languages_missing": list(self.missing_languages),
            "missing": self.missing(),
            "unreadable": list(self.unreadable),
        }


def declared_facts(task: Task) -> Json:
    """What a task needs, as plain values."""
    return {
        "task": task.name,
        "kind": task.kind.name,
        "suites": list(task.suites),
        "train_sets": hub_sets(task, "train"),
        "dev_sets": hub_sets(task, "dev"),
        "test_sets": hub_sets(task, "test"),
        "languages": list(task.languages) if task.test else [],
    }


def _some(codes: list[str], declared: int) -> str:
    what = "pairs" if any("-" in code for code in codes) else "languages"
    if len(codes) == declared:
        return f"all {declared} {what}"
    return " ".join(codes) if len(codes) <= 8 else f"{len(codes)} {what}"


def parts_of(task: Task) -> list[Part]:
    """All rows that a task declares."""
    parts = [Part(task, role, "en", rows) for role in ("train", "dev") for rows in task.parts(role)]
    for role, rows in (("test", task.test), ("pool", task.pool), ("gold", task.gold)):
        if rows is None:
            continue
        # A pool that all languages share is one file.
        several = role == "test" or "{" in rows.config
        parts += [Part(task, role, language, rows) for language in (task.languages if several else ("en",))]
    return parts


def take_stock(source: Source, task: Task) -> Stock:
    """Count what the bundled demonstration or a mirror has of a task."""
    if source.root is None:
        return _bundled_stock(task)
    counts: dict[str, int] = {}
    splits: dict[str, None] = {}
    languages: list[str] = []
    absent: list[Part] = []
    unreadable: list[str] = []
    for part in parts_of(task):
        path = part.file(source.root)
        try:
            rows = count_rows(path, part.id_prefix, spec_of(part.task.kind).tagged) if path else 0
        except XadaptError as error:
            rows = 0
            unreadable.append(str(error))
        if not path or not rows:
            absent.append(part)
        elif part.role == "test":
            languages.append(part.language)
            splits[path.stem] = None
        counts[part.role] = counts.get(part.role, 0) + rows
    roles = {role: counts.get(role, 0) for role in ("train", "dev", "test")}
    return Stock(
        task,
        **roles,
        languages=tuple(languages),
        splits=tuple(splits),
        absent=tuple(absent),
        unreadable=tuple(unreadable),
    )


def _bundled_stock(task: Task) -> Stock:
    if task.bundled is None:
        return Stock(task, absent=tuple(parts_of(task)))
    name, tests = task.bundled, bundled.languages(task.bundled) if task.test else ()
    languages = [code for code in task.languages if code in tests]
    return Stock(
        task,
        train=len(bundled.rows(name, "en", "train")) if task.train else 0,
        dev=len(bundled.rows(name, "en", "dev")) if task.dev else 0,
        test=sum(len(bundled.rows(name, code, "test")) for code in languages),
        languages=tuple(languages),
        splits=("test",) if languages else (),
        absent=tuple(part for part in parts_of(task) if part.role == "test" and part.language not in languages),
    )


def undeclared(root: Path) -> list[str]:
    """Files of a mirror that no task reads, those of one data set in one line."""
    declared = {MANIFEST}
    for part in (part for task in SHIPPED.values() for part in parts_of(task)):
        folder = f"{part.rows.hub_id}/{part.config}"
        declared.update(f"{folder}/{split}{ending}" for split in part.rows.splits for ending in READERS)
    groups: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if not path.is_file() or inside.as_posix() in declared or any(part.startswith(".") for part in inside.parts):
            continue
        # A data file lies four deep; anything else is named by itself.
        group = "/".join(inside.parts[:2]) if len(inside.parts) == 4 else ""
        groups.setdefault(group, []).append(inside.as_posix())
    alone = groups.pop("", [])
    return alone + [_together(name, files) for name, files in groups.items()]


def _together(name: str, files: list[str]) -> str:
    if len(files) == 1:
        return files[0]
    return f"{name}: {len(files)} files ({', '.join(dict.fromkeys(file.rsplit('/', 1)[1] for file in files))})"


def hub_sets(task: Task, role: str) -> list[str]:
    """The ids of the data sets that a task's rows of a role come from, each once."""
    return list(dict.fromkeys(part.rows.path or part.rows.hub_id for part in parts_of(task) if part.role == role))


def total(stocks: Iterable[Stock]) -> dict[str, int]:
    """How many tasks are whole, there in part, or not there."""
    counts = {"whole": 0, "in part": 0, "not there": 0}
    for stock in stocks:
        counts["not there" if stock.empty else "in part" if stock.absent or stock.unreadable else "whole"] += 1
    return counts
