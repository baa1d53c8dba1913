"""What setups read for texts, kept in the store: an ensemble finds what its members read, a sample what it shares."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.problems.predict import all_raw_outputs
from xadapt.store.files import sha256_json
from xadapt.store.versions import library_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import numpy as np

    from xadapt.composition.builder import Assembly
    from xadapt.composition.expression import Node
    from xadapt.problems.base import Feature, Problem
    from xadapt.store.text_cache import TextCache


def answers_space(part: Node, assembly: Assembly, head: str | None, problem: Problem, precision: str) -> str:
    """Name all that decides what a model reads for a text, beside the text."""
    decides = {
        "setup": str(part),
        "base": assembly.context.backbone.fingerprint,
        "weights": assembly.weights,
        # Of a merge that draws at random.
        "seed": assembly.context.seed,
        "head": head,
        "problem": [problem.task.kind.name, problem.revision, getattr(problem, "layer", None)],
        "precision": precision,
        "versions": library_versions(),
    }
    return f"answers/{sha256_json(decides)[:24]}"


@dataclass(frozen=True)
class Reader:
    """A model that reads texts.

    Attributes:
        assembly: The model; one whose outputs are all kept is not made.
        head: Its head that answers, None for none.
        space: The name of what it read before, from :func:`answers_space`.
    """

    assembly: Assembly
    head: str | None
    space: str


def kept_outputs(
    cache: TextCache,
    readers: Sequence[Reader],
    problem: Problem,
    features: list[Feature],
    precision: str,
    progress: Callable[[int], None] | None,
    rows: int,
) -> list[list[np.ndarray]]:
    """Run features through those models that have not read them yet; see :func:`all_raw_outputs`.

    Args:
        cache: Where outputs are kept.
        readers: The models.
        problem: The problem.
        features: Its features.
        precision: ``fp32`` or ``bf16``.
        progress: Called with the number of rows that were read.
        rows: How many rows the features are of.

    Returns:
        By model the raw output of each feature, in order. Behind a feature's own length it may be padded otherwise
        from model to model.
    """
    keys = [_key(problem.identity(feature)) for feature in features]
    kept = [cache.get(reader.space, keys) for reader in readers]
    asked = [number for number, values in enumerate(kept) if any(value is None for value in values)]
    missing = [i for i in range(len(keys)) if any(kept[number][i] is None for number in asked)]
    left = rows * len(missing) // max(1, len(features))
    if progress and rows > left:
        progress(rows - left)
    if missing:
        models, heads = [readers[n].assembly.model for n in asked], [readers[n].head for n in asked]
        some = [features[i] for i in missing]
        raws = all_raw_outputs(models, problem, some, heads, precision, progress, left)
        for number, raw in zip(asked, raws, strict=True):
            fresh = {keys[i]: value for i, value in zip(missing, raw, strict=True) if kept[number][i] is None}
            cache.put(readers[number].space, list(fresh), list(fresh.values()))
            for i, value in zip(missing, raw, strict=True):
                kept[number][i] = value
    return [[value for value in values if value is not None] for values in kept]


def level(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Cut models' outputs for one feature to the shortest; what is behind it is padding."""
    shortest = min(map(len, outputs))
    return [output[:shortest] for output in outputs]


def _key(identity: Hashable) -> bytes:
    return hashlib.blake2b(repr(identity).encode(), digest_size=16).digest()
