"""The part that a run trains: a fresh adapter, a fusion, or a setup's weights, put where it belongs in the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters import AdapterConfig

from xadapt.backbone.base import Backbone
from xadapt.composition.builder import Assembly, assemble, layer_name
from xadapt.errors import XadaptError
from xadapt.problems import Problem
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.training.plan import TrainPlan
from xadapt.training.settings import TrainSettings


def check_adapter_config(text: str) -> None:
    """Check an adapter configuration string.

    Raises:
        XadaptError: If the adapters library does not know it.
    """
    try:
        AdapterConfig.load(text)
    except Exception as error:
        raise _config_error(text, error) from None


def _config_error(text: str, error: Exception) -> XadaptError:
    reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
    examples = "seq_bn, double_seq_bn, par_bn, seq_bn[reduction_factor=16]"
    return XadaptError(f"--adapter-config {text!r}: {reason} (examples: {examples})")


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
    task = plan.tasks[0]
    new = layer_name(plan.makes)
    below = model.active_adapters
    needs_head = problems[task.name].needs_head
    if task.name in model.heads:
        model.delete_head(task.name)
    if first is not None:
        assembly.begin_from(first, new, task.name if needs_head else None)
        block: Any = _on_top(below, new) if plan.trains == "target" else new
    elif plan.trains == "continue":
        assembly.copy_adapter([layer_name(plan.under)], new)
        block = new
    else:
        try:
            model.add_adapter(new, config=AdapterConfig.load(settings.adapter_config))
        except (AssertionError, ValueError, TypeError, KeyError, RuntimeError) as error:
            # The method exists, but not for sizes such as this base's.
            raise _config_error(settings.adapter_config, error) from None
        block = new if plan.trains == "adapter" else _on_top(below, new)
    if needs_head and task.name not in model.heads:
        if task.after in assembly.heads:
            # The setup has learnt what comes first; its head goes on learning too.
            model.average_head(task.name, [task.after])
        else:
            problems[task.name].add_head(model, task.name)
    model.train_adapter(new)
    model.set_active_adapters(block)
    _only(model, [f".{new}."], [task.name])
    return assembly


def _on_top(below: Any, new: str) -> Any:
    from adapters.composition import Stack

    return Stack(*below.children, new) if isinstance(below, Stack) else Stack(below, new)


def _with_fusion(plan: TrainPlan, assembly: Assembly, problems: dict[str, Problem]) -> Assembly:
    from adapters.composition import Fuse

    model = assembly.model
    fused = Fuse(*(assembly.block(child) for child in plan.makes.children))
    model.add_adapter_fusion(fused)
    for task in plan.tasks:
        if problems[task.name].needs_head and task.name not in model.heads:
            if assembly.speaks(task.kind):
                model.average_head(task.name, [assembly.head_for(task)])
            else:
                problems[task.name].add_head(model, task.name)
    model.train_adapter_fusion(fused)
    _only(model, [f"adapter_fusion_layer.{fused.name}."], [task.name for task in plan.tasks])
    return assembly


def _only(model: Any, markers: list[str], heads: list[str]) -> None:
    # The library leaves loaded heads trainable; a head that no batch reaches must not drift by weight decay.
    for name, parameter in model.named_parameters():
        ours = any(marker in name for marker in markers) or any(name.startswith(f"heads.{head}.") for head in heads)
        parameter.requires_grad_(ours)
