"""A setup that answers a task: one model, or the members of an ensemble side by side; and its English dev score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from xadapt.composition.builder import Assembly, assemble
from xadapt.composition.chosen_models import chosen
from xadapt.composition.expression import named_run
from xadapt.composition.heads import alike
from xadapt.composition.kept_answers import Reader, answers_space, kept_outputs, level
from xadapt.composition.several_runs import of_run
from xadapt.composition.specs import has_chosen_weights
from xadapt.errors import XadaptError
from xadapt.methods.adapter import adapter_state
from xadapt.methods.fusion import fusion_layers
from xadapt.metrics import main_score
from xadapt.problems import Problem, bind
from xadapt.problems.predict import all_raw_outputs
from xadapt.tasks.catalogue import DEFAULT, Catalogue

if TYPE_CHECKING:
    import torch

    from xadapt.composition.expression import Model, Node
    from xadapt.context import Context
    from xadapt.problems.base import Feature
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Scores
    from xadapt.store.text_cache import TextCache
    from xadapt.tasks import Row, Task

Progress = Callable[[int], None] | None


@dataclass
class Answerer:
    """Models with a problem that they answer.

    Attributes:
        parts: The setup, or the members of an ensemble.
        assemblies: As many models; their frozen weights are shared.
        heads: The head of each that answers; None where the problem needs none.
        orders: Of each head, which output is each label of the task; None where it is the head's own order.
        problem: How rows are encoded and answers decoded.
        precision: ``fp32`` or ``bf16``.
        cache: Where what the models read is kept; None keeps nothing.
        weights: How much each model counts, which sum to 1; None where all count the same.
        chosen: The checkpoint that has these weights.
    """

    parts: Sequence[Node]
    assemblies: list[Assembly]
    heads: list[str | None]
    orders: list[list[int] | None]
    problem: Problem
    precision: str
    cache: TextCache | None = None
    weights: Sequence[float] | None = None
    chosen: Checkpoint | None = None

    @property
    def head(self) -> str | None:
        """The name of the head that answers; that of the first member in an ensemble.

        Where weights were chosen it is that of the task whose rows did: which members count differs from seed to seed.
        """
        return self.chosen.record.tasks[0] if self.chosen and self.heads[0] else self.heads[0]

    @property
    def members(self) -> dict[str, str]:
        """Run hash of every checkpoint in use, by expression; several of one expression are numbered."""
        found = {self.chosen.setup: self.chosen.run} if self.chosen else {}
        for name, run in (item for assembly in self.assemblies for item in sorted(assembly.members.items())):
            number = 0
            while found.setdefault(named_run(name, number), run) != run:
                number += 1
        return found

    def to(self, device: torch.device) -> None:
        """Move the models to a device."""
        for assembly in self.assemblies:
            assembly.model.to(device)

    def keep(self, cache: TextCache) -> None:
        """Keep what the models read, and the layers below all adapters compute, and take it from there."""
        self.cache = cache
        for assembly in self.assemblies:
            assembly.keep_trunk()

    def predict(self, rows: list[Row], progress: Progress = None) -> list[Any]:
        """One prediction a row, in order, or what the task's metric takes for all of them."""
        return self.problem.decode(*self.outputs(rows, progress), rows)

    def outputs(self, rows: list[Row], progress: Progress = None) -> tuple[list[np.ndarray], list[Feature]]:
        """What the models read for rows, an ensemble's put together, and the features: one raw output a feature."""
        features = self.problem.encode(rows, labelled=False)
        return self.read(features, len(rows), progress), features

    def read(self, features: list[Feature], rows: int, progress: Progress = None) -> list[np.ndarray]:
        """What the models read for features of so many rows, an ensemble's put together."""
        return self._raw(features, True, progress, rows)

    def fill(self, pool: list[Row], progress: Progress = None) -> None:
        """Encode the pool of a pooled problem."""
        self.problem.fill(pool, self._raw(self.problem.encode_pool(pool), False, progress, len(pool)))

    def _raw(self, features: list[Feature], with_head: bool, progress: Progress, rows: int) -> list[np.ndarray]:
        return mixed(self.problem, self.each(features, with_head, progress, rows), self.weights)

    def each(self, features: list[Feature], with_head: bool, progress: Progress, rows: int) -> list[list[np.ndarray]]:
        """What each model reads for features of so many rows, with its head (in the order of the labels) or without."""
        heads: list[str | None] = self.heads if with_head else [None] * len(self.heads)
        if self.cache is None:
            models = [assembly.model for assembly in self.assemblies]
            raws = all_raw_outputs(models, self.problem, features, heads, self.precision, progress, rows)
        else:
            readers = [
                Reader(assembly, head, answers_space(part, assembly, head, self.problem, self.precision))
                for part, assembly, head in zip(self.parts, self.assemblies, heads, strict=True)
            ]
            raws = kept_outputs(self.cache, readers, self.problem, features, self.precision, progress, rows)
        if with_head:
            pairs = zip(raws, self.orders, strict=True)
            # Outputs are kept as the head has them, so that tasks of any order share them.
            raws = [raw if order is None else [value[..., order] for value in raw] for raw, order in pairs]
        return raws

    def parameters(self) -> int:
        """Parameters that the setup adds to the base: active adapters and fusions, without heads."""
        added = 0
        for assembly in self.assemblies:
            model = assembly.model
            states = [list(adapter_state(model, name).values()) for name in assembly.names]
            for fused in assembly.fusions():
                states += [list(layer.parameters()) for layer in fusion_layers(model, fused).values()]
            # A parameter may be shared by several adapters.
            added += sum({id(p): p.numel() for state in states for p in state}.values())
        return added

    def head_parameters(self) -> int:
        """Parameters of the heads that answer."""
        pairs = zip(self.assemblies, self.heads, strict=True)
        return sum(p.numel() for assembly, head in pairs if head for p in assembly.model.heads[head].parameters())


def mixed(
    problem: Problem, raws: Sequence[list[np.ndarray]], weights: Sequence[float] | None = None
) -> list[np.ndarray]:
    """What several models read, put together feature by feature.

    Args:
        problem: The problem.
        raws: By model, one raw output a feature.
        weights: How much each model counts, which sum to 1; None where all count the same.
    """
    if len(raws) == 1:
        return raws[0]
    return [problem.combine(level(several), weights) for several in zip(*raws, strict=True)]


def answer_with(
    context: Context,
    node: Node,
    task: Task,
    *,
    max_length: int | None = None,
    layer: int | None = None,
    on_use: Callable[[Checkpoint], object] | None = None,
) -> Answerer:
    """Take up a setup to answer a task; its models are made when they are first used.

    Args:
        context: Base, store, seed and precision.
        node: The setup.
        task: The task.
        max_length: Tokens a row, None for the problem's default.
        layer: For retrieval, the layer whose vectors are pooled; None for the base's own.
        on_use: Called with every checkpoint in use; by default it is shown.

    Raises:
        XadaptError: If a member is missing or wrong, no head answers the task, or an ensemble's heads differ in labels.
    """
    found = chosen(context, node)
    if found is None:
        return side_by_side(context, node, task, max_length=max_length, layer=layer, on_use=on_use)
    models, there = list(found.weights), found.context
    made = side_by_side(there, node, task, models=models, max_length=max_length, layer=layer, on_use=on_use)
    found.check(made.assemblies)
    (on_use or context.uses)(found.checkpoint)
    if tuned := found.checkpoint.record.calibration.get(node.name):
        made.problem.calibration = dict(tuned)
    return replace(made, weights=list(found.weights.values()), chosen=found.checkpoint)


def side_by_side(
    context: Context,
    node: Node,
    task: Task,
    *,
    models: Sequence[Model] | None = None,
    max_length: int | None = None,
    layer: int | None = None,
    on_use: Callable[[Checkpoint], object] | None = None,
) -> Answerer:
    """Take up models that all count the same; see :func:`answer_with`.

    Args:
        context: Base, store, seed and precision.
        node: The setup, to be named in an error.
        task: The task.
        models: Its models; None for all of them.
        max_length: Tokens a row, None for the problem's default.
        layer: For retrieval, the layer whose vectors are pooled; None for the base's own.
        on_use: Called with every checkpoint in use; by default it is shown.
    """
    problem = bind(task, context.backbone, max_length, layer)
    models = node.models if models is None else models
    parts = [model.setup for model in models]
    assemblies = [assemble(of_run(context, model), model.setup, on_use) for model in models]
    heads: list[str | None] = [None] * len(parts)
    orders: list[list[int] | None] = [None] * len(parts)
    if problem.needs_head:
        heads = [assembly.head_for(task, part) for part, assembly in zip(parts, assemblies, strict=True)]
        answered = [a.with_head_labels(task, str(head)) for a, head in zip(assemblies, heads, strict=True)]
        # Where training rows decided the labels, the order is the first head's.
        if any(other != answered[0] and not alike(other.kind, answered[0].kind) for other in answered):
            raise XadaptError(
                f"the members of {node} learnt different labels of {task.name}: train them on one data set"
            )
        problem = bind(answered[0], context.backbone, max_length)
        orders = [a.label_order(answered[0], str(head)) for a, head in zip(assemblies, heads, strict=True)]
        for head in dict.fromkeys(head for head, order in zip(heads, orders, strict=True) if order):
            context.display.say(
                f"{task.name} has the labels of the head {head} in another order: they are matched by name"
            )
        tuned = [a.calibration.get(str(head), {}) for a, head in zip(assemblies, heads, strict=True)]
        problem.calibration = {key: float(np.mean([values[key] for values in tuned])) for key in tuned[0]}
    return Answerer(parts, assemblies, heads, orders, problem, context.precision)


def recorded_dev_scores(
    node: Node, heads: Sequence[str | None], used: Sequence[Checkpoint], tasks: Catalogue = DEFAULT
) -> Scores:
    """Give the dev score that the checkpoints of a setup recorded.

    A checkpoint's figures are those of the whole expression that it completes, so that a setup which was only put
    together, such as an average, has none.

    Args:
        node: The setup.
        heads: The head that answers of each of its parts: one, or one a member of an ensemble.
        used: The checkpoints that were loaded.
        tasks: The tasks that are known.

    Returns:
        The main score, 0-100, by the name of the dev rows' task; the mean over an ensemble's members, unless its
        weights were chosen. Empty where a part has no score, or the members' scores are of different tasks.
    """
    by_name = {checkpoint.setup: checkpoint for checkpoint in used}
    if has_chosen_weights(node.kind):
        # Its members answer in the labels that its weights were chosen for.
        kinds = [tasks.kind_of(head) for head in heads if head]
        own = tasks.kind_of(node.name)
        same = bool(kinds) and all(kind == own or alike(kind, own) for kind in kinds)
        score = _score(by_name.get(str(node)), node.name, tasks) if same else None
        return {} if score is None else {node.name: score}
    by_name |= {model.name: checkpoint for model in node.models if (checkpoint := _of_model(model, used)) is not None}
    scores = [_score(by_name.get(model.name), head, tasks) for model, head in zip(node.models, heads, strict=True)]
    if None in scores or len(set(heads)) != 1:
        return {}
    return {str(heads[0]): round(fmean(score for score in scores if score is not None), 4)}


def _of_model(model: Model, used: Sequence[Checkpoint]) -> Checkpoint | None:
    """The checkpoint of a run among those that were loaded: one model after another, each its own."""
    if model.run is None:
        return None
    runs = {checkpoint.run: checkpoint for checkpoint in used if checkpoint.setup == str(model.setup)}
    return dict(enumerate(runs.values())).get(model.run)


def _score(checkpoint: Checkpoint | None, head: str | None, tasks: Catalogue) -> float | None:
    # A head may be of another user's own task.
    task = tasks.get(head) if head else None
    if checkpoint is None or task is None:
        return None
    return checkpoint.scores.get(task.name, {}).get(main_score(task.metric))
