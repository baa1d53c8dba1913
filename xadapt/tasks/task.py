"""A task: what is learnt or measured, declared like the row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xadapt.tasks.kinds import Kind
from xadapt.tasks.languages import LANGUAGES


@dataclass(frozen=True)
class Rows:
    """Where rows are, by the hub's own names; ``{language}`` and ``{iso3}`` are filled in per language.

    Several splits mean: the first of them that the data source has, because test labels are not always public.
    """

    hub_id: str
    config: str = "default"
    split: str | tuple[str, ...] = "train"

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
        columns: The kind's field names to the data set's column names.
        train: English training rows, None when the task is only evaluated.
        dev: English rows that choose checkpoints and hyper-parameters.
        test: Rows per language, None for an intermediate task.
        languages: Codes of the languages with test rows.
        metric: Name of the official metric (see :mod:`xadapt.metrics`).
        bundled: The set of the bundled demonstration that can stand in for it.
        suites: Benchmarks it belongs to.
        iso3: Exceptions to the usual three-letter codes, for ``{iso3}``.
        source: Where it comes from.
    """

    name: str
    kind: Kind
    metric: str
    source: str
    columns: Mapping[str, str] = field(default_factory=dict)
    train: Rows | None = None
    dev: Rows | None = None
    test: Rows | None = None
    languages: tuple[str, ...] = ("en",)
    bundled: str | None = None
    suites: tuple[str, ...] = ()
    iso3: Mapping[str, str] = field(default_factory=dict)

    def test_config(self, language: str) -> str:
        """Name the configuration that holds the test rows of a language."""
        if self.test is None:
            raise ValueError(f"{self.name} has no test rows")
        iso3 = self.iso3.get(language) or (LANGUAGES[language].iso3 if language in LANGUAGES else language)
        return self.test.config.format(language=language, iso3=iso3)
