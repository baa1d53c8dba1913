"""What a fusion attends to, as a typed record."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from xadapt.errors import XadaptError
from xadapt.store.names import Name, RunName, SetupText
from xadapt.store.records import ASIDE, Record, Stored

if TYPE_CHECKING:
    from pathlib import Path

#: The name of the mean over all layers, which follows the layers everywhere.
ALL = "all"
#: Layers by members, or members by members; a number that is none is None.
Vector = list[float | None]
Matrix = list[Vector]


class MemberFigures(Stored):
    """Figures of the members; the first axis is the layers, the last entry of which is the mean over layers.

    Attributes:
        weights: Attention weights by layer and member, 0 to 1; None for a setup that is no fusion.
        spread: Their standard deviations over rows.
        entropy: By layer, relative to that of uniform weights.
        cka: By layer, member and member.
        cosine: The same.
    """

    weights: Matrix | None = None
    spread: Matrix | None = None
    entropy: Vector | None = None
    cka: list[Matrix] = Field(default_factory=list)
    cosine: list[Matrix] = Field(default_factory=list)


class LanguageExplanation(MemberFigures):
    """The figures of one language.

    Attributes:
        rows: Rows that were run.
        available: Rows that there are.
        split: Their split.
        tokens: Their tokens.
    """

    rows: int = 0
    available: int = 0
    split: str = ""
    tokens: int = 0


class ExplanationRecord(Record):
    """What `xadapt explain` found.

    Attributes:
        setup: The setup that was given.
        explained: The fusion or other composition in it that is explained.
        fusion: Whether it is a fusion.
        task: The task whose rows were run.
        base: The base.
        data: The data source.
        seed: The seed whose checkpoints were preferred.
        limit: Most rows a language, None for all.
        max_length: Most tokens of a row.
        precision: ``fp32`` or ``bf16``.
        checkpoints: Run hash of every checkpoint in use, by expression.
        members: The members.
        layers: The layers, and ``all`` for the mean over them.
        uniform: The weight of each member if all had the same.
        statements: What the figures say, a sentence or two a line.
        mean: Mean over the languages, each weighing the same.
        languages: By language, English first.
        run: What its file in a store is called; None elsewhere.
    """

    CURRENT: ClassVar[int] = 2
    SEALED: ClassVar[int] = 2
    WHAT: ClassVar[tuple[str, str]] = ("what xadapt explain stores", f"{ASIDE} and explain again")

    setup: str = ""
    explained: SetupText
    fusion: bool
    task: Name
    base: str
    data: str
    seed: int
    limit: int | None = None
    max_length: int = 0
    precision: str = ""
    checkpoints: dict[SetupText, RunName] = Field(default_factory=dict)
    members: list[SetupText]
    layers: list[str]
    uniform: float
    statements: list[str] = Field(default_factory=list)
    mean: MemberFigures
    languages: dict[Name, LanguageExplanation]
    run: RunName | None = None

    @classmethod
    def read(cls, path: Path) -> ExplanationRecord:
        """Read a file; see :meth:`Record.of`.

        Raises:
            XadaptError: If it is none, is damaged, or belongs in another place of a store.
        """
        record = super().read(path)
        if record.run is not None and record.run != path.stem:
            raise XadaptError(f"{path} is of run {record.run}: {cls.WHAT[1]}")
        return record
