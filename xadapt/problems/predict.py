"""Run features through a model: batches of like length under a token budget, nothing recorded for gradients."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from xadapt.backbone.encoder import shared_trunk

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    import numpy as np
    from adapters import XLMRobertaAdapterModel

    from xadapt.problems.base import Feature, Problem
    from xadapt.tasks import Row

#: Padded tokens a batch: small enough for a CPU's caches, large enough to keep a GPU busy at 50 tokens a row.
TOKEN_BUDGET = {"cpu": 1024, "cuda": 65536, "mps": 16384}


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Automatic mixed precision for ``bf16``, nothing for ``fp32``."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if precision == "bf16" else nullcontext()


def length_batches(lengths: list[int], budget: int) -> Iterator[list[int]]:
    """Group indices by length, longest first: at most ``budget`` tokens a batch, and an eighth of that as padding."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batch: list[int] = []
    padding = 0
    for index in order:
        if batch:
            longest = lengths[batch[0]]
            padding += longest - lengths[index]
            if longest * (len(batch) + 1) > budget or padding > budget // 8:
                yield batch
                batch, padding = [], 0
        batch.append(index)
    if batch:
        yield batch


def predict(
    model: XLMRobertaAdapterModel,
    problem: Problem,
    rows: list[Row],
    head: str | None,
    precision: str = "fp32",
    progress: Callable[[int], None] | None = None,
) -> list[Any]:
    """Predict rows with the model's active adapters.

    Args:
        model: A model whose adapters are set.
        problem: The problem that encodes and decodes; a pooled one must be filled (see :func:`fill_pool`).
        rows: Rows in the problem's fields.
        head: Name of the head, None where the problem has none.
        precision: ``fp32`` or ``bf16``.
        progress: Called with the number of rows that a batch finished.

    Returns:
        One prediction a row, in order, or what the task's metric takes for all of them.
    """
    features = problem.encode(rows, labelled=False)
    return problem.decode(raw_outputs(model, problem, features, head, precision, progress, len(rows)), features, rows)


def fill_pool(
    model: XLMRobertaAdapterModel,
    problem: Problem,
    pool: list[Row],
    precision: str = "fp32",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Encode a pool with the model's active adapters and give it to the problem."""
    features = problem.encode_pool(pool)
    problem.fill(pool, raw_outputs(model, problem, features, None, precision, progress, len(pool)))


def raw_outputs(
    model: XLMRobertaAdapterModel,
    problem: Problem,
    features: list[Feature],
    head: str | None,
    precision: str = "fp32",
    progress: Callable[[int], None] | None = None,
    rows: int = 0,
) -> list[np.ndarray]:
    """Run features through one model; see :func:`all_raw_outputs`."""
    return all_raw_outputs([model], problem, features, [head], precision, progress, rows)[0]


def all_raw_outputs(
    models: list[XLMRobertaAdapterModel],
    problem: Problem,
    features: list[Feature],
    heads: list[str | None],
    precision: str = "fp32",
    progress: Callable[[int], None] | None = None,
    rows: int = 0,
) -> list[list[np.ndarray]]:
    """Run features through models that share what no adapter changes; features that look the same run once.

    Args:
        models: Models of one base whose adapters are set.
        problem: The problem.
        features: Its features.
        heads: The head of each model.
        precision: ``fp32`` or ``bf16``.
        progress: Called with the number of rows that a batch finished.
        rows: How many rows the features come from.

    Returns:
        By model what the problem reads from the outputs, one entry a feature, in order.
    """
    raws: list[list[Any]] = [[None] * len(features) for _ in models]
    alike: dict[Hashable, list[int]] = {}
    for index, feature in enumerate(features):
        alike.setdefault(problem.identity(feature), []).append(index)
    groups = list(alike.values())
    device = next(models[0].parameters()).device
    # Every switch goes through all modules.
    training = [model for model in models if model.training]
    done = 0
    with torch.inference_mode(), autocast(device, precision), shared_trunk(models):
        for model in training:
            model.eval()
        lengths = [problem.tokens(features[group[0]]) for group in groups]
        for batch in length_batches(lengths, TOKEN_BUDGET.get(device.type, 1024)):
            inputs = problem.collate([features[groups[i][0]] for i in batch])
            inputs = {key: value.to(device) for key, value in inputs.items()}
            for model, head, raw in zip(models, heads, raws, strict=True):
                for number, value in zip(batch, problem.read(problem.forward(model, inputs, head)), strict=True):
                    for index in groups[number]:
                        raw[index] = value
            before, done = done, done + sum(len(groups[number]) for number in batch)
            if progress:
                progress(done * rows // len(features) - before * rows // len(features))
    for model in training:
        model.train()
    return raws
