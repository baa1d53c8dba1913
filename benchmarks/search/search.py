"""Time and memory of xadapt's exact search over a million vectors in a mapped file.

python benchmarks/search/search.py [--candidates 1000000] [--queries 1000] [--width 384] [--k 20] [--dtype float16]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from xadapt.problems.nearest import top_k

#: Rows that are made and written at a time.
_BLOCK = 10_000


def main() -> None:
    """Make the vectors, search them, and check a part against the whole matrix."""
    parser = argparse.ArgumentParser(description="Exact search over synthetic vectors in a mapped file.")
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--dtype", choices=("float16", "float32"), default="float16")
    parser.add_argument("--checked", type=int, default=20, help="queries that are compared with the whole matrix")
    options = parser.parse_args()
    queries = unit(np.random.default_rng(0), options.queries, options.width)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors"
        write(path, options.candidates, options.width, options.dtype)
        shape = (options.candidates, options.width)
        candidates = np.memmap(path, dtype=options.dtype, mode="r", shape=shape)
        # The first product of a process sets up the library's threads and buffers.
        top_k(queries[:2], queries, options.k)
        start, since = resident(), restart_peak()
        began, worked = time.perf_counter(), time.process_time()
        scores, indices = top_k(queries, candidates, options.k)
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
        above = peak() - start
        size, rate = path.stat().st_size / 1e6, options.queries / seconds
        print(f"{options.candidates:,} {options.dtype} vectors {options.width} wide: a file of {size:,.0f} MB")
        print(f"{options.queries:,} queries, best {options.k} each: {seconds:.1f} s, {rate:.1f} a second")
        print(f"{torch.get_num_threads()} threads, processor time {worked:.1f} s")
        print(f"peak resident memory above start: {above / 1e6:,.0f} MB{since}")
        check(candidates, queries[: options.checked], scores, indices)


def unit(random: np.random.Generator, rows: int, width: int) -> np.ndarray:
    """Vectors of length one in random directions."""
    vectors = random.standard_normal((rows, width), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write(path: Path, rows: int, width: int, dtype: str) -> None:
    """Fill a file with vectors, a block at a time."""
    random = np.random.default_rng(1)
    with path.open("wb") as file:
        for start in range(0, rows, _BLOCK):
            unit(random, min(_BLOCK, rows - start), width).astype(dtype).tofile(file)


def check(candidates: np.ndarray, queries: np.ndarray, scores: np.ndarray, indices: np.ndarray) -> None:
    """Compare the first queries' answers with the full matrix in float64, sorted."""
    count, k = len(queries), indices.shape[1]
    whole = np.empty((count, len(candidates)))
    for start in range(0, len(candidates), _BLOCK):
        block = np.asarray(candidates[start : start + _BLOCK], dtype=np.float64)
        whole[:, start : start + _BLOCK] = queries.astype(np.float64) @ block.T
    expected = np.argsort(-whole, axis=1, kind="stable")[:, :k]
    same = int((indices[:count] == expected).sum())
    difference = float(np.abs(scores[:count] - np.take_along_axis(whole, expected, axis=1)).max())
    print(f"compared with the whole matrix of {count} queries in float64, sorted:")
    print(f"  {same} of {expected.size} indices at the same position; scores differ by {difference:.1e} at most")


def resident() -> int:
    """Resident memory now, bytes."""
    return _status("VmRSS") or peak()


def peak() -> int:
    """The most that was resident, bytes: since :func:`restart_peak` where the system can tell, else ever."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def restart_peak() -> str:
    """Forget the peak until now; returns what to say when that cannot be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return " (or what making the vectors took)"
    return ""


def _status(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


if __name__ == "__main__":
    main()
