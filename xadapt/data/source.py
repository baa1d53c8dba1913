"""Rows by name: from the hub, a mirror or the bundled demonstration to the rows of a task."""

from __future__ import annotations

import os
import random
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.data import bundled
from xadapt.data.columns import column_names, to_fields
from xadapt.data.files import count_rows, read_table
from xadapt.data.hub import read_hub
from xadapt.data.language_codes import language_codes, unknown_language
from xadapt.data.mirror import mirror_file, read_mirror
from xadapt.data.row_checks import check_ids, checked_rows
from xadapt.display import Say, unsaid
from xadapt.errors import XadaptError, option
from xadapt.store.files import sha256_json
from xadapt.tasks.languages import is_known
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from xadapt.tasks import Row, Rows, Task

#: Samples are taken by a fixed shuffle, so that a limit means the same rows for every seed and parallel language.
_SAMPLE_SEED = 0
#: Rows that are held at most: samples of a dozen tasks in fifty languages, or one task's whole tests.
_MOST_HELD = 200_000


@dataclass(frozen=True)
class RowSet:
    """Rows of one task, language and split, in the kind's own fields.

    Attributes:
        rows: The rows.
        split: The split they came from.
        available: How many there were before the limit.
    """

    rows: list[Row]
    split: str
    available: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows' contents."""
        return sha256_json(self.rows)


class Source:
    """Where rows come from: the hub, the bundled demonstration or a mirror folder."""

    def __init__(self, name: str, say: Say = unsaid) -> None:
        """Resolve ``hub``, ``bundled`` or a folder.

        Args:
            name: The name.
            say: Called with each note on rows that are read.

        Raises:
            XadaptError: If it is none of them.
        """
        self.root: Path | None = None
        if name not in ("hub", "bundled"):
            self.root = Path(name).expanduser()
            if not self.root.is_dir():
                raise XadaptError(
                    f"no data folder {name!r}: {option('data')} takes hub, bundled or the folder of a mirror"
                )
        self.name = name if self.root is None else f"mirror:{self.root.name}"
        self._say = say
        self._held: OrderedDict[tuple[object, ...], tuple[Task, RowSet]] = OrderedDict()

    def languages(self, task: Task) -> tuple[str, ...]:
        """The languages that this source has test rows of, English first."""
        if self._bundles(task):
            found = list(bundled.languages(task.bundled)) if task.bundled else []
        elif task.test is None:
            found = ["en"] if task.dev and self.has(task, task.parts("dev")[0], "en") else []
        else:
            found = [code for code in task.languages if self.has(task, task.test, code)]
        return tuple(sorted(found, key=lambda code: (code != "en", code)))

    def has(self, task: Task, rows: Rows, language: str) -> bool:
        """Whether this source has rows of a language, as far as can be told without reading them."""
        if rows.path:
            return Path(task.fill(rows.path, language)).is_file()
        if self.root is None:
            return rows.on_hub
        path = mirror_file(self.root, rows, task.fill(rows.config, language))
        if path is None or not rows.id_prefix:
            return path is not None
        return count_rows(path, task.fill(rows.id_prefix, language), spec_of(task.kind).tagged) > 0

    def _advice(self, task: Task, rows: Rows) -> str:
        """How to get rows that are not here."""
        if rows.path or not rows.on_hub:
            return f"there is no file {rows.path}" if rows.path else task.note
        if self.root is None:
            return f"use {option('data', 'hub')} or a mirror"
        others = option("data", "hub") + f" or {option('data', 'bundled')}" * bool(task.bundled)
        return f"run `xadapt data pull {task.name} --to {self.root}`, or use {others}"

    def _bundles(self, task: Task) -> bool:
        # A user's own files are read whatever the source is.
        return self.name == "bundled" and not task.own

    def pick_languages(self, task: Task, wanted: str) -> tuple[str, ...]:
        """Read what languages are wanted: ``all`` or codes separated by commas.

        Raises:
            XadaptError: If a language is unknown, not in the task, or not in this source.
        """
        here = self.languages(task)
        picked = language_codes(wanted)
        if not picked and not here:
            raise XadaptError(
                f"{self.name} has no test rows of {task.name}: {self._advice(task, task.test or task.parts('dev')[0])}"
            )
        for code in picked:
            if not is_known(code) and code not in task.languages and not task.own:
                raise unknown_language(code)
            if code not in here:
                shown = " ".join(here) or "none"
                raise XadaptError(f"no {task.name} test rows in {code!r} in {self.name}; it has {shown}")
        return picked or here

    def train(self, task: Task, limit: int | None = None) -> RowSet:
        """English training rows, read once like test rows."""
        return self._cached(task, "train", "en", limit, lambda: self._english(task, "train", limit))

    def train_name(self, task: Task) -> str:
        """The name of the data set that the training rows come from, for records and cards."""
        if self._bundles(task):
            return f"bundled {task.bundled}"
        if not task.train:
            raise XadaptError(f"{task.name} declares no train rows")
        return ", ".join(dict.fromkeys(_shown(rows) for rows in task.parts("train")))

    def dev(self, task: Task, limit: int | None = None) -> RowSet:
        """English development rows, read once like test rows."""
        return self._cached(task, "dev", "en", limit, lambda: self._english(task, "dev", limit))

    def test(self, task: Task, language: str, limit: int | None = None) -> RowSet:
        """Test rows of a language; for a task without test rows its English development rows.

        They are read once for all setups that this source serves, and must not be changed.
        """
        return self._cached(task, "test", language, limit, lambda: self._test(task, language, limit))

    def _cached(self, task: Task, part: str, language: str, limit: int | None, read: Callable[[], RowSet]) -> RowSet:
        # The task is held, so that no other can come to have its identity.
        key = (id(task), part, language, limit, _file_states(task, part, language))
        if key not in self._held:
            self._held[key] = (task, read())
            while len(self._held) > 1 and sum(len(rows.rows) for _, rows in self._held.values()) > _MOST_HELD:
                self._held.popitem(last=False)
        return self._held[key][1]

    def _test(self, task: Task, language: str, limit: int | None) -> RowSet:
        if self._bundles(task):
            return self._bundled(task, language, "test", limit)
        if task.test is None:
            return self._english(task, "dev", limit)
        rows, split = self.read(task, task.test, language)
        check_ids([(f"{task.name} {split}", enumerate(rows))], task.kind)
        # A random part of a large corpus would hold next to none of the pairs that are hidden in it.
        mined = {source for source, _ in self.gold(task, language)}
        return cut(rows, split, limit, (lambda row: row["id"] in mined) if mined else None)

    def pool(self, task: Task, language: str) -> list[Row] | None:
        """What a language's test rows are retrieved from, None where the rows themselves have it.

        For answers it is the rows of all languages that are there, each with its ``language``.
        """
        pool = spec_of(task.kind).pool
        if pool and pool.of_rows:
            return [{**row, "language": code} for code in self.languages(task) for row in self.test(task, code).rows]
        if task.pool is None:
            return None
        return self.read(task, task.pool, language, task.kind.pool_fields)[0]

    def gold(self, task: Task, language: str) -> list[tuple[str, str]]:
        """The pairs of source and target ids to be mined."""
        if task.gold is None:
            return []
        rows = self.read(task, task.gold, language, ("source", "target"))[0]
        return [(row["source"], row["target"]) for row in rows]

    def with_labels(self, task: Task) -> Task:
        """The task itself or, where its training rows decide its labels, with these labels."""
        kind = spec_of(task.kind).filled(task.kind, lambda: self.train(task).rows)
        return task if kind is task.kind else replace(task, kind=kind)

    def check_english(self, task: Task, part: str) -> None:
        """Check that there are English rows for training or development, without reading a file.

        Raises:
            XadaptError: If there are none.
        """
        if self._bundles(task) or not task.kind.trainable or not task.parts(part):
            self._english(task, part, 1)
        for rows in task.parts(part):
            if not self._bundles(task) and not self.has(task, rows, "en"):
                raise XadaptError(f"{self.name} has no {part} rows of {task.name}: {self._advice(task, rows)}")

    def _english(self, task: Task, part: str, limit: int | None) -> RowSet:
        if not task.kind.trainable:
            raise XadaptError(f"{task.name} has no training set: its setups are scored as they are, with evaluate")
        if self._bundles(task):
            return self._bundled(task, "en", part, limit)
        parts = task.parts(part)
        if not parts:
            raise XadaptError(f"{task.name} declares no {part} rows")
        read = [self.read(task, rows, "en") for rows in parts]
        if part == "dev":
            check_ids([(f"{task.name} {split}", enumerate(rows)) for rows, split in read], task.kind)
        return cut([row for rows, _ in read for row in rows], " + ".join(split for _, split in read), limit)

    def _bundled(self, task: Task, language: str, split: str, limit: int | None) -> RowSet:
        if task.bundled is None:
            raise XadaptError(
                f"the bundled demonstration has no rows for {task.name}: use {option('data', 'hub')} or a mirror"
            )
        rows = bundled.rows(task.bundled, language, split)
        return cut(checked_rows(rows, task.kind, f"bundled {task.bundled} {language} {split}"), split, limit)

    def read(
        self, task: Task, rows: Rows, language: str, fields: tuple[str, ...] | None = None
    ) -> tuple[list[Row], str]:
        """The usable rows of a language, and their split."""
        config = task.fill(rows.config, language)
        columns = rows.columns or task.columns
        wanted = [*column_names(columns), *column_names(task.optional), *(["id"] if rows.id_prefix else [])]
        wanted, tagged = list(dict.fromkeys(wanted)), spec_of(task.kind).tagged
        if rows.path:
            table = read_table(Path(task.fill(rows.path, language)), wanted, tagged)
            where = task.fill(rows.path, language)
        elif self.root is not None:
            table = read_mirror(self.root, rows, config, wanted, self._advice(task, rows), tagged)
            where = f"{rows.hub_id} {config} {table.split}"
        else:
            table = read_hub(rows, config, wanted, "" if rows.on_hub else task.note)
            where = f"{rows.hub_id} {config} {table.split}"
        if rows.id_prefix:
            start = task.fill(rows.id_prefix, language)
            kept = [row for row in table.rows if str(row.get("id", "")).startswith(start)]
            table = replace(table, rows=kept)
        found = to_fields(table, task, columns, where)
        # Those of a user's own were said when its declaration was opened.
        own = bool(rows.path)
        return checked_rows(found, task.kind, where, fields, own, unsaid if own else self._say), table.split


def _shown(rows: Rows) -> str:
    config = f" ({rows.config})" if rows.config != "default" else ""
    return Path(rows.path).name if rows.path else rows.hub_id + config


def _file_states(task: Task, part: str, language: str) -> tuple[tuple[int, int], ...]:
    # A user's own files may be edited while a session is open.
    parts = (task.test,) if part == "test" and task.test else task.parts("dev" if part == "test" else part)
    files = [Path(task.fill(rows.path, language)) for rows in parts if rows.path]
    states = [file.stat() for file in files if file.is_file()]
    return tuple((state.st_mtime_ns, state.st_size) for state in states)


def cut(rows: list[Row], split: str, limit: int | None, first: Callable[[Row], bool] | None = None) -> RowSet:
    """Keep the first ``limit`` rows of a fixed shuffle, in their original order.

    Args:
        rows: All rows.
        split: Their split.
        limit: How many to keep, None for all.
        first: Rows that are kept before any other.
    """
    if limit is None or limit >= len(rows):
        return RowSet(rows, split, len(rows))
    order = shuffled(len(rows))
    if first is not None:
        order.sort(key=lambda i: not first(rows[i]))
    return RowSet([rows[i] for i in sorted(order[:limit])], split, len(rows))


def shuffled(count: int) -> list[int]:
    """The numbers of so many rows, in the order in which a limit takes them."""
    order = list(range(count))
    random.Random(_SAMPLE_SEED).shuffle(order)
    return order


def open_source(name: str | None, say: Say = unsaid) -> Source:
    """Open the source of a name, else of ``$XADAPT_DATA``, else the hub; ``say`` is called with notes on rows."""
    return Source(name or os.environ.get("XADAPT_DATA") or "hub", say)
