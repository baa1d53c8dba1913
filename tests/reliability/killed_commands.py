"""The commands that are killed: what they start from, and what they leave undisturbed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.reliability.kill_lab import Listed, copy, run, state_of

_RECIPE = """
name: small
title: Small
adapters:
  mnli: {epochs: 2, batch_size: 8, lr: 0.01, limit: 16, dev_limit: 6, max_length: 48}
  stsb: {epochs: 1, batch_size: 8, lr: 0.01, limit: 16, dev_limit: 6, max_length: 48}
fusion: {epochs: 1, batch_size: 8, lr: 0.01, limit: 16, dev_limit: 6, max_length: 48}
setups: [none, mnli, "fuse(mnli, stsb)"]
targets:
  xnli:
    train: {epochs: 1, batch_size: 8, lr: 0.01, limit: 16, dev_limit: 6, max_length: 48}
    limit: 6
  tatoeba: {}
"""
_QUICK = ["--batch-size", "8", "--lr", "0.01", "--max-length", "48", "--dev-limit", "6"]


@dataclass(frozen=True)
class Killed:
    """A command that is killed.

    Attributes:
        name: Its name.
        folder: Where base, rows and what it starts from are.
        words: The command, without the options that name a base, rows and a store.
        start: The folder that a copy of is its working folder; a store is in it.
        rows: Whether it takes rows.
    """

    name: str
    folder: Path
    words: tuple[str, ...]
    start: Path
    rows: bool = True

    @property
    def arguments(self) -> list[str]:
        """The whole command."""
        rows = ["--data", str(self.folder / "mirror"), "--device", "cpu", "--precision", "fp32"] if self.rows else []
        return [*self.words, "--base", str(self.folder / "base"), "--store", "store", *rows]

    def fresh(self, to: Path) -> Path:
        """A fresh working folder."""
        return copy(self.start, to)

    @cached_property
    def undisturbed(self) -> Undisturbed:
        """What it does when nobody kills it."""
        to = self.fresh(self.folder / f"{self.name}-undisturbed")
        ended = run(self.arguments, to)
        assert ended.code == 0, ended.err
        again = self.fresh(self.folder / f"{self.name}-undisturbed")
        log = self.folder / f"{self.name}-changes"
        # The first of all processes waits for the one that it is forked from.
        seconds = run(self.arguments, again, Listed(again, log=log)).seconds
        return Undisturbed(state_of(to), seconds, log.read_text().splitlines(), ended.out)


@dataclass(frozen=True)
class Undisturbed:
    """What a command does when nobody kills it.

    Attributes:
        state: What its folder holds at the end.
        seconds: How long it takes.
        changes: The changes that it makes to the file system.
        out: What it prints.
    """

    state: dict[str, str]
    seconds: float
    changes: list[str]
    out: str


def make_killed(folder: Path) -> dict[str, Killed]:
    """The commands by name, of which all is in a folder with ``base``, ``mirror`` and ``trained``, a store."""
    (folder / "empty").mkdir()
    (folder / "small.yaml").write_text(_RECIPE)
    (folder / "full").mkdir()
    (folder / "trained").rename(folder / "full" / "store")
    empty, full = folder / "empty", folder / "full"
    commands = {
        "training": (("train-task", "mnli", "--epochs", "2", *_QUICK), empty, True),
        "fusion": (("fuse", "mnli", "stsb", "--epochs", "2", *_QUICK), full, True),
        "evaluation": (("evaluate", "xnli", "--setup", "mnli", "--languages", "en,de"), full, True),
        "recipe": (("run", str(folder / "small.yaml"), "--to", "report"), empty, True),
        "export": (("export", "fuse(mnli, stsb)", "--to", "out", "--format", "adapterhub"), full, False),
    }
    return {name: Killed(name, folder, words, start, rows) for name, (words, start, rows) in commands.items()}
