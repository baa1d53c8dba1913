"""Exact nearest neighbours by inner product, a block at a time, so that the candidates may be larger than memory."""

from __future__ import annotations

import mmap

import numpy as np

from xadapt.lazy import torch

#: Queries and candidates of a block: 25 MB of vectors 384 wide, 67 MB of scores.
QUERY_BLOCK = 1024
CANDIDATE_BLOCK = 16384


def top_k(
    queries: np.ndarray,
    candidates: np.ndarray,
    k: int,
    query_block: int = QUERY_BLOCK,
    candidate_block: int = CANDIDATE_BLOCK,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the candidates with the highest inner product for each query, among all of them.

    Candidates are read once, from first to last, and only a block of them is in memory as float32. What was read of a
    file that is mapped read-only is given back to the system.

    Args:
        queries: Float, shape (queries, width).
        candidates: Float of any precision, shape (candidates, width); an array or an ``np.memmap``.
        k: How many to find, all when there are fewer.
        query_block: Queries that are scored together.
        candidate_block: Candidates that are scored together.

    Returns:
        Scores, float32, and indices, int64, both of shape (queries, min(k, candidates)); highest score first, equal
        scores by lower index.

    Raises:
        ValueError: If the shapes do not fit or ``k`` is less than 1.
    """
    if queries.ndim != 2 or candidates.ndim != 2 or queries.shape[1] != candidates.shape[1]:
        raise ValueError(f"queries {queries.shape} and candidates {candidates.shape} are not vectors of one width")
    if k < 1:
        raise ValueError(f"k is {k}, not 1 or more")
    count = len(queries)
    width = 0 if count else min(k, len(candidates))
    scores = np.empty((count, width), dtype=np.float32)
    indices = np.empty((count, width), dtype=np.int64)
    for start in range(0, len(candidates), candidate_block):
        block = _tensor(candidates[start : start + candidate_block])
        _give_back(candidates)
        found = [_best(_tensor(queries[at : at + query_block]) @ block.T, k) for at in range(0, count, query_block)]
        if found:
            scores, indices = _merge(
                np.concatenate((scores, np.concatenate([part for part, _ in found])), axis=1),
                np.concatenate((indices, np.concatenate([part for _, part in found]) + start), axis=1),
                k,
            )
    return scores, indices


def _tensor(vectors: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(vectors, dtype=np.float32))


def _give_back(candidates: np.ndarray) -> None:
    # Pages of a mapped file stay resident until the system wants them; only a read-only mapping loses nothing.
    mapped = candidates.base
    if isinstance(candidates, np.memmap) and candidates.mode == "r" and isinstance(mapped, mmap.mmap):
        advice = getattr(mmap, "MADV_DONTNEED", None)
        if advice is not None:
            mapped.madvise(advice)


def _best(scores: torch.Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The best of a block, in no order; among equal scores at the edge those with the lower index."""
    width = scores.shape[1]
    if width <= k:
        everything = np.tile(np.arange(width, dtype=np.int64), (len(scores), 1))
        return scores.numpy(), everything
    values, nearest = (found.numpy() for found in torch.topk(scores, k + 1, dim=1))
    # torch chooses freely among equal scores, which matters where they go on beyond the edge.
    for row in np.flatnonzero(values[:, k - 1] == values[:, k]):
        whole = scores[row].numpy()
        above = np.flatnonzero(whole > values[row, k])
        equal = np.flatnonzero(whole == values[row, k])
        chosen = np.concatenate((above, equal))[:k]
        values[row, :k], nearest[row, :k] = whole[chosen], chosen
    return values[:, :k], nearest[:, :k]


def _merge(scores: np.ndarray, indices: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((indices, -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(indices, order, axis=1)
