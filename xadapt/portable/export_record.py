"""What an export's ``export.json`` says: what it is of, how its parts belong together, and how it was checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from xadapt.store.files import atomic_write_json
from xadapt.store.names import FolderName, Name, RunName, SetupText, Words
from xadapt.store.records import BaseOf, Json, Record, Scores

if TYPE_CHECKING:
    from pathlib import Path

#: The record's file.
RECORD = "export.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Origin(_Part):
    """Where an adapter or a fusion of an export came from.

    Attributes:
        setup: The expression that it completes.
        run: The run that made it; None for what was put together in weight space.
    """

    setup: SetupText
    run: RunName | None


class Checked(_Part):
    """What the plain library was found to compute.

    Attributes:
        sentences: How many pairs of sentences were compared.
        differences: Largest absolute difference by head, and of the ``hidden states``.
    """

    sentences: int
    differences: dict[str, float]


class ExportParts(_Part):
    """What a format holds of a setup; which fields are set depends on the format.

    Attributes:
        active: The composition: a name, ``{"stack": [...]}`` or ``{"fuse": [...]}``.
        adapters: The adapters, by folder.
        fusions: The fusions, by folder.
        architecture: The class of transformers.
    """

    active: Any = None
    adapters: dict[FolderName, Origin] = Field(default_factory=dict)
    fusions: dict[FolderName, Origin] = Field(default_factory=dict)
    architecture: Words | Literal[""] = ""


class ExportRecord(Record, ExportParts):
    """An export.

    Attributes:
        form: The format, ``adapterhub``, ``peft`` or ``merged``.
        setup: The setup.
        base: Its base.
        seed: The seed of its checkpoints.
        precision: ``fp16`` or ``fp32``.
        heads: By task of a head, the setup whose checkpoint the head is of.
        labels: By task of a head, what its outputs mean, in order; empty where they have no names.
        calibration: By task of a head, what was tuned beside the weights.
        checked: How it was checked.
        versions: Versions of libraries.
    """

    WHAT: ClassVar[tuple[str, str]] = ("the record of an export of xadapt", "export it again")

    form: Words
    setup: SetupText
    base: BaseOf
    seed: int
    precision: Words
    heads: dict[Name, SetupText] = Field(default_factory=dict)
    labels: dict[Name, list[str]] = Field(default_factory=dict)
    calibration: dict[Name, Scores] = Field(default_factory=dict)
    checked: Checked
    versions: dict[str, str] = Field(default_factory=dict)

    def stored(self) -> Json:
        """The record as JSON holds it, with the fields that its format has."""
        return {"format": self.CURRENT, **self.model_dump(mode="json", exclude_unset=True)}

    def write(self, path: Path) -> None:
        """Write it atomically."""
        atomic_write_json(path, self.stored())
