"""Rows by name: one road from ``--data`` to the rows of a task, whatever the source."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xadapt.data import bundled
from xadapt.data.checks import checked_rows
from xadapt.data.hub import read_hub
from xadapt.data.mirror import mirror_file, read_mirror
from xadapt.errors import XadaptError, unknown
from xadapt.store.files import sha256_json
from xadapt.tasks import Rows, Task
from xadapt.tasks.languages import LANGUAGES

#: Rows are cut by a fixed shuffle, so that a limit means the same rows for every seed and parallel language.
_CUT_SEED = 0


@dataclass(frozen=True)
class RowSet:
    """Rows of one task, language and split, in the kind's own fields.

    Attributes:
        rows: The rows.
        split: The split they came from.
        available: How many there were before the limit.
    """

    rows: list[dict[str, Any]]
    split: str
    available: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows' contents."""
        return sha256_json(self.rows)


class Source:
    """Where rows come from: the hub, the bundled demonstration or a mirror folder."""

    def __init__(self, name: str) -> None:
        """Resolve ``hub``, ``bundled`` or a folder.

        Raises:
            XadaptError: If it is none of them.
        """
        self.root: Path | None = None
        if name not in ("hub", "bundled"):
            self.root = Path(name).expanduser()
            if not self.root.is_dir():
                raise XadaptError(f"no data folder {name!r}: --data takes hub, bundled or the folder of a mirror")
        self.name = name if self.root is None else f"mirror:{self.root.name}"

    def languages(self, task: Task) -> tuple[str, ...]:
        """The languages that this source has test rows of, English first."""
        if self.name == "bundled":
            found = list(bundled.languages(task.bundled)) if task.bundled else []
        elif self.root is not None and task.test is not None:
            found = [code for code in task.languages if mirror_file(self.root, task.test, task.test_config(code))]
        else:
            found = list(task.languages)
        return tuple(sorted(found, key=lambda code: (code != "en", code)))

    def pick_languages(self, task: Task, wanted: str) -> tuple[str, ...]:
        """Read ``--languages``: ``all`` or codes separated by commas.

        Raises:
            XadaptError: If a language is unknown, not in the task, or not in this source.
        """
        here = self.languages(task)
        if wanted.strip() == "all":
            if not here:
                raise XadaptError(f"{self.name} has no test rows of {task.name}: see `xadapt tasks`")
            return here
        picked = [code.strip() for code in wanted.split(",") if code.strip()]
        for code in picked:
            if code not in LANGUAGES:
                raise _unknown_language(code)
            if code not in here:
                shown = " ".join(here) or "none"
                raise XadaptError(f"no {task.name} test rows in {code!r} in {self.name}; it has {shown}")
        if not picked:
            raise XadaptError("--languages is empty: give all, or codes such as de,sw,zh")
        return tuple(dict.fromkeys(picked))

    def train(self, task: Task, limit: int | None = None) -> RowSet:
        """English training rows."""
        return self._english(task, "train", limit)

    def train_name(self, task: Task) -> str:
        """The name of the data set that the training rows come from, for records and cards."""
        if self.name == "bundled":
            return f"bundled {task.bundled}"
        if task.train is None:
            raise XadaptError(f"{task.name} declares no train rows")
        return task.train.hub_id + (f" ({task.train.config})" if task.train.config != "default" else "")

    def dev(self, task: Task, limit: int | None = None) -> RowSet:
        """English development rows."""
        return self._english(task, "dev", limit)

    def test(self, task: Task, language: str, limit: int | None = None) -> RowSet:
        """Test rows of a language."""
        if self.name == "bundled":
            return self._bundled(task, language, "test", limit)
        if task.test is None:
            raise XadaptError(f"{task.name} is an intermediate task without test languages: evaluate a target task")
        return self._read(task, task.test, task.test_config(language), limit)

    def _english(self, task: Task, part: str, limit: int | None) -> RowSet:
        if not task.kind.trainable:
            raise XadaptError(f"{task.name} has no training set: its setups are scored as they are, with evaluate")
        if self.name == "bundled":
            return self._bundled(task, "en", part, limit)
        rows = task.train if part == "train" else task.dev
        if rows is None:
            raise XadaptError(f"{task.name} declares no {part} rows")
        return self._read(task, rows, rows.config, limit)

    def _bundled(self, task: Task, language: str, split: str, limit: int | None) -> RowSet:
        if task.bundled is None:
            raise XadaptError(f"the bundled demonstration has no rows for {task.name}: use --data hub or a mirror")
        try:
            rows = bundled.rows(task.bundled, language, split)
        except KeyError as error:
            raise XadaptError(str(error.args[0])) from None
        return cut(checked_rows(rows, task.kind, f"bundled {task.bundled} {language} {split}"), split, limit)

    def _read(self, task: Task, where: Rows, config: str, limit: int | None) -> RowSet:
        columns = list(task.columns.values())
        if self.root is not None:
            raw, split = read_mirror(self.root, where, config, columns)
        else:
            raw, split = read_hub(where, config, columns)
        rows = [{field: row[column] for field, column in task.columns.items()} for row in raw]
        return cut(checked_rows(rows, task.kind, f"{where.hub_id} {config} {split}"), split, limit)


def _unknown_language(code: str) -> XadaptError:
    # Codes are too short for likeness alone: "deu" is nearer to Basque's "eu" than to "de".
    for language in LANGUAGES.values():
        if code.lower() in (language.code, language.iso3, language.name.lower()):
            return XadaptError(f"unknown language {code!r}: did you mean {language.code!r}?")
    return unknown("language", code, LANGUAGES)


def cut(rows: list[dict[str, Any]], split: str, limit: int | None) -> RowSet:
    """Keep the first ``limit`` rows of a fixed shuffle, in their original order."""
    if limit is None or limit >= len(rows):
        return RowSet(rows, split, len(rows))
    order = list(range(len(rows)))
    random.Random(_CUT_SEED).shuffle(order)
    return RowSet([rows[i] for i in sorted(order[:limit])], split, len(rows))


def open_source(name: str | None) -> Source:
    """Open ``--data``, else ``$XADAPT_DATA``, else the hub."""
    return Source(name or os.environ.get("XADAPT_DATA") or "hub")
