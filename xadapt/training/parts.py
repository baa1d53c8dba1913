"""The part that a run trains: a fresh adapter, a fusion, or a setup's weights, put where it belongs in the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch

from xadapt.backbone.base import Backbone
from xadapt.composition.builder import Assembly, assemble, layer_name
from xadapt.composition.loading import put_adapter, put_head
from xadapt.composition.merging import merge_adapters
from xadapt.methods.adapter import adapter_state, add_adapter
from xadapt.methods.fusion import add_fusion, fusion_layers
from xadapt.problems import Problem
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.tasks import Task
from xadapt.training.plan import TrainPlan
from xadapt.training.settings import TrainSettings


def with_new_part(
    plan: TrainPlan,
    backbone: Backbone,
    store: Store,
    settings: TrainSettings,
    problems: dict[str, Problem],
    pins: dict[str, Checkpoint],
    on_use: Callable[[Checkpoint], None],
    first: Checkpoint | None = None,
) -> Assembly:
    """Find what a plan's new adapter, fusion or head stands on; the model will have it, and only it will be trainable.

    Args:
        plan: What is to be trained.
        backbone: The frozen base.
        store: Where members are found.
        settings: Seed and adapter configuration.
        problems: The problem of every task of the plan, which knows its head.
        pins: Checkpoints that members must come from, by expression.
        on_use: Told of every checkpoint that is loaded.
        first: What the new adapter was trained on first, when its task says so.

    Raises:
        XadaptError: If a member is missing or wrong; on making the model, if the adapter configuration does not fit.
    """
    if plan.trains == "fusion":
        return _with_fusion(plan, Assembly(backbone, store, settings.seed, pins, on_use), problems)
    assembly = assemble(backbone, plan.under, store, settings.seed, pins, on_use)
    if first is not None:
        assembly.adopt(first)
    new, below = layer_name(plan.makes), assembly.active
    assembly.then(partial(_add_part, plan=plan, new=new, settings=settings, first=first))
    for task in plan.tasks:
        if problems[task.name].needs_head:
            assembly.then(_head_step(task, assembly, problems[task.name], first))
    assembly.activate(_on_top(below, new) if plan.trains == "target" else new)
    assembly.then(lambda model: _only(model, adapter_state(model, new).values(), plan))
    return assembly


def _add_part(model: Any, plan: TrainPlan, new: str, settings: TrainSettings, first: Checkpoint | None) -> None:
    for name in (task.name for task in plan.tasks if task.name in model.heads):
        model.delete_head(name)
    if first is not None:
        put_adapter(model, first, new)
    elif plan.trains == "continue":
        merge_adapters(model, "average", [layer_name(plan.under)], (), new)
    else:
        add_adapter(model, new, settings.adapter_config)


def _head_step(task: Task, assembly: Assembly, problem: Problem, first: Checkpoint | None) -> Callable[[Any], None]:
    if first is not None:
        return partial(put_head, checkpoint=first, task=first.heads[0], name=task.name)
    if task.after in assembly.heads:
        # The setup has learnt what comes first; its head goes on learning too.
        return partial(_copy_head, name=task.name, of=task.after)
    return partial(problem.add_head, name=task.name)


def _on_top(below: Any, new: str) -> Any:
    from adapters.composition import Stack

    return Stack(*below.children, new) if isinstance(below, Stack) else Stack(below, new)


def _with_fusion(plan: TrainPlan, assembly: Assembly, problems: dict[str, Problem]) -> Assembly:
    from adapters.composition import Fuse

    fused = Fuse(*(assembly.block(child) for child in plan.makes.children))
    assembly.then(partial(add_fusion, fused=fused))
    for task in plan.tasks:
        if problems[task.name].needs_head and task.name not in assembly.heads:
            if assembly.speaks(task.kind):
                assembly.then(partial(_copy_head, name=task.name, of=assembly.head_for(task)))
            else:
                assembly.then(partial(problems[task.name].add_head, name=task.name))
    assembly.activate(fused)
    assembly.then(lambda model: _only(model, _parameters(model, fused), plan))
    return assembly


def _copy_head(model: Any, name: str, of: str) -> None:
    model.average_head(name, [of])


def _parameters(model: Any, fused: Any) -> Iterable[torch.nn.Parameter]:
    return (parameter for layer in fusion_layers(model, fused).values() for parameter in layer.parameters())


def _only(model: Any, new: Iterable[torch.nn.Parameter], plan: TrainPlan) -> None:
    # The library leaves loaded heads trainable; a head that no batch reaches must not drift by weight decay.
    heads = [model.heads[task.name] for task in plan.tasks if task.name in model.heads]
    ours = {id(parameter) for parameter in (*new, *(p for head in heads for p in head.parameters()))}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in ours)
    model.train()
