"""A task's problem on a base: the one place that knows which problems pool the vectors of a layer."""

from __future__ import annotations

from xadapt.backbone.base import Backbone
from xadapt.errors import XadaptError, option
from xadapt.problems import Problem, make_problem, problem_class
from xadapt.tasks import Task


def bind(task: Task, backbone: Backbone, max_length: int | None = None, layer: int | None = None) -> Problem:
    """Bind a task to a base.

    Args:
        task: The task.
        backbone: The frozen base.
        max_length: Tokens a row, None for the problem's default.
        layer: For retrieval, the layer whose vectors are pooled; None for the base's own, for what is trained the last.

    Raises:
        XadaptError: If the base is too short for ``max_length``, or has no such layer, or the problem needs none.
    """
    if problem_class(task).needs_head:
        if layer is not None:
            raise XadaptError(f"{option('layer')} is for retrieval tasks; {task.name} is {task.kind.name}")
        return make_problem(task, backbone.tokenizer, max_length)
    if layer is None:
        # A dual encoder learns in all its layers; above a layer that is read earlier, adapters would get no gradient.
        layer = backbone.layers if task.kind.trainable else backbone.sentence_layer
    if not 0 <= layer <= backbone.layers:
        raise XadaptError(
            f"{option('layer', layer)}: base {backbone.name} has layers 0 (embeddings) to {backbone.layers}"
        )
    return make_problem(task, backbone.tokenizer, max_length, layer=layer)
