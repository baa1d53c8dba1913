"""What a repository of checkpoints on the hub holds: its index, its records, and the names allowed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationError, field_validator

from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.store.checkpoints import RECORD
from xadapt.store.files import read_json
from xadapt.store.names import Digest, FileName, Name, Plain, RunHash, SetupText, file_fault
from xadapt.store.records import RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INDEX = "xadapt-setups.json"
FORMAT = 1
#: All that a checkpoint is made of. Pickled weights can run code on loading, and their endings are many.
_ALLOWED = (".safetensors", ".json", ".md")

#: What loads an adapter.
Library = Literal["adapters", "peft", "own"]

_Model = TypeVar("_Model", bound=BaseModel)
# What is shown in a terminal must not be able to steer it.
_Printable = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


def _check_canonical(setup: str) -> None:
    if str(parse(setup)) != setup:
        raise XadaptError(f"{setup!r} is not how this xadapt writes a setup")


class Entry(BaseModel):
    """A setup of a repository.

    Attributes:
        setup: Its expression.
        base: The name of its base.
        fingerprint: The fingerprint of that base.
        seed: The seed it was pushed for.
        datasets: Ids of the data sets that it was trained on.
        runs: Run of every checkpoint that it needs, by expression, whether it is in the repository or not.
    """

    setup: SetupText
    base: Plain
    fingerprint: Digest
    seed: int
    datasets: list[_Printable]
    runs: dict[SetupText, RunHash]

    @field_validator("setup", "runs")
    @classmethod
    def _parsed(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        try:
            for setup in [value] if isinstance(value, str) else value:
                _check_canonical(setup)
        except XadaptError as error:
            raise ValueError(error) from None
        return value


class PushedCheckpoint(BaseModel):
    """A checkpoint of a repository.

    Attributes:
        record: SHA-256 of its record, which has those of all its other files.
        about: What it was trained on and its English dev scores, for people.
        library: What loads its adapter: the library, or ``own`` for a method that a user registered.
        heads: The tasks that it has a head for; None in an index that does not say.
    """

    record: Digest
    about: _Printable
    library: Library = "adapters"
    heads: list[Name] | None = None


class Index(BaseModel):
    """What a repository holds.

    Attributes:
        format: The version of this layout.
        setups: The setups, the one that was pushed last first.
        runs: The checkpoints, by run.
    """

    format: int = Field(default=FORMAT, le=FORMAT)
    setups: list[Entry] = []
    runs: dict[RunHash, PushedCheckpoint] = {}

    def pushed(self, entry: Entry, checkpoints: dict[str, PushedCheckpoint]) -> Index:
        """The index with one more setup, or a new state of it, and without checkpoints that none needs."""

        def key(one: Entry) -> tuple[str, str, int]:
            return one.setup, one.fingerprint, one.seed

        setups = [entry, *(other for other in self.setups if key(other) != key(entry))]
        needed = {run for setup in setups for run in setup.runs.values()}
        runs = {run: one for run, one in {**self.runs, **checkpoints}.items() if run in needed}
        return Index(setups=setups, runs=dict(sorted(runs.items())))


class _Base(BaseModel):
    name: _Printable
    fingerprint: Digest


class FetchedRecord(BaseModel):
    """What a checkpoint's record from the hub says about what to fetch and where it belongs."""

    run: RunHash
    setup: SetupText
    base: _Base
    seed: int
    heads: list[Name]
    files: dict[FileName, Digest]


def read_index(path: Path, repo: str) -> Index:
    """Read the index of a repository.

    Raises:
        XadaptError: If it says something that it cannot mean, or was written by a later version.
    """
    return _read(Index, path, f"{INDEX} of {repo}")


def read_record(folder: Path, repo: str, setup: str, run: str) -> FetchedRecord:
    """Read the record of a checkpoint that was fetched, and check every name in it.

    Args:
        folder: Where it was fetched to.
        repo: The repository, for messages.
        setup: The expression that the index has for it.
        run: Its run.

    Raises:
        XadaptError: If it is of another run, a file would leave its folder or could be a pickle, or a head has no file.
    """
    where = f"{run_folder(run)}/{RECORD} of {repo}"
    record = _read(FetchedRecord, folder / RECORD, where)
    if (record.run, record.setup) != (run, setup):
        raise XadaptError(f"{where} is of {record.setup} (run {record.run}), not of {setup}: it is not taken")
    check_names(record.files, where)
    for head in record.heads:
        if f"heads/{head}/head_config.json" not in record.files:
            raise XadaptError(f"{where} names the head {head!r} without its files: it is not taken")
    try:
        # A store would leave it out.
        RunRecord.of(read_json(folder / RECORD), where)
    except XadaptError as error:
        raise XadaptError(f"{error}; nothing is taken") from None
    return record


def check_names(names: Iterable[str], where: str) -> None:
    """Check that files stay in their folder and are of kinds that cannot run code on loading.

    Raises:
        XadaptError: If one does not.
    """
    for name in names:
        fault = file_fault(name)
        if fault:
            raise XadaptError(f"{where}: the file name {fault}: nothing is taken")
        if not name.endswith(_ALLOWED):
            raise XadaptError(
                f"{where}: {name} is neither safetensors nor JSON; pickled weights can run code on loading, so nothing "
                "is taken: convert it to safetensors and push again"
            )


def _read(model: type[_Model], path: Path, where: str) -> _Model:
    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        fault = error.errors()[0]
        if fault["loc"] == ("format",):
            raise XadaptError(f"{where} has a later format: upgrade xadapt (this one reads {FORMAT})") from None
        field = ".".join(map(str, fault["loc"]))
        # What one of our own checks found comes as it was raised, what pydantic found as a message.
        message = fault.get("ctx", {}).get("error") or fault["msg"]
        raise XadaptError(f"{where}: {field!a} is wrong ({message}): upgrade xadapt or push it again") from None


def run_folder(run: str) -> str:
    """The folder of a checkpoint inside a repository."""
    return f"runs/{run}"
