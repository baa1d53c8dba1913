"""What is stored as JSON, as typed records: one class, one reader and one writer each.

Every record carries the number of its format. An older format is read as it stands; a newer one is refused in one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from xadapt.bases import base_name
from xadapt.errors import XadaptError
from xadapt.store.files import atomic_write_json, read_json
from xadapt.store.record_tables import result_table
from xadapt.tables import html_table, terminal_text

if TYPE_CHECKING:
    from pathlib import Path

#: A JSON object whose keys are decided elsewhere: what a hash is made of, what a kind of problem says beside a score.
Json = dict[str, Any]
Scores = dict[str, float]

AnyRecord = TypeVar("AnyRecord", bound="Record")


class _Stored(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    # Rooms that have not been converted yet read records as the dictionaries that they were.
    def __getitem__(self, key: str) -> Any:
        if key not in type(self).model_fields:
            raise KeyError(key)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in type(self).model_fields and getattr(self, str(key)) is not None

    def get(self, key: str, default: Any = None) -> Any:
        """A field, ``default`` where there is none."""
        value = getattr(self, key, None)
        return default if value is None else value


class Record(_Stored):
    """What a file holds.

    Attributes:
        CURRENT: The format that is written.
        WHAT: What it is called in errors, with what to do about a bad one.
    """

    CURRENT: ClassVar[int] = 1
    WHAT: ClassVar[tuple[str, str]] = ("a record", "restore it or delete it")

    @classmethod
    def of(cls: type[AnyRecord], stored: object, where: object) -> AnyRecord:
        """Read a record from what is stored.

        Args:
            stored: What JSON holds.
            where: Where it comes from, for errors.

        Raises:
            XadaptError: If it is something else, lacks a field, or is of a newer format.
        """
        what, advice = cls.WHAT
        if not isinstance(stored, dict):
            raise XadaptError(f"{where} is not {what}: {advice}")
        number = stored.get("format", 1)
        if not isinstance(number, int) or number > cls.CURRENT:
            raise XadaptError(f"{where} has format {number}: upgrade xadapt (this one reads {cls.CURRENT})")
        try:
            return cls.model_validate(stored)
        except ValidationError as error:
            fault = error.errors()[0]
            field = ".".join(map(str, fault["loc"]))
            wrong = f"lacks {field!r}" if fault["type"] == "missing" else f"has a wrong {field!r} ({fault['msg']})"
            raise XadaptError(f"{where} {wrong}: it is not {what}: {advice}") from None

    @classmethod
    def read(cls: type[AnyRecord], path: Path) -> AnyRecord:
        """Read a record's file; see :meth:`of`."""
        return cls.of(read_json(path), path)

    def stored(self) -> Json:
        """The record as JSON holds it; what was never said is left out."""
        return {"format": self.CURRENT, **self.model_dump(mode="json", exclude_none=True)}

    def write(self, path: Path) -> None:
        """Write it atomically."""
        atomic_write_json(path, self.stored())


class BaseOf(_Stored):
    """The base that something was made on."""

    name: str
    fingerprint: str

    @model_validator(mode="before")
    @classmethod
    def _today(cls, said: Any) -> Any:
        return {**said, "name": base_name(said["name"])} if isinstance(said, dict) and "name" in said else said


class FullFusion(_Stored):
    """The full fusion that one of low rank was factored from."""

    run: str
    dev: dict[str, Scores] = Field(default_factory=dict)


class Figures(_Stored):
    """What a run measured and took.

    Attributes:
        dev: By task its English dev scores, 0–100.
        dev_rows: By task the number of its dev rows.
        history: One entry a measurement on dev: the epoch and step, or the weights of a soup, and the main score.
        steps: Steps of training, or soups that were tried.
        features: Features of an epoch.
        rounding: How far half precision moved the weights, relative to their size.
        seconds: Time that it took.
        resumed: Whether it was cut and went on, so that ``seconds`` are not all.
        device: Where it ran.
        threads: Threads of torch.
        parameters: Parameters that were trained.
        mixture: By member, its weight in a soup.
        full: For a fusion of low rank, the run and the dev scores of the full one.
    """

    dev: dict[str, Scores] = Field(default_factory=dict)
    dev_rows: dict[str, int] = Field(default_factory=dict)
    history: list[Json] | None = None
    steps: int | None = None
    features: int | None = None
    rounding: float | None = None
    seconds: float | None = None
    resumed: bool | None = None
    device: str | None = None
    threads: int | None = None
    parameters: int = 0
    mixture: dict[str, float] | None = None
    full: FullFusion | None = None


class Imported(_Stored):
    """Where an adapter came from that was not trained here.

    Attributes:
        form: ``adapterhub`` or ``peft``.
        name: What it was called there.
        base: The base that it says it was trained on.
        library: Version of the library that wrote it.
    """

    form: str
    name: str | None = None
    base: str | None = None
    library: str | None = None


class RunRecord(Record):
    """A finished run: what made a checkpoint, and what it measured.

    Attributes:
        run: Hash of everything that decided it.
        setup: The expression that the checkpoint completes.
        trains: The kind of run.
        under: The frozen setup it stands on.
        tasks: What was learnt from.
        heads: The tasks that it has a head for.
        calibration: By head, what was tuned on English dev beside the weights.
        base: The base.
        seed: The seed.
        data: The data source.
        rows: By task, training rows.
        sources: By task, the data set they came from.
        members: Run hash of every checkpoint it was trained on, by expression.
        weights: Digest of the weights of the same.
        decides: What the hash was made of.
        figures: What was measured.
        first: What the adapter was trained on first, in words; "" for most.
        imported: Where it came from, if it was not trained here.
        files: SHA-256 of every file of the checkpoint, by path.
        xadapt: Version of xadapt that made it, "" where it is not known; it decides nothing.
    """

    WHAT: ClassVar[tuple[str, str]] = ("the record of a checkpoint of xadapt", "restore it or train it again")

    run: str
    setup: str
    trains: str = "adapter"
    under: str = "none"
    tasks: list[str] = Field(default_factory=list)
    heads: list[str]
    calibration: dict[str, Scores] = Field(default_factory=dict)
    base: BaseOf
    seed: int
    data: str = ""
    rows: dict[str, int] = Field(default_factory=dict)
    sources: dict[str, str] = Field(default_factory=dict)
    members: dict[str, str] = Field(default_factory=dict)
    weights: dict[str, str] = Field(default_factory=dict)
    decides: Json = Field(default_factory=dict)
    figures: Figures = Field(default_factory=Figures)
    first: str = ""
    imported: Imported | None = None
    files: dict[str, str] = Field(default_factory=dict)
    xadapt: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_0_1(cls, said: Any) -> Any:
        # Up to 0.1 the version was among what decided a run.
        if not isinstance(said, dict) or "xadapt" in said:
            return said
        versions = (said.get("decides") or {}).get("versions") or {}
        return {**said, "xadapt": versions.get("xadapt", "")}

    @property
    def settings(self) -> Json:
        """The settings that decided it, empty where they are not known."""
        return dict(self.decides.get("settings", {}))


_NO_SCORES = ("n", "split", "available", "rows", "seconds")


class LanguageScore(_Stored):
    """The scores of one language.

    Attributes:
        n: Rows that were scored.
        split: The split they came from.
        available: Rows that there are; None in results that do not say.
        rows: Fingerprint of the rows.
        seconds: Time that they took.
        scores: Every score by name, 0–100 (a correlation times 100).
    """

    n: int
    split: str = ""
    available: int | None = None
    rows: str = ""
    seconds: float = 0.0
    scores: Scores = Field(default_factory=dict)
    _metric: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _nested(cls, said: Any) -> Any:
        # Format 1 has the scores beside the rest.
        if not isinstance(said, dict) or "scores" in said:
            return said
        return {**said, "scores": {key: value for key, value in said.items() if key not in _NO_SCORES}}

    @property
    def score(self) -> float:
        """The score that ranks, 0–100."""
        return self.scores[self._metric]

    def ranked_by(self, metric: str) -> LanguageScore:
        """The same, with the name of the score that ranks."""
        self._metric = metric
        return self

    def __getitem__(self, key: str) -> Any:
        return self.scores[key] if key in self.scores else super().__getitem__(key)

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {value:.1f}" for name, value in self.scores.items())
        return f"{scores} ({self.n:,} rows{f' of {self.split}' if self.split else ''})"

    __str__ = __repr__


class Result(Record):
    """A setup's scores on a task, language by language.

    ``result["de"]`` is a language, ``result["de"].score`` and ``result.mean`` are the score that ranks.

    Attributes:
        run: Hash of everything that decided it.
        task: The task.
        kind: Its kind.
        metric: The score that ranks.
        setup: The setup.
        base: Name of the base.
        seed: Seed of the checkpoints.
        data: The data source.
        limit: Most rows a language, None for all.
        head: The head that answered, None where there is none.
        details: What a reader must know beside the score.
        languages: Scores by language, English first.
        means: Mean over the languages of every score.
        seconds: Time that all took.
        parameters: Parameters of adapters and fusions in use.
        head_parameters: Parameters of the heads that answered.
        decides: What the hash was made of.
        dev: Score on English dev rows when it was trained, by their task.
        calibration: What was tuned on English dev beside the weights.
        sample: Whether its rows are said to be a sample.
        named: What a recipe calls this way of doing it, "" for the only way.
        target: The task whose adapter on top is the target adapter, where a recipe says another than the task.
    """

    CURRENT: ClassVar[int] = 2
    WHAT: ClassVar[tuple[str, str]] = ("a result of xadapt evaluate", "move it elsewhere or evaluate it again")

    run: str
    task: str
    kind: str
    metric: str
    setup: str
    base: str
    seed: int
    data: str
    limit: int | None = None
    head: str | None = None
    details: Json = Field(default_factory=dict)
    languages: dict[str, LanguageScore]
    means: Scores = Field(default_factory=dict)
    seconds: float = 0.0
    parameters: int | None = None
    head_parameters: int | None = None
    decides: Json = Field(default_factory=dict)
    dev: Scores = Field(default_factory=dict)
    calibration: Scores = Field(default_factory=dict)
    sample: bool = False
    named: str = ""
    target: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_format_1(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        told = dict(said)
        if "base" in told:
            told["base"] = base_name(str(told["base"]))
        if "mean" in told:
            told["means"] = told.pop("mean")
        return told

    @model_validator(mode="after")
    def _ranked(self) -> Result:
        for code, language in self.languages.items():
            if self.metric not in language.scores:
                raise ValueError(f"{code} has no {self.metric}")
            language.ranked_by(self.metric)
        return self

    @property
    def members(self) -> dict[str, str]:
        """Run hash of every checkpoint in use, by expression."""
        return dict(self.decides.get("members", {}))

    @property
    def pool_limit(self) -> int | None:
        """Items of the pool that answers were retrieved from, None for all or where there is none."""
        found: int | None = self.decides.get("pool_limit")
        return found

    @property
    def mean(self) -> float:
        """Mean over the languages of the score that ranks; NaN before there is one."""
        return self.means.get(self.metric, float("nan"))

    def __getitem__(self, key: str) -> Any:
        if key in self.languages:
            return self.languages[key]
        return self.means if key == "mean" else super().__getitem__(key)

    def __repr__(self) -> str:
        return terminal_text(result_table(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return html_table(result_table(self))

    def to_dataframe(self) -> Any:
        """One row a language: ``language``, ``n``, ``split`` and every score; a `pandas.DataFrame`."""
        import pandas as pd

        return pd.DataFrame(
            [{"language": code, "n": one.n, "split": one.split, **one.scores} for code, one in self.languages.items()]
        )


class ExamplesRecord(Record):
    """What each row of an evaluation contributes to its score in a language.

    Attributes:
        kind: How the values make the score (see :class:`xadapt.metrics.examples.Examples`).
        score: The score that they make.
        rows: Fingerprint of the rows they belong to, in order.
        values: One an example.
    """

    WHAT: ClassVar[tuple[str, str]] = ("a file of per-example scores", "delete it and evaluate again")

    kind: Literal["mean", "spearman", "micro_f1"]
    score: str
    rows: str
    values: list[Any] = Field(min_length=1)
