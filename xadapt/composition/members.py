"""The checkpoints that a setup is made of: found, checked, and told to fit each other, without reading a weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xadapt.backbone.base import Backbone
from xadapt.composition.expression import Node
from xadapt.errors import XadaptError
from xadapt.store.checkpoints import Checkpoint, verify_checkpoint
from xadapt.store.store import Store


@dataclass
class Members:
    """The members of one setup, as far as it has been looked at.

    Attributes:
        backbone: The frozen base that they must be made for.
        store: Where they come from.
        seed: The seed whose checkpoints are preferred.
        pins: Checkpoints that must be used for an expression, whatever else the store holds.
        on_use: Told of every checkpoint that is taken, once.
        runs: Run hash of every checkpoint in use, by expression.
        weights: Digest of the weights of every checkpoint in use, by expression.
    """

    backbone: Backbone
    store: Store
    seed: int | None = None
    pins: dict[str, Checkpoint] = field(default_factory=dict)
    on_use: Callable[[Checkpoint], None] | None = None
    runs: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    _stands: dict[str, Checkpoint] = field(default_factory=dict)
    _looked: dict[str, Checkpoint | None] = field(default_factory=dict)

    def find(self, node: Node) -> Checkpoint | None:
        """The checkpoint that would be taken for an expression; None if there is none."""
        name = str(node)
        found = self.pins.get(name) or self._stands.get(name)
        if found is None and name not in self._looked:
            self._looked[name] = self.store.find(name, self.backbone.fingerprint, self.seed)
        return found or self._looked[name]

    def fits(self, node: Node) -> bool:
        """Whether there is a checkpoint for an expression, and it is for this base."""
        found = self.find(node)
        return found is not None and found.record["base"]["fingerprint"] == self.backbone.fingerprint

    def stand_on(self, node: Node) -> None:
        """Prefer, from now on, the runs that the checkpoint of an expression was trained on."""
        # What was trained on other adapters is right on those runs of them alone, whatever else the store holds by now.
        checkpoint = self.find(node)
        for name, run in checkpoint.record.get("members", {}).items() if checkpoint else ():
            known = name in self.pins or name in self._stands
            member = None if known else self.store.by_run(run)
            if member is not None:
                self._stands[name] = member

    def use(self, node: Node, hint: str) -> Checkpoint:
        """Take the checkpoint of an expression.

        Args:
            node: The expression.
            hint: How one is made, for the message.

        Raises:
            XadaptError: If it is missing, damaged or made for another base.
        """
        checkpoint = self.find(node) or self.store.need(str(node), self.backbone.fingerprint, self.seed, hint)
        self._verify(checkpoint)
        if self.on_use and str(node) not in self.runs:
            self.on_use(checkpoint)
        self.runs[str(node)], self.weights[str(node)] = checkpoint.run, checkpoint.digest
        return checkpoint

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Count a checkpoint, of which somebody else has told, as a member.

        Raises:
            XadaptError: If it is damaged or made for another base.
        """
        self._verify(checkpoint)
        self.runs[checkpoint.setup], self.weights[checkpoint.setup] = checkpoint.run, checkpoint.digest

    def check_stands(self, node: Node, checkpoint: Checkpoint) -> None:
        """Check that what a checkpoint was trained on is what is in use.

        Raises:
            XadaptError: If another run, or other weights, of a member are in use.
        """
        digests = checkpoint.record.get("weights", {})
        for name, run in checkpoint.record.get("members", {}).items():
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
        verify_checkpoint(checkpoint, self.backbone.fingerprint, self.backbone.name)
