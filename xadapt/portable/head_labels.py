"""A head of another maker is brought into the form of a task: its kind, its labels and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from xadapt.errors import XadaptError, option
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters import XLMRobertaAdapterModel
    from adapters.heads import PredictionHead

    from xadapt.portable.plain_heads import HeadConfig
    from xadapt.tasks import Task
    from xadapt.tasks.portable_heads import HeadForm


def fit_head(model: XLMRobertaAdapterModel, name: str, task: Task, labels: Sequence[str] = ()) -> None:
    """Check that a head answers a task, and put its labels into the task's order.

    Args:
        model: The model.
        name: The head.
        task: The task.
        labels: What the head's outputs mean, in their order, where its own names do not say.

    Raises:
        XadaptError: If it is a head of another kind, or its labels are not the task's.
    """
    config: HeadConfig = model.heads[name].config
    form = spec_of(task.kind).head
    if form and config["head_type"] in form.same:
        # The same layers, which the library's own head only shapes otherwise.
        config = _as_scores(model, name, form)
    if form is None or config["head_type"] != form.type:
        raise XadaptError(
            f"the head is for {config['head_type']}, and {task.name} is {task.kind.name}: name another task, or import "
            "the adapter without the head"
        )
    if config.get("use_pooler"):
        raise XadaptError("the head reads a pooler, which the frozen base does not have: import the adapter alone")
    own: tuple[str, ...] | None = getattr(task.kind, "labels", None)
    if own is None:
        if config["num_labels"] != form.outputs:
            raise XadaptError(f"the head has {config['num_labels']} outputs, and {task.kind.name} needs {form.outputs}")
        return
    ids = config["label2id"] or {}
    found = labels or sorted(ids, key=ids.__getitem__)
    if labels and len(labels) != config["num_labels"]:
        raise XadaptError(
            f"{option('labels')} names {len(labels)} labels, and the head has {config['num_labels']} outputs"
        )
    if len(found) != config["num_labels"]:
        raise XadaptError(
            f"the head names {len(found)} of its {config['num_labels']} outputs: say what they mean, in order, with "
            f"{option('labels')}"
        )
    order = _order(found, own or found, task.hub_labels)
    if order is None:
        raise XadaptError(
            f"the head's labels are {', '.join(found)}, and {task.name} has {', '.join(own)}: if they mean the same, "
            f"give the task's names in the order of the head's outputs with {option('labels')}"
        )
    _reorder(model.heads[name], order, own or tuple(found))


def _order(found: Sequence[str], own: Sequence[str], hub: Sequence[str]) -> list[int] | None:
    """The head's output for each label of the task; None if they are not the same labels."""
    outputs = {label.lower(): number for number, label in enumerate(found)}
    for spelled in (own, hub):
        if {label.lower() for label in spelled} == outputs.keys() and len(spelled) == len(found):
            return [outputs[label.lower()] for label in spelled]
    return None


def _reorder(head: PredictionHead, order: list[int], labels: Sequence[str]) -> None:
    last = [module for module in head if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.copy_(parameter[order].clone())
    head.config["label2id"] = {label: number for number, label in enumerate(labels)}


def _as_scores(model: XLMRobertaAdapterModel, name: str, form: HeadForm) -> HeadConfig:
    state, config = model.heads[name].state_dict(), dict(model.heads[name].config)
    kept = {key: config[key] for key in ("layers", "activation_function", "use_pooler")}
    model.delete_head(name)
    model.add_prediction_head_from_config(name, {"head_type": form.type, "num_labels": form.outputs, **kept})
    model.heads[name].load_state_dict(state)
    fresh: HeadConfig = model.heads[name].config
    return fresh
