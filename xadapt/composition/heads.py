"""Which head answers a task, in which labels, and one head made of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from xadapt.errors import XadaptError
from xadapt.tasks import Kind, Tagging, Task, get_task

#: By task, the parameters of its head.
HeadStates = dict[str, dict[str, torch.Tensor]]


def pick_head(heads: Sequence[str], task: Task) -> str:
    """The head that answers a task: its own, else the last that speaks the same labels.

    Raises:
        XadaptError: If none does; says which there are and what to do.
    """
    if task.name in heads:
        return task.name
    for name in reversed(heads):
        if kind_of(name) == task.kind:
            return name
    spoken = ", ".join(map(_described, heads)) or "no head at all"
    raise XadaptError(
        f"this setup cannot answer {task.name} ({task.kind.name}): it has {spoken}; "
        f"train a target adapter on it with `xadapt train-target {task.name} --on SETUP`"
    )


def close_task(task: Task, head: str, ids: Mapping[str, int]) -> Task:
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
    if isinstance(task.kind, Tagging) and not labels:
        return replace(task, kind=replace(task.kind, labels=learnt))
    if learnt != labels:
        raise XadaptError(
            f"the head {head} learnt the labels {', '.join(learnt)}, but {task.name} has {', '.join(labels)}: "
            f"train {head} again"
        )
    return task


def head_states(heads: Any, names: Sequence[str]) -> HeadStates:
    """Copies of the parameters of some of a model's heads."""
    return {name: {key: value.clone() for key, value in heads[name].state_dict().items()} for name in names}


def merge_heads(heads: Any, members: Sequence[HeadStates], weights: Sequence[float]) -> None:
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


def kind_of(name: str) -> Kind | None:
    """The kind of a task; None for one that is not known here, such as another user's own."""
    try:
        return get_task(name).kind
    except XadaptError:
        return None


def _described(name: str) -> str:
    kind = kind_of(name)
    return f"{name} ({kind.name if kind else 'a task that is not known here'})"
