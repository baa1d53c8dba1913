"""Checkpoints: a folder with safetensors in AdapterHub's own layout, one JSON that says what decided it, and a card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.errors import XadaptError, option
from xadapt.store.files import atomic_write_bytes, inside, sha256_file, sha256_json
from xadapt.store.record_tables import checkpoint_table
from xadapt.store.records import RunRecord, Scores
from xadapt.tables import html_table, terminal_text

if TYPE_CHECKING:
    from pathlib import Path

RECORD = "xadapt.json"
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


@dataclass(frozen=True, repr=False)
class Checkpoint:
    """A stored adapter, fusion or target adapter.

    Attributes:
        path: Its folder.
        record: The content of ``xadapt.json``.
    """

    path: Path
    record: RunRecord

    @property
    def setup(self) -> str:
        """The expression that this checkpoint completes."""
        return self.record.setup

    @property
    def run(self) -> str:
        """The hash of the run that made it."""
        return self.record.run

    @property
    def seed(self) -> int:
        """The seed of that run."""
        return self.record.seed

    @property
    def heads(self) -> list[str]:
        """Names of the tasks it has a head for."""
        return list(self.record.heads)

    @property
    def scores(self) -> dict[str, Scores]:
        """English dev scores by task, 0–100; empty for what was imported."""
        return self.record.figures.dev

    @property
    def parameters(self) -> int:
        """Parameters that were trained, heads included."""
        return self.record.figures.parameters

    @property
    def digest(self) -> str:
        """Hash of its weights; 16 hex digits. Runs of one hash differ in it when other hardware made them.

        Where it has no files, its weights are those of its members.
        """
        return sha256_json(self.record.files or self.record.figures.mixture or {})[:16]

    def describe(self) -> str:
        """One line for people: what, from which data, with how many rows."""
        counted = ", ".join(f"{name} {count:,} rows" for name, count in self.record.rows.items())
        parts = (f"run {self.run[:8]}", self.record.data, counted, f"seed {self.seed}")
        return f"{self.setup}: " + ", ".join(part for part in parts if part)

    def __repr__(self) -> str:
        return terminal_text(checkpoint_table(self))

    def _repr_html_(self) -> str:
        return html_table(checkpoint_table(self))


def open_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint's record; the weights are not touched.

    Raises:
        XadaptError: If there is none, it does not list its files, or it was written by a later format.
    """
    record = RunRecord.read(path / RECORD)
    if "files" not in record.model_fields_set:
        # Nothing of the checkpoint could be checked.
        what, advice = RunRecord.WHAT
        raise XadaptError(f"{path / RECORD} lacks 'files': it is not {what}: {advice}")
    return Checkpoint(path, record)


def verify_checkpoint(checkpoint: Checkpoint, fingerprint: str, base: str) -> None:
    """Check that a checkpoint is whole, safe and made for this base.

    Args:
        checkpoint: The checkpoint.
        fingerprint: The base's fingerprint.
        base: The base's name, for the message.

    Raises:
        XadaptError: If a file is missing, pickled or changed, or the base differs.
    """
    fault = whole_fault(checkpoint)
    if fault:
        raise XadaptError(f"checkpoint {checkpoint.path} {fault}")
    made_for = checkpoint.record.base
    if made_for.fingerprint != fingerprint:
        raise XadaptError(
            f"{checkpoint.setup} at {checkpoint.path} was trained on base {made_for.name!r} "
            f"({made_for.fingerprint[:8]}), not on {base!r} ({fingerprint[:8]}): "
            f"train it on this base or use {option('base', made_for.name)}"
        )


def whole_fault(checkpoint: Checkpoint) -> str:
    """What is wrong with the files of a checkpoint and what to do about it, "" if nothing is."""
    path, advice = checkpoint.path, RunRecord.WHAT[1]
    for file in path.rglob("*"):
        if file.suffix in _PICKLES:
            name = file.relative_to(path).as_posix()
            return f"has {name}, a pickle, which can run code on loading: convert it to safetensors"
    for name, digest in checkpoint.record.files.items():
        try:
            file = inside(path, name)
        except XadaptError as error:
            return f"has {name}, which is no file of its own ({error}): {advice}"
        if not file.is_file():
            return f"lacks {name}: {advice}"
        try:
            same = sha256_file(file) == digest
        except OSError as error:
            return f"has {name}, which cannot be read ({error.strerror}): {advice}"
        if not same:
            return f"has {name}, which is corrupt or cut short (SHA-256 differs): {advice}"
    return ""


def write_record(folder: Path, record: RunRecord, card: str) -> None:
    """Write card and record into a checkpoint folder whose weights are in place; the record lists every file."""
    atomic_write_bytes(folder / "README.md", card.encode())
    files = {
        file.relative_to(folder).as_posix(): sha256_file(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in (RECORD, "README.md")
    }
    record.model_copy(update={"files": files}).write(folder / RECORD)
