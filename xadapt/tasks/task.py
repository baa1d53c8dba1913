"""A task: what is learnt or measured, declared like the row of a table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from xadapt.tasks.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xadapt.tasks.kinds import Kind

#: A field's column: its name, a path into a nested one (``choices.text``), or several that make a list.
Column = str | tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """Where rows are, by the hub's own names.

    ``{language}``, ``{iso3}``, ``{name}``, ``{lower}`` (the name in lower case) and, for pairs, ``{first}`` and
    ``{second}`` are filled in.

    Attributes:
        hub_id: The data set.
        config: Its configuration.
        split: Its split. Several mean: the first that the data source has, because test labels are not always public.
        id_prefix: Keep only rows whose ``id`` starts with this, for sets that hold all languages in one split.
        columns: All its columns, where they are not the task's.
        path: A file of the user's own, which is read whatever the data source is.
        on_hub: Whether the hub has them; if not, the task's note is how to get them.
        spare: Other splits of it, on which nothing is ever measured.
    """

    hub_id: str
    config: str = "default"
    split: str | tuple[str, ...] = "train"
    id_prefix: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    path: str = ""
    on_hub: bool = True
    spare: tuple[str, ...] = ()

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits in order of preference."""
        return (self.split,) if isinstance(self.split, str) else self.split


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: The name that users type; also the name of its adapter and head.
        kind: What is predicted (see :mod:`xadapt.tasks.kinds`).
        columns: The kind's field names to the data set's columns.
        optional: The same for the kind's optional fields that only some copies of the data have.
        values: By field, what the data set's own values mean, such as a letter for an answer's index.
        hub_labels: How the data set spells the kind's labels, where it is not the same.
        train: English training rows, in parts if they are several; None when the task is only evaluated.
        dev: English rows that choose checkpoints and hyper-parameters.
        test: Rows per language, None for an intermediate task (which is measured on its dev rows).
        pool: What is retrieved, where it is not the rows themselves.
        gold: The pairs to be mined.
        languages: Codes of the languages with test rows.
        parallel: Whether a row of a split is the same in all languages, translated, and stands at the same place.
        after: The task that its adapter is trained on first.
        trained_as: The target whose adapter it shares, because their training rows are the same.
        metric: Name of the official metric (see :mod:`xadapt.metrics`).
        bundled: The set of the bundled demonstration that can be used instead.
        suites: Benchmarks it belongs to.
        spelled: Exceptions to how a language is spelled in ``{iso3}`` or ``{name}``.
        note: How to get its rows, where that takes more than a download, or what its languages mean.
        source: Where it comes from.
    """

    name: str
    kind: Kind
    metric: str
    source: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    optional: Mapping[str, Column] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    hub_labels: tuple[str, ...] = ()
    train: Rows | tuple[Rows, ...] | None = None
    dev: Rows | tuple[Rows, ...] | None = None
    test: Rows | None = None
    pool: Rows | None = None
    gold: Rows | None = None
    languages: tuple[str, ...] = ("en",)
    parallel: bool = False
    after: str | None = None
    trained_as: str = ""
    bundled: str | None = None
    suites: tuple[str, ...] = ()
    spelled: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def adapter(self) -> str:
        """The name of its target adapter."""
        return self.trained_as or self.name

    @property
    def own(self) -> bool:
        """Whether it is a user's own task, read from files of theirs."""
        parts = (*self.parts("train"), *self.parts("dev"), *((self.test,) if self.test else ()))
        return any(rows.path for rows in parts)

    def fill(self, template: str, language: str) -> str:
        """Fill a language into a configuration's name or an id's beginning."""
        known = LANGUAGES.get(language)
        first, _, second = language.partition("-")
        return template.format(
            language=language,
            iso3=self.spelled.get(language) or (known.iso3 if known else language),
            name=self.spelled.get(language) or (known.name if known else language),
            lower=(known.name if known else language).lower(),
            first=first,
            second=second,
        )

    def parts(self, name: str) -> tuple[Rows, ...]:
        """The ``train`` or ``dev`` rows as a tuple of parts, empty when there are none."""
        rows = self.train if name == "train" else self.dev
        return () if rows is None else (rows,) if isinstance(rows, Rows) else rows


def what_tasks_are(tasks: Iterable[Task]) -> dict[str, list[Any]]:
    """What of tasks decides a result beside their rows: by name the kind, its labels and so on, and the metric."""
    # In the shapes that JSON has, so that it equals what was stored.
    return {task.name: [task.kind.name, json.loads(json.dumps(asdict(task.kind))), task.metric] for task in tasks}
