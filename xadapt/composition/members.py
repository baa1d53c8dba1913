"""The checkpoints that a setup is made of: found, checked, and checked to fit each other, without reading a weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xadapt.composition.expression import named_run
from xadapt.composition.hints import trained_on_others
from xadapt.errors import XadaptError
from xadapt.store.checkpoints import Checkpoint, verify_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.store.store import Store
    from xadapt.store.unlabelled_rows import UnlabelledRows


@dataclass
class Members:
    """The members of one setup, as far as it has been looked at.

    Attributes:
        context: The base that they must be made for, the store they come from, the seed whose checkpoints are
            preferred, and checkpoints that must be used for an expression.
        on_use: Called with every checkpoint that is taken, once.
        runs: Run hash of every checkpoint in use, by expression.
        weights: Digest of the weights of every checkpoint in use, by expression.
        used: The checkpoints in use, by expression.
    """

    context: Context
    on_use: Callable[[Checkpoint], object]
    runs: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    used: dict[str, Checkpoint] = field(default_factory=dict)
    #: What the checkpoints in use were trained on.
    _preferred: dict[str, Checkpoint] = field(default_factory=dict)
    _found: dict[str, Checkpoint | None] = field(default_factory=dict)

    def find(self, node: Node) -> Checkpoint | None:
        """The checkpoint that would be taken for an expression; None if there is none."""
        name = str(node)
        found = self.context.pins.get(name) or self._preferred.get(name)
        if found is None and name not in self._found:
            self._found[name] = self._store.find(name, self._fingerprint, self.context.seed)
        return found or self._found[name]

    def fits(self, node: Node) -> bool:
        """Whether there is a checkpoint for an expression, and it is for this base."""
        found = self.find(node)
        return found is not None and found.record.base.fingerprint == self._fingerprint

    def prefer_members_of(self, node: Node) -> None:
        """Prefer, from now on, the runs that the checkpoint of an expression was trained on."""
        # What was trained on other adapters is right on those runs of them alone, whatever else the store holds by now.
        checkpoint = self.find(node)
        for name, run in checkpoint.record.members.items() if checkpoint else ():
            chosen = name in self.context.pins or name in self._preferred
            member = None if chosen else self._store.by_run(run)
            if member is not None:
                self._preferred[name] = member

    def use(self, node: Node, hint: str) -> Checkpoint:
        """Take the checkpoint of an expression.

        Args:
            node: The expression.
            hint: How one is made, for the message.

        Raises:
            XadaptError: If it is missing, damaged or made for another base.
        """
        if not self.find(node):
            self.check_not_on_others(node, hint)
        checkpoint = self.find(node) or self._store.need(str(node), self._fingerprint, self.context.seed, hint)
        self._verify(checkpoint)
        if str(node) not in self.runs:
            self.on_use(checkpoint)
        self._count(checkpoint, str(node))
        return checkpoint

    def check_not_on_others(self, node: Node, hint: str) -> None:
        """Check that an adapter that is missing was not trained on something else than it was asked for on.

        Raises:
            XadaptError: If it was; names on what.
        """
        here = [one.setup for one in self._store.checkpoints() if one.record.base.fingerprint == self._fingerprint]
        others = trained_on_others(node, here)
        if others:
            raise XadaptError(f"{others}, or make it: {hint}")

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Count a checkpoint that was shown elsewhere as a member; several of one expression are numbered.

        Raises:
            XadaptError: If it is damaged or made for another base.
        """
        self._verify(checkpoint)
        number = 0
        while self.runs.get(named_run(checkpoint.setup, number), checkpoint.run) != checkpoint.run:
            number += 1
        self._count(checkpoint, named_run(checkpoint.setup, number))

    def _count(self, checkpoint: Checkpoint, name: str) -> None:
        self.runs[name], self.weights[name], self.used[name] = checkpoint.run, checkpoint.digest, checkpoint

    @property
    def unlabelled(self) -> list[UnlabelledRows]:
        """The unlabelled rows that something in use has learnt from, each once."""
        every = [rows for checkpoint in self.used.values() for rows in checkpoint.record.unlabelled]
        return [rows for number, rows in enumerate(every) if rows not in every[:number]]

    def check_members_of(self, node: Node, checkpoint: Checkpoint) -> None:
        """Check that what a checkpoint was trained on is what is in use.

        Raises:
            XadaptError: If another run, or other weights, of a member are in use.
        """
        digests = checkpoint.record.weights
        for name, run in checkpoint.record.members.items():
            if name not in self.runs or name == str(node):
                continue
            if self.runs[name] != run:
                raise XadaptError(
                    f"{node} was trained on run {run} of {name}, not on {self.runs[name]}: "
                    f"put that run into the store (`xadapt pull`) or train {node} again"
                )
            if name in digests and digests[name] != self.weights[name]:
                raise XadaptError(
                    f"{node} was trained on other weights of {name} (run {run} was made again elsewhere): "
                    f"put its own into the store (`xadapt pull`) or train {node} again"
                )

    def _verify(self, checkpoint: Checkpoint) -> None:
        verify_checkpoint(checkpoint, self._fingerprint, self.context.backbone.name)

    @property
    def _store(self) -> Store:
        return self.context.store

    @property
    def _fingerprint(self) -> str:
        return self.context.backbone.fingerprint
