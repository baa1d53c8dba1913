"""Two compositions that xadapt does not have, each declared as a user would.

``halves(a, b)`` is one adapter with the first layer of one member and the others of the second. ``chosen(a, b)@task``
is the member whose adapter does best on a task's English dev rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from xadapt.composition.builder import Assembly, layer_name
from xadapt.composition.expression import Node
from xadapt.composition.hints import members_of
from xadapt.composition.specs import Composition, Family, Trained, register_composition
from xadapt.methods.adapter import adapter_state, copy_method
from xadapt.problems.base import Defaults
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.records import Figures
from xadapt.training.job import Job, Run
from xadapt.training.run_kinds import RunKind, register_run_kind

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel


def build_halves(assembly: Assembly, node: Node) -> str:
    names, new = [assembly.member(child)[0] for child in node.children], layer_name(node)

    def make(model: XLMRobertaAdapterModel) -> None:
        copy_method(model, names[0], new)
        lower, upper = (adapter_state(model, name) for name in names)
        with torch.no_grad():
            for key, value in adapter_state(model, new).items():
                value.copy_((lower if ".layer.0." in key else upper)[key])

    if assembly.is_new(new):
        assembly.then(make)
    return new


def train_chosen(job: Job) -> Checkpoint:
    assembly = Assembly(job.context)
    names = [assembly.member(child)[0] for child in job.plan.makes.children]

    def make(run: Run) -> Checkpoint:
        task, new = job.plan.tasks[0], layer_name(job.plan.makes)
        model = assembly.model
        answering = assembly.head_for(task)
        if answering != task.name:
            model.average_head(task.name, [answering])
        scores = []
        for name in names:
            assembly.activate(name)
            scores.append(job.dev_scores(model))
        best = max(range(len(names)), key=lambda index: job.mean_main(scores[index]))
        copy_method(model, names[best], new)
        with torch.no_grad():
            for key, value in adapter_state(model, new).items():
                value.copy_(adapter_state(model, names[best])[key])
        return run.store(model, Figures(dev=scores[best], steps=len(names), parameters=0))

    return job.once(assembly, make)


HALVES = Composition("halves", Family("halves", "#123456", 35), build_halves, most=2, ordered=True, plain=True)
CHOSEN = Composition(
    "chosen",
    Family("chosen", "#654321", 65),
    lambda assembly, node: assembly.adapter(node),
    plain=True,
    learnt_on="must",
    why_learnt="whose dev rows choose",
    trained=Trained(
        lambda node: "chosen", lambda node: [node.name], lambda node: f"`choose {members_of(node)}`", budget="chosen"
    ),
)


def register() -> None:
    """Make both known, and the kind of run that trains the second."""
    register_composition(HALVES)
    register_composition(CHOSEN)
    register_run_kind(RunKind("chosen", revision=1, train=train_chosen, defaults=Defaults(batch_size=8), learns=False))
