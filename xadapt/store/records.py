"""Typed records of what is stored as JSON, with one reader and one writer, and the record of a run.

Every record carries the number of its format, and a digest of itself (see :mod:`xadapt.store.seals`). An older format
is read too, without a digest if it had none; a newer one is refused in one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import Field, ValidationError, model_validator

from xadapt.bases import base_name
from xadapt.errors import XadaptError
from xadapt.store.files import atomic_write_json, read_json
from xadapt.store.names import Digest, FileName, Name, RunName, SetupText, Words
from xadapt.store.seals import seal_fault, sealed
from xadapt.store.stored_part import Stored
from xadapt.store.unlabelled_rows import UnlabelledRows

if TYPE_CHECKING:
    from pathlib import Path

#: A JSON object whose keys are decided elsewhere: what a hash is made of, what is reported beside a score.
Json = dict[str, Any]
Scores = dict[str, float]

#: How a damaged record is got out of the way.
ASIDE = "move it elsewhere (`xadapt store check --repair` does)"

AnyRecord = TypeVar("AnyRecord", bound="Record")


class LaterFormat(XadaptError):
    """A record that a later xadapt wrote."""


class Record(Stored):
    """What a file holds.

    Attributes:
        CURRENT: The format that is written.
        SEALED: The first format with a digest; 0 for none.
        WHAT: What it is called in errors, with what to do about a bad one.
    """

    CURRENT: ClassVar[int] = 1
    SEALED: ClassVar[int] = 0
    WHAT: ClassVar[tuple[str, str]] = ("a record", "restore it or delete it")

    @classmethod
    def of(cls: type[AnyRecord], stored: object, where: object) -> AnyRecord:
        """Read a record from what is stored.

        Args:
            stored: What JSON holds.
            where: Where it comes from, for errors.

        Raises:
            XadaptError: If it is something else, was changed, lacks a field, or is of a newer format.
        """
        what, advice = cls.WHAT
        if not isinstance(stored, dict):
            raise XadaptError(f"{where} is not {what}: {advice}")
        # What one kind of record needs, another may have too.
        kind = stored.get("record", cls.__name__)
        if kind != cls.__name__:
            raise XadaptError(f"{where} has a wrong 'record' ({str(kind)[:40]!r}): it is not {what}: {advice}")
        number = stored.get("format", 1)
        if type(number) is not int or number < 1:
            raise XadaptError(f"{where} has a wrong 'format' ({number!r}): it is not {what}: {advice}")
        if number > cls.CURRENT:
            # Formats to come keep the digest, which also tells a damaged number from a later one.
            if changed := seal_fault(stored, needed=False):
                raise XadaptError(f"{where} {changed}: {advice}")
            raise LaterFormat(f"{where} has format {number}: upgrade xadapt (this one reads {cls.CURRENT})")
        try:
            record = cls.model_validate(stored)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            # A check of our own comes as it was raised, one of pydantic's as a message.
            why = first.get("ctx", {}).get("error") or first["msg"]
            wrong = f"lacks {field!r}" if first["type"] == "missing" else f"has a wrong {field!r} ({why})"
            raise XadaptError(f"{where} {wrong}: it is not {what}: {advice}") from None
        # A field that is wrong by itself says more than this.
        fault = seal_fault(stored, needed=0 < cls.SEALED <= number)
        if fault:
            raise XadaptError(f"{where} {fault}: {advice}")
        return record

    @classmethod
    def read(cls: type[AnyRecord], path: Path) -> AnyRecord:
        """Read a record's file; see :meth:`of`."""
        try:
            stored = read_json(path)
        except XadaptError as error:
            what, advice = cls.WHAT
            raise XadaptError(f"{error}; it should be {what}: {advice}") from None
        return cls.of(stored, path)

    def stored(self) -> Json:
        """The record as JSON holds it; what is None is left out."""
        return {"format": self.CURRENT, **self.model_dump(mode="json", exclude_none=True)}

    def sealed(self) -> Json:
        """The record as its file holds it, with its digest."""
        stored = self.stored()
        return sealed({"record": type(self).__name__, **stored}) if self.SEALED else stored

    def write(self, path: Path) -> None:
        """Write it atomically."""
        atomic_write_json(path, self.sealed())


class BaseOf(Stored):
    """The base that something was made on."""

    name: str
    fingerprint: Digest

    @model_validator(mode="before")
    @classmethod
    def _today(cls, stored: Any) -> Any:
        if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
            return stored
        return {**stored, "name": base_name(stored["name"])}


class FullFusion(Stored):
    """The full fusion that one of low rank was factored from."""

    run: RunName
    dev: dict[Name, Scores] = Field(default_factory=dict)


class GateFigures(Stored):
    """What was learnt of how much each member of gates counts.

    Attributes:
        start: Where the gates that were kept started: ``none``, all at 0, or at a member, its own at 1; None where
            they went on from what was trained first.
        starts: By start that was tried, its main score on English dev, 0–100.
        singles: By member, the main English dev score of the target adapter on it alone.
        gates: By place, ``LAYER.LOCATION``, the gate of each member.
    """

    start: SetupText | None = None
    starts: dict[SetupText, float] = Field(default_factory=dict)
    singles: dict[SetupText, float] = Field(default_factory=dict)
    gates: dict[Words, dict[SetupText, float]] = Field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, float]:
        """By member, the mean size of its gates over places, largest first; a gate counts as much below 0 as above."""
        places = list(self.gates.values())
        members = next(iter(places), {})
        means = {name: sum(abs(place[name]) for place in places) / len(places) for name in members}
        return dict(sorted(means.items(), key=lambda item: -item[1]))


class Figures(Stored):
    """What a run measured and took.

    Attributes:
        dev: By task its English dev scores, 0–100.
        dev_rows: By task the number of its dev rows.
        history: One entry a measurement on dev: the epoch and step, or the weights of a mixture, and the main score.
        steps: Steps of training, or soups that were tried.
        features: Features of an epoch.
        rounding: How far half precision moved the weights, relative to their size.
        seconds: Time that it took.
        resumed: Whether it was cut and went on, so that ``seconds`` are not all.
        device: Where it ran.
        threads: Threads of torch.
        parameters: Parameters that were trained.
        mixture: By member, its weight in a soup or an ensemble.
        full: For a fusion of low rank, the run and the dev scores of the full one.
        gated: For gates, where they started and what they became.
    """

    dev: dict[Name, Scores] = Field(default_factory=dict)
    dev_rows: dict[Name, int] = Field(default_factory=dict)
    history: list[Json] | None = None
    steps: int | None = None
    features: int | None = None
    rounding: float | None = None
    seconds: float | None = None
    resumed: bool | None = None
    device: str | None = None
    threads: int | None = None
    parameters: int = 0
    mixture: dict[SetupText, float] | None = None
    full: FullFusion | None = None
    gated: GateFigures | None = None


class Imported(Stored):
    """Where an adapter came from that was not trained here.

    Attributes:
        form: ``adapterhub`` or ``peft``.
        name: What it was called there.
        base: The base that its files name.
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
        under: The frozen setup that it was trained on.
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
        unlabelled: The rows without labels that it, or something that it was trained on, learnt from.
        start: What it started from, in words; "" where that is plain.
        imported: Where it came from, if it was not trained here.
        files: SHA-256 of every file of the checkpoint, by path.
        xadapt: Version of xadapt that made it, "" where it is not known; it decides nothing.
    """

    CURRENT: ClassVar[int] = 2
    SEALED: ClassVar[int] = 2
    WHAT: ClassVar[tuple[str, str]] = (
        "the record of a checkpoint of xadapt",
        f"restore it, or {ASIDE} and train it again",
    )

    run: RunName
    setup: SetupText
    trains: Words = "adapter"
    under: SetupText = "none"
    tasks: list[Name] = Field(default_factory=list)
    heads: list[Name]
    calibration: dict[Name, Scores] = Field(default_factory=dict)
    base: BaseOf
    seed: int
    data: str = ""
    rows: dict[Name, int] = Field(default_factory=dict)
    sources: dict[Name, str] = Field(default_factory=dict)
    members: dict[SetupText, RunName] = Field(default_factory=dict)
    weights: dict[SetupText, RunName] = Field(default_factory=dict)
    decides: Json = Field(default_factory=dict)
    figures: Figures = Field(default_factory=Figures)
    first: str = ""
    unlabelled: list[UnlabelledRows] = Field(default_factory=list)
    start: str = ""
    imported: Imported | None = None
    files: dict[FileName, Digest] = Field(default_factory=dict)
    xadapt: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_0_1(cls, stored: Any) -> Any:
        # Up to 0.1 the version was among what decided a run.
        if not isinstance(stored, dict) or "xadapt" in stored:
            return stored
        decides = stored.get("decides")
        versions = decides.get("versions") if isinstance(decides, dict) else None
        return {**stored, "xadapt": versions.get("xadapt", "") if isinstance(versions, dict) else ""}

    @model_validator(mode="after")
    def _settings(self) -> RunRecord:
        settings = self.decides.get("settings", {})
        if not isinstance(settings, dict):
            raise ValueError("decides.settings: it should be an object")
        for name in ("batch_size", "epochs", "lr"):
            if name in settings and (isinstance(settings[name], bool) or not isinstance(settings[name], int | float)):
                raise ValueError(f"decides.settings.{name}: it should be a number")
        return self

    @property
    def settings(self) -> Json:
        """The settings that decided it, empty where they are not known."""
        return dict(self.decides.get("settings", {}))
