"""How far measured times are from the arithmetic that cannot be avoided, at the matrix rate of this machine.

python benchmarks/speed/floor.py --data MIRROR [--rows 320] [--threads 1] [--measured FILE] --to FILE

Counted are the matrix products of the frozen layers: each text once through the trunk, in every epoch twice through the
top (forward, and the gradient of the activations; frozen weights need none), and in the last layer only keys and values
for all tokens. Embeddings, norms, activations, softmax and the adapters themselves are not counted. `--measured` is the
output of training.py on as many rows.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from xadapt.evaluation.cost import hardware_name
from xadapt.problems import bind
from xadapt.session import Session
from xadapt.store.files import atomic_write_json

#: Layers of the base and of the trunk, and epochs, of what training.py measures.
JOBS = {
    "e5-small:9, layers 3-8, b16, e1": (9, 3, 1),
    "e5-small, layers 6-11, b16, e1": (12, 6, 1),
    "e5-small, all layers, b32, e2": (12, 0, 2),
    "plain, group_by_length": (12, 0, 2),
    "plain AdapterTrainer": (12, 0, 2),
}


def matrix_rate(width: int, wide: int, tokens: int = 1024) -> float:
    """Floating-point operations a second of the products that a layer consists of."""
    vectors, inner = torch.randn(tokens, width), torch.randn(tokens, wide)
    square, up, down = torch.randn(width, width), torch.randn(width, wide), torch.randn(wide, width)
    times = []
    for _ in range(30):
        began = time.perf_counter()
        for _ in range(4):
            vectors @ square
        vectors @ up
        inner @ down
        times.append(time.perf_counter() - began)
    return tokens * layer_operations(width, wide) / median(times)


def layer_operations(width: int, wide: int) -> int:
    """Operations a token of one layer's matrices: four square ones and two of the feed-forward part."""
    return 2 * (4 * width * width + 2 * width * wide)


def operations(config: Any, tokens: int, rows: int, layers: int, trunk: int, epochs: int) -> float:
    """Unavoidable operations of a training run."""
    width, wide = config.hidden_size, config.intermediate_size
    layer = layer_operations(width, wide)
    last = tokens * 2 * 2 * width * width + rows * (layer - 2 * 2 * width * width)
    top = (layers - trunk - 1) * tokens * layer + last
    return trunk * tokens * layer + 2 * epochs * top


def main() -> None:
    """Measure the matrix rate, count, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measured", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    lab = Session("e5-small", given.data, display=False)
    task, config = lab.task("lingnli"), lab.backbone.config
    with torch.inference_mode():
        rate = matrix_rate(config.hidden_size, config.intermediate_size)
    rows = lab.source.train(task, given.rows).rows
    tokens = sum(len(f["input_ids"]) for f in bind(task, lab.backbone).encode(rows, labelled=False))
    measured = json.loads(given.measured.read_text())["contenders"] if given.measured else {}
    table = Table("job", "10^12 operations", "floor s", "measured s", "x floor")
    jobs = {}
    for name, job in JOBS.items():
        count = operations(config, tokens, len(rows), *job)
        found = measured.get(name, {}).get("median")
        jobs[name] = {"operations": count, "floor": count / rate, "measured": found}
        times = (f"{found:.1f}", f"{found * rate / count:.2f}") if found else ("", "")
        table.add_row(name, f"{count / 1e12:.2f}", f"{count / rate:.1f}", *times)
    about = {"hardware": hardware_name(torch.device("cpu")), "threads": given.threads, "rate": rate}
    atomic_write_json(given.to, {**about, "rows": len(rows), "tokens": tokens, "jobs": jobs})
    Console().print(table, f"matrix rate {rate / 1e9:.1f} GFLOP/s, {tokens:,} tokens in {len(rows)} rows")


if __name__ == "__main__":
    main()
