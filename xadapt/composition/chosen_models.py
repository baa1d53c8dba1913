"""What was chosen for an ensemble: the models that count, with their weights, each the run that was there then."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.composition.expression import run_of_name
from xadapt.composition.hints import how_to_make
from xadapt.composition.members import Members
from xadapt.composition.specs import has_chosen_weights
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Model, Node
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint


@dataclass(frozen=True)
class Chosen:
    """What was chosen for a setup.

    Attributes:
        checkpoint: The checkpoint that says so.
        context: Finds the runs of the members that were there when it was chosen.
        weights: The weight of each model that counts; they sum to 1.
    """

    checkpoint: Checkpoint
    context: Context
    weights: Mapping[Model, float]

    def check(self, assemblies: Sequence[Assembly]) -> None:
        """Check that models are made of what the weights were chosen for.

        Raises:
            XadaptError: If another run, or other weights, of a member are in use.
        """
        record = self.checkpoint.record
        for name, run in (item for assembly in assemblies for item in assembly.members.items()):
            there = {record.members[known]: known for known in record.members if run_of_name(known)[0] == name}
            if run not in there:
                runs = " or ".join(sorted(there)) or "none"
                raise XadaptError(
                    f"{record.setup} was chosen with run {runs} of {name}, not with {run}: put that run into the store "
                    f"(`xadapt pull`) or make {record.setup} again"
                )
        for assembly in assemblies:
            for name, digest in assembly.weights.items():
                if digest not in {known for key, known in record.weights.items() if run_of_name(key)[0] == name}:
                    raise XadaptError(
                        f"{record.setup} was chosen with other weights of {name} (run {assembly.members[name]} was "
                        f"made again elsewhere): put its own into the store (`xadapt pull`) or make "
                        f"{record.setup} again"
                    )


def chosen(context: Context, node: Node) -> Chosen | None:
    """Find what was chosen for a setup; None where nothing is, as in most.

    Raises:
        XadaptError: If its checkpoint is missing, damaged, made for another base, or says nothing of its members.
    """
    if not has_chosen_weights(node.kind):
        return None
    checkpoint = Members(context, lambda one: None).use(node, how_to_make(node, context.tasks))
    weights = checkpoint.record.figures.mixture or {}
    models = {model: weights.get(model.name, 0.0) for model in node.models}
    sound = 0 < sum(models.values()) < math.inf and min(models.values()) >= 0
    if not sound or set(weights) != {model.name for model in models}:
        raise XadaptError(
            f"{checkpoint.path} does not say how much each member of {node} counts: make it again with "
            f"{how_to_make(node, context.tasks)}"
        )
    counted = {model: weight for model, weight in models.items() if weight}
    return Chosen(checkpoint, _as_then(context, checkpoint), counted)


def _as_then(context: Context, checkpoint: Checkpoint) -> Context:
    members = checkpoint.record.members
    # Where members stand on several runs of one setup, each says by itself on which.
    several = {setup for setup, number in map(run_of_name, members) if number}
    pins = {}
    for name, run in members.items():
        found = None if name in context.pins or run_of_name(name)[0] in several else context.store.by_run(run)
        if found:
            pins[name] = found
    return context.pinned(pins)
