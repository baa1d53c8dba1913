"""``greedy_ensemble(a, b)@task``: models side by side, with weights that a task's English dev rows choose.

Source: Caruana et al., "Ensemble Selection from Libraries of Models", ICML 2004.
"""

from __future__ import annotations

from xadapt.composition.hints import members_of
from xadapt.composition.kinds.ensemble import no_model
from xadapt.composition.specs import Composition, Family, Trained, register_composition

GREEDY_ENSEMBLE = register_composition(
    Composition(
        "greedy_ensemble",
        Family("greedy ensemble", "#c98a2b", 82),
        no_model,
        members="models",
        learnt_on="must",
        why_learnt="whose English dev rows choose its weights",
        trained=Trained(
            lambda node: "ensemble",
            lambda node: [node.name],
            lambda node: f"`xadapt ensemble {members_of(node)} --on {node.name}`",
            budget="ensemble",
        ),
        needs_members=True,
        side_by_side=False,
        several=True,
    )
)
