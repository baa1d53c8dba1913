"""What setups read for texts, kept in the store: an ensemble finds what its members read, a sample what it shares."""

from __future__ import annotations

import hashlib
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


def kept_outputs(  # noqa: PLR0913, PLR0917 - what all_raw_outputs takes, and where it is kept
    cache: TextCache,
    spaces: Sequence[str],
    assemblies: Sequence[Assembly],
    problem: Problem,
    features: list[Feature],
    heads: Sequence[str | None],
    precision: str,
    progress: Callable[[int], None] | None,
    rows: int,
) -> list[list[np.ndarray]]:
    """Run features through those models that have not read them yet; see :func:`all_raw_outputs`.

    Args:
        cache: Where outputs are kept.
        spaces: By model, from :func:`answers_space`.
        assemblies: The models; one whose outputs are all there is not touched.
        problem: The problem.
        features: Its features.
        heads: The head of each model.
        precision: ``fp32`` or ``bf16``.
        progress: Told in rows.
        rows: Of which there are so many in all.

    Returns:
        By model the raw output of each feature, in order. Behind a feature's own length it may be padded otherwise
        from model to model.
    """
    keys = [_key(problem.identity(feature)) for feature in features]
    known = [cache.get(space, keys) for space in spaces]
    asked = [number for number, values in enumerate(known) if any(value is None for value in values)]
    missing = [i for i in range(len(keys)) if any(known[number][i] is None for number in asked)]
    left = rows * len(missing) // max(1, len(features))
    if progress and rows > left:
        progress(rows - left)
    if missing:
        models, some = [assemblies[number].model for number in asked], [features[i] for i in missing]
        raws = all_raw_outputs(models, problem, some, [heads[n] for n in asked], precision, progress, left)
        for number, raw in zip(asked, raws, strict=True):
            fresh = {keys[i]: value for i, value in zip(missing, raw, strict=True) if known[number][i] is None}
            cache.put(spaces[number], list(fresh), list(fresh.values()))
            for i, value in zip(missing, raw, strict=True):
                known[number][i] = value
    return [[value for value in values if value is not None] for values in known]


def level(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Cut models' outputs for one feature to the shortest; what is behind it is padding."""
    shortest = min(map(len, outputs))
    return [output[:shortest] for output in outputs]


def _key(identity: Hashable) -> bytes:
    return hashlib.blake2b(repr(identity).encode(), digest_size=16).digest()
