"""Watching models while a task's rows run through them: a fusion's attention, and what members add."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from xadapt.explain.attention import AttentionMeter, Tokens, attention_layers, fusion_hooks, layer_labels
from xadapt.explain.similarity import SimilarityMeter, common_points, member_hooks
from xadapt.problems.predict import TOKEN_BUDGET, autocast, length_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from adapters import XLMRobertaAdapterModel

    from xadapt.problems import Problem
    from xadapt.tasks import Row


class Meters:
    """What is measured in one language.

    Attributes:
        attention: What the fusion attends to; None for a setup without one.
        similarity: How alike the members are.
        count: Tokens that were run.
    """

    def __init__(self, rows: int, layers: int, members: int, fused: bool) -> None:
        """Begin without tokens."""
        self.attention = AttentionMeter(rows, layers, members) if fused else None
        self.similarity = SimilarityMeter(rows, layers, members)
        self.tokens: Tokens | None = None
        self.count = 0

    def begin(self, tokens: Tokens) -> None:
        """Begin a batch."""
        self.tokens = tokens
        self.count += int(tokens.mask.sum())

    def add(self, layer: int, outputs: torch.Tensor, weights: torch.Tensor | None = None) -> None:
        """Add what passes at a layer."""
        assert self.tokens is not None
        self.similarity.add(layer, outputs, self.tokens)
        if self.attention and weights is not None:
            self.attention.add(layer, weights, self.tokens)


@dataclass(frozen=True)
class Watch:
    """What is watched.

    Attributes:
        layers: Names of the layers.
        hooks: Attaches meters and gives the model to run.
    """

    layers: list[str]
    hooks: Callable[[Meters], AbstractContextManager[XLMRobertaAdapterModel]]


def watch_fusion(model: XLMRobertaAdapterModel) -> Watch:
    """Watch the one fusion of a model."""
    layers = attention_layers(model)

    @contextmanager
    def hooks(meters: Meters) -> Iterator[XLMRobertaAdapterModel]:
        with fusion_hooks(list(layers.values()), meters.add):
            yield model

    return Watch(layer_labels(list(layers)), hooks)


def watch_members(models: list[XLMRobertaAdapterModel]) -> Watch:
    """Watch what members, a model each, would add to the bare base."""
    points = common_points(models)
    setups = [model.active_adapters for model in models]
    models[0].set_active_adapters(None)
    return Watch(layer_labels(points), lambda meters: member_hooks(models, setups, points, meters.add))


def run_rows(
    model: XLMRobertaAdapterModel,
    problem: Problem,
    rows: list[Row],
    precision: str,
    meters: Meters,
    progress: Callable[[int], None],
) -> None:
    """Run rows through the encoder under hooks.

    Args:
        model: The model that :attr:`Watch.hooks` gave.
        problem: How rows are encoded.
        rows: The rows.
        precision: ``fp32`` or ``bf16``.
        meters: What the hooks add to.
        progress: Called with the number of rows that a batch finished.
    """
    features = problem.encode(rows, labelled=False)
    device = next(model.parameters()).device
    done = 0
    with torch.inference_mode(), autocast(device, precision):
        for batch in length_batches([problem.tokens(f) for f in features], TOKEN_BUDGET.get(device.type, 4096)):
            chosen = [features[index] for index in batch]
            inputs = {key: value.to(device) for key, value in problem.collate(chosen).items()}
            row_of = torch.tensor([feature["row"] for feature in chosen])
            # A row of multiple choice is as many sequences as it has choices.
            each = inputs["counts"].cpu() if "counts" in inputs else torch.ones_like(row_of)
            meters.begin(Tokens(inputs["attention_mask"].bool(), row_of.repeat_interleave(each)))
            # The encoder alone: what adapters do below a head needs none.
            model.roberta(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
            now = (done + len(batch)) * len(rows) // len(features)
            progress(now - done * len(rows) // len(features))
            done += len(batch)
