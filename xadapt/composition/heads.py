"""Which head answers a task, in which labels, and one head made of several."""

from __future__ import annotations

import operator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import torch

from xadapt.data.labels import folded
from xadapt.errors import XadaptError
from xadapt.tasks.catalogue import DEFAULT, Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xadapt.composition.expression import Node
    from xadapt.tasks import Kind, Task

#: Labels that an error lists.
_SHOWN = 12
#: By task, the parameters of its head.
HeadStates = dict[str, dict[str, torch.Tensor]]


def pick_head(heads: Sequence[str], task: Task, tasks: Catalogue = DEFAULT, setup: Node | None = None) -> str:
    """The head that answers a task: its own, else the last that has the same labels, in the same order if there is one.

    Args:
        heads: The tasks of the heads, in order of loading.
        task: The task that is to be answered.
        tasks: The tasks by name.
        setup: The setup that has the heads, to be named in an error.

    Raises:
        XadaptError: If none does; names those there are, their labels, and what to do.
    """
    if task.name in heads:
        return task.name
    for fits in (operator.eq, alike):
        for name in reversed(heads):
            if fits(tasks.kind_of(name), task.kind):
                return name
    there = "; ".join(_described(name, tasks.kind_of(name)) for name in heads) or "no head at all"
    who, on = ("this setup", "SETUP") if setup is None else (str(setup), f'"{setup}"')
    kinds = [kind for name in heads if (kind := tasks.kind_of(name))]
    advice = []
    if task.own and any(type(kind) is type(task.kind) and _labels(kind) for kind in kinds):
        advice.append("if labels mean the same, give the task the head's and say by values: what its rows' mean")
    if task.train or not task.own:
        advice.append(f"train a target adapter on it with `xadapt train-target {task.name} --on {on}`")
    what = " or ".join(advice) or "take a setup that has learnt such a task, or declare training rows"
    raise XadaptError(f"{who} cannot answer {_described(task.name, task.kind)}: it has {there}; {what}")


def alike(kind: Kind | None, other: Kind | None) -> bool:
    """Whether two kinds are equal but for the order of their labels and the case of their letters."""
    labels, others = _labels(kind), _labels(other)
    if type(kind) is not type(other) or not labels or _outputs(labels, others) is None:
        return False
    return replace(kind, labels=others) == other  # type: ignore[type-var]


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
    learnt = in_order(ids)
    if not labels:
        return replace(task, kind=replace(task.kind, labels=learnt))  # type: ignore[call-arg]
    if _outputs(labels, learnt) is None:
        raise XadaptError(
            f"the head {head} learnt the labels {_listed(learnt)}, but {task.name} has {_listed(labels)}: "
            f"train {head} again"
        )
    return task


def label_order(task: Task, ids: Mapping[str, int]) -> list[int] | None:
    """Which output of a head is each label of a task.

    Args:
        task: The task, with the labels of the head in any order.
        ids: The label ids that the head learnt.

    Returns:
        The outputs in the order of the task's labels; None where it is the head's own.
    """
    outputs = _outputs(_labels(task.kind), in_order(ids))
    return outputs if outputs and outputs != sorted(outputs) else None


def check_order(task: Task, head: str, ids: Mapping[str, int]) -> None:
    """Check that a head that goes on learning a task has the task's labels in the task's order.

    Raises:
        XadaptError: If it has not.
    """
    if label_order(with_head_labels(task, head, ids), ids):
        raise XadaptError(
            f"the head {head} learnt its labels in the order {_listed(in_order(ids))}, and {task.name} has another: "
            f"list them in that order, or train {head} again"
        )


def _labels(kind: Kind | None) -> tuple[str, ...]:
    return getattr(kind, "labels", ())


def in_order(ids: Mapping[str, int]) -> tuple[str, ...]:
    """The labels that a head learnt, in the order of its outputs."""
    return tuple(sorted(ids, key=ids.__getitem__))


def _outputs(labels: Sequence[str], learnt: Sequence[str]) -> list[int] | None:
    """The place among the learnt labels of each label, in any case of letters; None if they are not the same."""
    for form in (str, folded):
        places = {form(label): place for place, label in enumerate(learnt)}
        found = [places.get(form(label), -1) for label in labels]
        if sorted(found) == list(range(len(learnt))):
            return found
    return None


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


def _described(name: str, kind: Kind | None) -> str:
    if kind is None:
        return f"{name} (a task that is not known here)"
    more = [f"{key} {value}" for key, value in asdict(kind).items() if key != "labels" and value]
    shown = [*([_listed(_labels(kind))] if _labels(kind) else []), *more]
    return f"{name} ({kind.name}{': ' if shown else ''}{', '.join(shown)})"


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels[:_SHOWN]) + ", …" * (len(labels) > _SHOWN)
