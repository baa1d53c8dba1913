"""Gates explained: how much each member counts at each layer. Nothing is run, for gates are the same for every text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xadapt.composition.builder import assemble
from xadapt.composition.loading import GATES
from xadapt.explain.attention import layer_labels, with_mean
from xadapt.methods.gated import load_gates
from xadapt.store.gate_record import GateRecord
from xadapt.tables.numbers import plain

if TYPE_CHECKING:
    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint


@dataclass(frozen=True, repr=False)
class GateExplanation:
    """Gates on a target.

    Attributes:
        setup: The setup that was given.
        explained: The gates in it.
        members: Their members.
        layers: Names of the layers, with the place where a layer has two.
        gates: The gate of each member at each layer, shape (layers, members).
        base: The base.
        seed: The seed whose checkpoints were preferred.
        started: The member that the gates started at, ``none`` where they started closed; "" where it is not known.
        checkpoints: Run hash of every checkpoint in use, by expression.
    """

    setup: str
    explained: str
    members: tuple[str, ...]
    layers: tuple[str, ...]
    gates: np.ndarray
    base: str
    seed: int
    started: str = ""
    checkpoints: dict[str, str] = field(default_factory=dict)

    @property
    def sizes(self) -> np.ndarray:
        """Sizes of the gates, the last line their mean over layers, shape (layers + 1, members)."""
        return with_mean(np.abs(self.gates), axis=0)

    @property
    def statements(self) -> list[str]:
        """What the gates say, a sentence or two a line."""
        means = self.sizes[-1]
        first, *others = (int(number) for number in np.argsort(-means, kind="stable"))
        rest = ", ".join(f"{self.members[number]} {plain(means[number], 2)}" for number in others)
        most = int((self.sizes[:-1].argmax(axis=1) == first).sum())
        where = "at every layer" if most == len(self.layers) else f"at {most} of {len(self.layers)}"
        lines = [
            f"{self.members[first]} is used most: the mean size of its gates is {plain(means[first], 2)} ({rest}), and "
            f"its gate is the largest {where}. At 1 a member counts as it was trained, at 0 not at all."
        ]
        if self.started:
            at = "closed" if self.started == "none" else f"at {self.started}, it alone open"
            lines.append(f"The gates started {at}, which did best on English dev.")
        return lines

    @property
    def record(self) -> GateRecord:
        """Everything, for programs."""
        return GateRecord(
            setup=self.setup,
            explained=self.explained,
            base=self.base,
            seed=self.seed,
            checkpoints=self.checkpoints,
            members=list(self.members),
            layers=list(self.layers),
            gates=np.round(self.gates, 6).tolist(),
            statements=self.statements,
        )

    def __repr__(self) -> str:
        return "\n".join([self.setup, *self.statements])


def explain_gates(context: Context, node: Node, part: Node) -> GateExplanation:
    """Read the gates of a setup.

    Args:
        context: Base, store and seed.
        node: The setup.
        part: The gates in it.

    Raises:
        XadaptError: If a checkpoint is missing, damaged or made for another base.
    """
    used: list[Checkpoint] = []
    assemble(context, node, used.append)
    checkpoint = next(one for one in used if one.setup == str(part))
    gates = load_gates(checkpoint.path / GATES)
    points = sorted(((int(place.split(".")[0]), place.split(".")[1]) for place in gates), key=_from_below)
    gated = checkpoint.record.figures.gated
    return GateExplanation(
        setup=str(node),
        explained=str(part),
        members=tuple(map(str, part.children)),
        layers=tuple(layer_labels(points)),
        gates=np.stack([gates[f"{layer}.{location}"].numpy() for layer, location in points]),
        base=context.backbone.name,
        seed=checkpoint.seed,
        started=(gated.start if gated else None) or "",
        checkpoints={one.setup: one.run for one in used},
    )


def _from_below(point: tuple[int, str]) -> tuple[int, bool]:
    # What follows self-attention comes before what follows the feed-forward part.
    layer, location = point
    return layer, location != "mh_adapter"
