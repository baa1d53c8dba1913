"""What gates of a setup are, as a typed record."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xadapt.store.names import RunName, SetupText
from xadapt.store.records import Record


class GateRecord(Record):
    """What `xadapt explain` says of gates.

    Attributes:
        setup: The setup that was given.
        explained: The gates in it.
        base: The base.
        seed: The seed of their checkpoint.
        checkpoints: Run hash of every checkpoint in use, by expression.
        members: The members.
        layers: The layers, with the place where a layer has two.
        gates: By layer, the gate of each member.
        statements: What they say, a sentence or two a line.
    """

    WHAT: ClassVar[tuple[str, str]] = ("what xadapt explain writes of gates", "explain again")

    setup: SetupText
    explained: SetupText
    base: str
    seed: int
    checkpoints: dict[SetupText, RunName] = Field(default_factory=dict)
    members: list[SetupText]
    layers: list[str]
    gates: list[list[float]]
    statements: list[str] = Field(default_factory=list)
