"""The checkpoints of ``runs(…)``: one a seed, each of exactly that seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.expression import named_run, seed_of_run
from xadapt.composition.hints import how_to_make
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.composition.expression import Model
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint


def of_run(context: Context, model: Model) -> Context:
    """The context in which a model's own checkpoint is the one of its run; its members are preferred as ever.

    Args:
        context: Base, store and the seed of the first run; its pins are taken for the runs that they name.
        model: A model of a setup.

    Raises:
        XadaptError: If there is no run of that seed; says how it is made.
    """
    if model.run is None:
        return context
    name = str(model.setup)
    found = context.pins.get(named_run(name, model.run))
    if found is None:
        seed = seed_of_run(context.seed, model.run)
        found = run_of_seed(context.store.checkpoints(), name, context.backbone.fingerprint, seed)
        if found is None:
            raise missing_run(context, model)
    return context.pinned({name: found})


def run_of_seed(there: Iterable[Checkpoint], setup: str, fingerprint: str, seed: int) -> Checkpoint | None:
    """The newest checkpoint of a setup on a base that has a seed; None if there is none."""
    return next(
        (one for one in there if (one.setup, one.record.base.fingerprint, one.seed) == (setup, fingerprint, seed)), None
    )


def missing_run(context: Context, model: Model) -> XadaptError:
    """The error for a run that is not there."""
    run, seed = model.run or 0, seed_of_run(context.seed, model.run or 0)
    before, command, after = how_to_make(model.setup, context.tasks).split("`", 2)
    make = f"{before}`{command} --seed {seed}`{after}"
    return XadaptError(f"run {run + 1} of {model.setup}, the one of seed {seed}, is not there; make it: {make}")
