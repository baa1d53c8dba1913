"""What was measured of the time of an example, as a typed record."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xadapt.store.names import Name, SetupText
from xadapt.store.records import ASIDE, Record, Stored

#: Its name in a store, where reports look for it, and in a report's folder.
COST_FILE = "cost.json"


class TaskCost(Stored):
    """What was measured on the rows of one task.

    Attributes:
        language: The language of the rows.
        rows: Rows that every setup answered in every repeat.
        tokens: Tokens of a row, on average.
        max_length: Most tokens of a row.
        processor_share: How much of the time the threads really ran, about 1 on a CPU that did nothing else.
        milliseconds: Time of an example by setup, one value a repeat; a repeat runs every setup.
    """

    language: Name
    rows: int
    tokens: float
    max_length: int = 0
    processor_share: float
    milliseconds: dict[SetupText, list[float]]


class CostRecord(Record):
    """A measurement of costs.

    Attributes:
        base: The base.
        data: The data source.
        device: Type of the device, such as ``cpu``.
        hardware: Name of the processor or GPU.
        threads: Threads of torch.
        precision: ``fp32`` or ``bf16``.
        repeats: How often every setup was timed.
        seed: Of the order of setups in each repeat.
        versions: Of the libraries.
        tasks: What was measured, by task.
    """

    CURRENT: ClassVar[int] = 2
    SEALED: ClassVar[int] = 2
    WHAT: ClassVar[tuple[str, str]] = ("a measurement of costs", f"{ASIDE} or measure again")

    base: str
    data: str
    device: str
    hardware: str
    threads: int
    precision: str
    repeats: int
    seed: int = 0
    versions: dict[str, str] = Field(default_factory=dict)
    tasks: dict[Name, TaskCost]
