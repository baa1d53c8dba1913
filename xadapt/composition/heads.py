"""Which head answers a task, in which labels, and one head made of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from xadapt.errors import XadaptError
from xadapt.tasks.catalogue import DEFAULT, Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xadapt.composition.expression import Node
    from xadapt.tasks import Task

#: By task, the parameters of its head.
HeadStates = dict[str, dict[str, torch.Tensor]]


def pick_head(heads: Sequence[str], task: Task, tasks: Catalogue = DEFAULT, setup: Node | None = None) -> str:
    """The head that answers a task: its own, else the last that has the same labels.

    Args:
        heads: The tasks of the heads, in order of loading.
        task: The task that is to be answered.
        tasks: The tasks by name.
        setup: The setup that has the heads, to be named in an error.

    Raises:
        XadaptError: If none does; names those there are and what to do.
    """
    if task.name in heads:
        return task.name
    for name in reversed(heads):
        if tasks.kind_of(name) == task.kind:
            return name
    there = ", ".join(_described(name, tasks) for name in heads) or "no head at all"
    who, on = ("this setup", "SETUP") if setup is None else (str(setup), f'"{setup}"')
    raise XadaptError(
        f"{who} cannot answer {task.name} ({task.kind.name}): it has {there}; "
        f"train a target adapter on it with `xadapt train-target {task.name} --on {on}`"
    )


def with_head_labels(task: Task, head: str, ids: Mapping[str, int]) -> Task:
    """The task itself or, where its training rows decided its tags, with the tags of a head.

    Args:
        task: The task.
        head: The head's name.
        ids: The label ids that the head learnt.

    Raises:
        XadaptError: If the head learnt other labels, because the task was declared otherwise at that time.
    """
    labels = getattr(task.kind, "labels", None)
    if labels is None:
        return task
    learnt = tuple(sorted(ids, key=ids.__getitem__))
    if not labels:
        return replace(task, kind=replace(task.kind, labels=learnt))  # type: ignore[call-arg]
    if learnt != labels:
        raise XadaptError(
            f"the head {head} learnt the labels {', '.join(learnt)}, but {task.name} has {', '.join(labels)}: "
            f"train {head} again"
        )
    return task


def head_states(heads: Mapping[str, torch.nn.Module], names: Sequence[str]) -> HeadStates:
    """Copies of the parameters of some of a model's heads."""
    return {name: {key: value.clone() for key, value in heads[name].state_dict().items()} for name in names}


def merge_heads(heads: Mapping[str, torch.nn.Module], members: Sequence[HeadStates], weights: Sequence[float]) -> None:
    """Make the heads that all members have into weighted means, because one adapter needs one head a task.

    Args:
        heads: The model's heads, which are overwritten.
        members: The heads of each member.
        weights: As many; taken relative to their sum, and nothing is done when they cancel out.
    """
    total = sum(weights)
    for task in set.intersection(*map(set, members)) if abs(total) > 1e-6 else ():
        with torch.no_grad():
            for key, value in heads[task].state_dict().items():
                parts = torch.stack([member[task][key] for member in members])
                value.copy_(torch.tensordot(torch.tensor(weights) / total, parts, dims=1))


def _described(name: str, tasks: Catalogue) -> str:
    kind = tasks.kind_of(name)
    return f"{name} ({kind.name if kind else 'a task that is not known here'})"
