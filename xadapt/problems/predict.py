"""Run features through a model: batches of like length under a token budget, nothing recorded for gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xadapt.problems.base import Feature, Problem, Row

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel

#: Padded tokens a batch: small enough for a CPU's caches, large enough to keep a GPU busy at 50 tokens a row.
TOKEN_BUDGET = {"cpu": 4096, "cuda": 65536, "mps": 16384}


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Automatic mixed precision for ``bf16``, nothing for ``fp32``."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if precision == "bf16" else nullcontext()


def length_batches(lengths: list[int], budget: int) -> Iterator[list[int]]:
    """Group indices by length, longest first, so that no padded batch holds more than ``budget`` tokens."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    at = 0
    while at < len(order):
        size = max(1, budget // max(1, lengths[order[at]]))
        yield order[at : at + size]
        at += size


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
    """Run features through the model; ``progress`` is told in rows, of which there are ``rows`` in all.

    Returns:
        What the problem reads from the outputs, one entry a feature, in order.
    """
    raw: list[np.ndarray | None] = [None] * len(features)
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    done = 0
    with torch.inference_mode(), autocast(device, precision):
        for batch in length_batches([problem.tokens(f) for f in features], TOKEN_BUDGET.get(device.type, 4096)):
            inputs = {k: v.to(device) for k, v in problem.collate([features[i] for i in batch]).items()}
            for index, value in zip(batch, problem.read(problem.forward(model, inputs, head)), strict=True):
                raw[index] = value
            if progress:
                now = (done + len(batch)) * rows // len(features)
                progress(now - done * rows // len(features))
            done += len(batch)
    model.train(training)
    return [value for value in raw if value is not None]
