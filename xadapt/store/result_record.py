"""The record of an evaluation: a setup's scores on a task, language by language, and what each row adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import Field, PrivateAttr, model_validator

from xadapt.bases import base_name
from xadapt.errors import XadaptError
from xadapt.store.names import Name, Plain, RunName, SetupText, Words
from xadapt.store.record_tables import result_table
from xadapt.store.records import ASIDE, Json, Record, Scores, Stored
from xadapt.tables import html_table, terminal_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

AnyKept = TypeVar("AnyKept", bound="KeptRecord")
_NO_SCORES = ("n", "split", "available", "rows", "seconds")


class LanguageScore(Stored):
    """The scores of one language.

    Attributes:
        n: Rows that were scored.
        split: The split they came from.
        available: Rows that there are; None in results without it.
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
    def _nested(cls, stored: Any) -> Any:
        # Format 1 has the scores beside the rest.
        if not isinstance(stored, dict) or "scores" in stored:
            return stored
        return {**stored, "scores": {key: value for key, value in stored.items() if key not in _NO_SCORES}}

    @property
    def score(self) -> float:
        """The score that ranks, 0–100."""
        return self.scores[self._metric]

    def ranked_by(self, metric: str) -> LanguageScore:
        """The same, with the name of the score that ranks."""
        self._metric = metric
        return self

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
        sample: Whether its rows were declared a sample.
        named: What a recipe calls this way of doing it, "" for the only way.
        target: The task whose adapter on top is the target adapter, where a recipe names another than the task.
    """

    CURRENT: ClassVar[int] = 3
    SEALED: ClassVar[int] = 3
    WHAT: ClassVar[tuple[str, str]] = ("a result of xadapt evaluate", f"{ASIDE} and evaluate it again")

    run: RunName
    task: Name
    kind: Words
    metric: Words
    setup: SetupText
    base: str
    seed: int
    data: str
    limit: int | None = None
    head: Name | None = None
    details: Json = Field(default_factory=dict)
    languages: dict[Name, LanguageScore]
    means: Scores = Field(default_factory=dict)
    seconds: float = 0.0
    parameters: int | None = None
    head_parameters: int | None = None
    decides: Json = Field(default_factory=dict)
    dev: Scores = Field(default_factory=dict)
    calibration: Scores = Field(default_factory=dict)
    sample: bool = False
    named: Plain = ""
    target: Name | Literal[""] = ""

    @model_validator(mode="before")
    @classmethod
    def _of_format_1(cls, stored: Any) -> Any:
        if not isinstance(stored, dict):
            return stored
        today = dict(stored)
        if isinstance(today.get("base"), str):
            today["base"] = base_name(today["base"])
        if "mean" in today:
            today["means"] = today.pop("mean")
        return today

    @model_validator(mode="after")
    def _ranked(self) -> Result:
        for code, language in self.languages.items():
            if self.metric not in language.scores:
                raise ValueError(f"{code} has no {self.metric}")
            language.ranked_by(self.metric)
        members, limit = self.decides.get("members", {}), self.decides.get("pool_limit")
        if not isinstance(members, dict) or not all(isinstance(run, str) for run in members.values()):
            raise ValueError("decides.members: it should be runs by expression")
        if limit is not None and type(limit) is not int:
            raise ValueError("decides.pool_limit: it should be a whole number")
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

    def __getitem__(self, language: str) -> LanguageScore:
        return self.languages[language]

    def without(self, language: str) -> Result:
        """The result of the other languages alone."""
        rest = {code: one for code, one in self.languages.items() if code != language}
        means = {
            name: round(sum(one.scores[name] for one in rest.values()) / len(rest), 4)
            for name in self.means
            if rest and all(name in one.scores for one in rest.values())
        }
        return self.model_copy(update={"languages": rest, "means": means})

    def __repr__(self) -> str:
        return terminal_text(result_table(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return html_table(result_table(self))

    def to_dataframe(self) -> pd.DataFrame:
        """One row a language: ``language``, ``n``, ``split`` and every score; a `pandas.DataFrame`."""
        import pandas as pd

        return pd.DataFrame(
            [{"language": code, "n": one.n, "split": one.split, **one.scores} for code, one in self.languages.items()]
        )


class KeptRecord(Record):
    """What an evaluation keeps of a language, in ``RUN/LANGUAGE.json``.

    Attributes:
        run: The run of the evaluation, and
        language: the language, None in older files.
        rows: Fingerprint of the rows that it is of, in order; "" where it is not known.
    """

    CURRENT: ClassVar[int] = 2
    SEALED: ClassVar[int] = 2

    run: str | None = None
    language: str | None = None
    rows: str = ""

    @classmethod
    def read(cls: type[AnyKept], path: Path) -> AnyKept:
        """Read a file; see :meth:`Record.of`.

        Raises:
            XadaptError: If it is none, is damaged, or is of another run or language than its place says.
        """
        record, here = super().read(path), (path.parent.name, path.stem)
        if record.run is not None and (record.run, record.language) != here:
            raise XadaptError(f"{path} is of {record.language} of run {record.run}: {cls.WHAT[1]}")
        return record


class ExamplesRecord(KeptRecord):
    """What each row of an evaluation contributes to its score in a language.

    Attributes:
        kind: How the values make the score (see :class:`xadapt.metrics.examples.Examples`).
        score: The score that they make.
        rows: Fingerprint of the rows they belong to, in order.
        values: One an example.
        groups: The group of each example, such as its paragraph; none where each is its own, and in files of before
            0.2.
    """

    WHAT: ClassVar[tuple[str, str]] = ("a file of per-example scores", f"{ASIDE} and evaluate again")

    kind: Literal["mean", "spearman", "micro_f1"]
    score: str
    rows: str
    values: list[Any] = Field(min_length=1)
    groups: list[int] = Field(default_factory=list)

    @model_validator(mode="after")
    def _grouped(self) -> ExamplesRecord:
        if self.groups and len(self.groups) != len(self.values):
            raise ValueError("groups: it should be empty or have one an example")
        return self


class PredictionsRecord(KeptRecord):
    """The predictions of an evaluation in a language.

    Attributes:
        rows: Fingerprint of the rows they belong to, in order; "" in those of 0.1, which were a bare list.
        values: One a row, or what the task's metric takes for all of them.
    """

    WHAT: ClassVar[tuple[str, str]] = ("a file of predictions", f"{ASIDE} and evaluate again")

    rows: str = ""
    values: list[Any]

    @classmethod
    def of(cls, stored: object, where: object) -> PredictionsRecord:
        """Read predictions from what is stored; see :meth:`Record.of`."""
        return super().of({"values": stored} if isinstance(stored, list) else stored, where)
