"""The part that a run trains: a fresh adapter, a fusion, or a setup's weights, put where it belongs in the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from xadapt.backbone.base import Backbone
from xadapt.composition.builder import Assembly, assemble, layer_name
from xadapt.composition.fusion import add_fusion, fusion_layers
from xadapt.composition.merging import merge_adapters
from xadapt.composition.methods import adapter_state, add_adapter
from xadapt.problems import Problem
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
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
    """Build the model of a plan with its new adapter, fusion or head in it, and only those trainable.

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
        XadaptError: If a member is missing or wrong, or the adapter configuration does not fit the base.
    """
    if plan.trains == "fusion":
        assembly = Assembly(backbone, backbone.model(), store, settings.seed, dict(pins), on_use)
        return _with_fusion(plan, assembly, problems)
    assembly = assemble(backbone, plan.under, store, settings.seed, pins, on_use)
    model = assembly.model
    task, below = plan.tasks[0], assembly.active
    new = layer_name(plan.makes)
    for name in (task.name for task in plan.tasks if task.name in model.heads):
        model.delete_head(name)
    needs_head = problems[task.name].needs_head
    if first is not None:
        assembly.begin_from(first, new, task.name if needs_head else None)
        block: Any = _on_top(below, new) if plan.trains == "target" else new
    elif plan.trains == "continue":
        merge_adapters(model, "average", [layer_name(plan.under)], (), new)
        block = new
    else:
        add_adapter(model, new, settings.adapter_config)
        block = new if plan.trains != "target" else _on_top(below, new)
    if needs_head and task.name not in model.heads:
        if task.after in assembly.heads:
            # The setup has learnt what comes first; its head goes on learning too.
            model.average_head(task.name, [task.after])
        else:
            problems[task.name].add_head(model, task.name)
    for other in plan.tasks[1:]:
        if problems[other.name].needs_head:
            problems[other.name].add_head(model, other.name)
    assembly.activate(block)
    _only(model, adapter_state(model, new).values(), plan)
    return assembly


def _on_top(below: Any, new: str) -> Any:
    from adapters.composition import Stack

    return Stack(*below.children, new) if isinstance(below, Stack) else Stack(below, new)


def _with_fusion(plan: TrainPlan, assembly: Assembly, problems: dict[str, Problem]) -> Assembly:
    from adapters.composition import Fuse

    model = assembly.model
    fused = Fuse(*(assembly.block(child) for child in plan.makes.children))
    add_fusion(model, fused)
    for task in plan.tasks:
        if problems[task.name].needs_head and task.name not in model.heads:
            if assembly.speaks(task.kind):
                model.average_head(task.name, [assembly.head_for(task)])
            else:
                problems[task.name].add_head(model, task.name)
    assembly.activate(fused)
    layers = fusion_layers(model, fused).values()
    _only(model, (parameter for layer in layers for parameter in layer.parameters()), plan)
    return assembly


def _only(model: Any, new: Iterable[torch.nn.Parameter], plan: TrainPlan) -> None:
    # The library leaves loaded heads trainable; a head that no batch reaches must not drift by weight decay.
    heads = [model.heads[task.name] for task in plan.tasks if task.name in model.heads]
    ours = {id(parameter) for parameter in (*new, *(p for head in heads for p in head.parameters()))}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in ours)
    model.train()
