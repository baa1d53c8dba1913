"""What a run trains: a fresh adapter, a fusion or a setup's weights, added to the model and alone trainable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from xadapt.composition.builder import Assembly, assemble, layer_name
from xadapt.composition.heads import head_states
from xadapt.composition.kinds.gate import gated_layer, take_members
from xadapt.composition.loading import put_adapter, put_head
from xadapt.composition.merging import merge_adapters
from xadapt.methods.adapter import adapter_state, add_adapter
from xadapt.methods.fusion import add_fusion, fusion_layers
from xadapt.methods.gated import add_gated, gate_parameters

if TYPE_CHECKING:
    import torch
    from adapters import XLMRobertaAdapterModel
    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.builder import ModelStep
    from xadapt.composition.expression import Node
    from xadapt.problems import Problem
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.tasks import Task
    from xadapt.training.job import Job
    from xadapt.training.plan import TrainPlan

#: The parameters of a head.
HeadState = dict[str, "torch.Tensor"]
#: Adds what is to be trained to a model, under a name.
AddPart = Callable[["XLMRobertaAdapterModel", str], None]


def with_new_adapter(job: Job, first: Checkpoint | None = None) -> Assembly:
    """Find what a fresh adapter is added to; the model will have it active, and it alone will be trainable.

    Args:
        job: The run.
        first: What it was trained on first, when its task has an earlier one.

    Raises:
        XadaptError: If a member is missing or wrong; on making the model, if the adapter configuration does not fit.
    """
    return _with_adapter(job, partial(_add, config=job.settings.adapter_config), first, on_top=False)


def with_adapter_on_top(job: Job, first: Checkpoint | None = None) -> Assembly:
    """The same for a fresh adapter on top of a frozen setup."""
    return _with_adapter(job, partial(_add, config=job.settings.adapter_config), first, on_top=True)


def with_weights_of(job: Job, first: Checkpoint | None = None) -> Assembly:
    """The same for an adapter that starts from the weights of the setup that it replaces."""
    return _with_adapter(job, partial(_copy, of=layer_name(job.plan.under)), first, on_top=False)


def _with_adapter(job: Job, add: AddPart, first: Checkpoint | None, on_top: bool) -> Assembly:
    plan, assembly = job.plan, assemble(job.context, job.plan.under)
    if first is not None:
        assembly.adopt(first)
        add = partial(_load, checkpoint=first)
    new, below = layer_name(plan.makes), assembly.active
    assembly.then(lambda model: add(model, new))
    for task in plan.tasks:
        if job.problems[task.name].needs_head:
            assembly.then(_head_step(task, assembly, job.problems[task.name], first))
    assembly.activate(_on_top(below, new) if on_top else new)
    assembly.then(lambda model: _only(model, adapter_state(model, new).values(), plan))
    return assembly


def with_fusion(job: Job) -> Assembly:
    """Find the members of a fusion; the model will have them with fresh fusion layers, which alone are trainable.

    Raises:
        XadaptError: If a member is missing or wrong; on making the model, if they cannot be fused.
    """
    from adapters.composition import Fuse

    assembly, plan = Assembly(job.context), job.plan
    fused = Fuse(*(assembly.block(child) for child in plan.makes.children))
    narrow = plan.makes.option("narrow")
    assembly.then(partial(add_fusion, fused=fused, narrow=None if narrow is None else int(narrow)))
    for task in plan.tasks:
        if job.problems[task.name].needs_head:
            assembly.then(_head_step(task, assembly, job.problems[task.name]))
    assembly.activate(fused)
    assembly.then(lambda model: _only(model, _parameters(model, fused), plan))
    return assembly


def with_gates(job: Job, member: Node | None, first: Checkpoint | None = None) -> tuple[Assembly, HeadState]:
    """Find the members of gates; the model will have them side by side behind closed gates, below a fresh adapter.

    Gates, adapter and head alone will be trainable.

    Args:
        job: The run.
        member: The member whose head a start may begin with.
        first: What the adapter was trained on first, when its task has an earlier one.

    Returns:
        The assembly, and the parameters of the member's head that speaks the task's labels: filled in when the model is
        made, empty if it has none.

    Raises:
        XadaptError: If a member is missing or wrong, or no plain bottleneck adapter like the others.
    """
    assembly, plan, state = Assembly(job.context), job.plan, HeadState()
    # The heads of what is loaded last stay, where several members have one for the same task.
    members = take_members(assembly, plan.makes, sorted(plan.makes.children, key=lambda child: child == member))
    new, below, (task,) = layer_name(plan.makes), gated_layer(plan.makes), plan.tasks
    assembly.then(partial(add_gated, names=members, new=below))
    add: AddPart = partial(_add, config=job.settings.adapter_config)
    if first is not None:
        assembly.adopt(first)
        add = partial(_load, checkpoint=first)
    assembly.then(lambda model: add(model, new))
    problem = job.problems[task.name]
    if problem.needs_head:
        head = starting_head(assemble(job.context, member, _unseen), problem) if member else None
        if head:
            assembly.then(lambda model: state.update(head_states(model.heads, [head])[head]))
        # Of nothing, so that there is no head to start from.
        assembly.then(_head_step(task, Assembly(job.context), problem, first))
    assembly.activate(_on_top(below, new))
    assembly.then(
        lambda model: _only(model, [*adapter_state(model, new).values(), *gate_parameters(model, below)], plan)
    )
    return assembly, state


def _unseen(checkpoint: Checkpoint) -> None:
    """Show nothing: it is shown where it is used."""


def _add(model: XLMRobertaAdapterModel, name: str, config: str) -> None:
    add_adapter(model, name, config)


def _copy(model: XLMRobertaAdapterModel, name: str, of: str) -> None:
    merge_adapters(model, "average", [of], (), name)


def _load(model: XLMRobertaAdapterModel, name: str, checkpoint: Checkpoint) -> None:
    put_adapter(model, checkpoint, name)


def _head_step(task: Task, assembly: Assembly, problem: Problem, first: Checkpoint | None = None) -> ModelStep:
    """What gives a task its head: what it learnt first, else the setup's that has its labels, else a fresh one."""
    if first is not None:
        return partial(put_head, checkpoint=first, task=first.heads[0], name=task.name)
    head = starting_head(assembly, problem)
    if head is None:
        return partial(_fresh_head, problem=problem, name=task.name)
    return partial(_copy_head, name=task.name, of=head)


def starting_head(assembly: Assembly, problem: Problem) -> str | None:
    """The head of a setup that a new part's head starts from; None where there is none."""
    # The setup may have learnt what comes before the task; its head goes on learning too.
    task, heads = problem.task, assembly.heads
    return task.after if task.after in heads and task.name not in heads else answering_head(assembly, problem)


def answering_head(assembly: Assembly, problem: Problem) -> str | None:
    """The head of a setup that speaks a problem's labels in their order, which a new part's head starts from.

    Returns:
        Its name; None where there is none.

    Raises:
        XadaptError: If it learnt the labels in another order, because its task was declared otherwise at that time.
    """
    task = problem.task
    if task.name not in assembly.heads and not assembly.has_labels(task.kind):
        return None
    head = assembly.head_for(task)
    learnt = assembly.label_ids(head)
    # Where training rows decide the labels, another set's may differ; a head of a kind without labels has none.
    labels = getattr(task.kind, "labels", ())
    if learnt and labels and set(learnt) != set(labels):
        return None
    assembly.check_order(task, head)
    return head


def _fresh_head(model: XLMRobertaAdapterModel, problem: Problem, name: str) -> None:
    if name in model.heads:
        model.delete_head(name)
    problem.add_head(model, name)


def _on_top(below: str | AdapterCompositionBlock, new: str) -> AdapterCompositionBlock:
    from adapters.composition import Stack

    return Stack(*below.children, new) if isinstance(below, Stack) else Stack(below, new)


def _copy_head(model: XLMRobertaAdapterModel, name: str, of: str) -> None:
    if of != name:
        model.average_head(name, [of])


def _parameters(model: XLMRobertaAdapterModel, fused: AdapterCompositionBlock) -> Iterable[torch.nn.Parameter]:
    return (parameter for layer in fusion_layers(model, fused).values() for parameter in layer.parameters())


def _only(model: XLMRobertaAdapterModel, new: Iterable[torch.nn.Parameter], plan: TrainPlan) -> None:
    # The library leaves loaded heads trainable; a head that no batch reaches must not drift by weight decay.
    heads = [model.heads[task.name] for task in plan.tasks if task.name in model.heads]
    ours = {id(parameter) for parameter in (*new, *(p for head in heads for p in head.parameters()))}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in ours)
    model.train()
