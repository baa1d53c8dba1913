"""Batches of one task each, of rows of like length, the same for the same seed and epoch."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from torch.utils.data import Dataset, Sampler

from xadapt.problems.predict import length_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xadapt.problems.base import Batch, Feature, Problem

#: Batches that are sorted by length together: less padding, still a random order.
_WINDOW = 50


class MixedFeatures(Dataset):
    """Features of one or several tasks, one after the other; those of a batch have the same keys.

    Args:
        by_task: Task name to its features.
        tokens: By task, how many tokens a feature brings into a batch; None counts its input ids.
        cap: Features of a task that an epoch takes at most, others in every epoch; None takes all.
    """

    def __init__(
        self,
        by_task: dict[str, list[Feature]],
        tokens: dict[str, Callable[[Feature], int]] | None = None,
        cap: int | None = None,
    ) -> None:
        """Put the features of all tasks one after the other."""
        self.cap = cap
        self.features = [(name, feature) for name, features in by_task.items() for feature in features]
        self.ranges: list[range] = []
        start = 0
        for _, alike in groupby(self.features, lambda pair: (pair[0], pair[1].keys())):
            count = sum(1 for _ in alike)
            self.ranges.append(range(start, start + count))
            start += count
        counts = {name: tokens[name] if tokens else _ids for name in by_task}
        self.lengths = np.array([counts[name](feature) for name, feature in self.features])

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, index: int) -> tuple[str, Feature]:
        return self.features[index]


def _ids(feature: Feature) -> int:
    return len(feature["input_ids"])


class LengthBatches(Sampler[list[int]]):
    """Shuffle, sort windows of batches by length, and shuffle the batches of all tasks together."""

    def __init__(self, data: MixedFeatures, batch_size: int, seed: int) -> None:
        """Bind to features; an epoch is one pass over all of them, or over as many of each task as their cap allows."""
        self.data, self.batch_size, self.seed, self.epoch = data, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return sum(-(-len(part[: self.data.cap]) // self.batch_size) for part in self.data.ranges)

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch))
        batches = []
        for part in self.data.ranges:
            order = random.permutation(np.array(part))[: self.data.cap]
            window = _WINDOW * self.batch_size
            for start in range(0, len(order), window):
                chunk = order[start : start + window]
                chunk = chunk[np.argsort(-self.data.lengths[chunk], kind="stable")]
                batches += [chunk[i : i + self.batch_size].tolist() for i in range(0, len(chunk), self.batch_size)]
        for index in random.permutation(len(batches)):
            yield batches[index]


class TaskBatch(TypedDict):
    """A batch of one task.

    Attributes:
        task: Its name.
        micro_batches: What goes through the model at once, one after the other.
        shares: What the mean loss of each counts for in the batch's.
    """

    task: str
    micro_batches: list[Batch]
    shares: list[float]


class MicroBatch(TypedDict):
    """One of them.

    Attributes:
        task: The name of the task.
        batch: What goes through the model.
        share: What its mean loss counts for in the batch's.
    """

    task: str
    batch: Batch
    share: float


class TaskCollator:
    """Collate a batch with its own task's problem, whole or as micro-batches whose losses add up to the batch's.

    Micro-batches hold rows of like length, so that little is padding and no more than a budget is in memory at once.
    """

    def __init__(self, problems: dict[str, Problem], budget: int | None = None) -> None:
        """Bind to the problems by task name; ``budget`` bounds the padded tokens of a micro-batch, None makes one."""
        self.problems, self.budget = problems, budget

    def __call__(self, items: list[tuple[str, Feature]]) -> TaskBatch:
        """Collate features of one task, each with its name."""
        task, problem = items[0][0], self.problems[items[0][0]]
        features = [feature for _, feature in items]
        groups = [list(range(len(features)))]
        if self.budget and problem.divisible and problem.terms(features):
            groups = list(length_batches([problem.tokens(feature) for feature in features], self.budget))
        chosen = [[features[index] for index in group] for group in groups]
        shares = [1.0]
        if len(chosen) > 1:
            shares = [problem.terms(some) / problem.terms(features) for some in chosen]
        return {"task": task, "micro_batches": [problem.collate(some) for some in chosen], "shares": shares}
