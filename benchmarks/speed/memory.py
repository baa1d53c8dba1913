"""Peak resident memory of the default base: loaded, made into a model, and training one adapter.

python benchmarks/speed/memory.py [--rows 32] [--tokens 128] [--steps 2] [--threads 1]

`packed` is what xadapt does with adapters in all layers, `top` with adapters in layers 6-11 alone; `whole` sends a
batch through the model at once instead of in parts; `dense` has the word embedding unpacked as well, as an ordinary
model has it. Each is a process of its own. A peak holds all that was before it, so a stage that adds nothing fitted
into the peak of the one before.
With glibc, MALLOC_MMAP_THRESHOLD_=4000000 in the environment shows how much of the training peak is holes in the heap;
it takes them away for more time in the kernel.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters import XLMRobertaAdapterModel

    from xadapt.backbone.base import Backbone

VARIANTS = ("top", "packed", "whole", "dense")


def measure(variant: str, given: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Peak megabytes and seconds, by stage, of this process."""
    found: dict[str, tuple[float, float]] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        # Kilobytes, on macOS bytes.
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        found[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, time.perf_counter() - started
        return result

    stage("imports", imports)
    import torch

    torch.set_num_threads(given.threads)
    backbone = stage("load", lambda: load(variant))
    model = stage("model", backbone.model)
    stage("training", lambda: train(backbone, model, variant, given))
    return found


def imports() -> None:
    """What any training imports, so that it is not counted as loading."""
    import accelerate
    import adapters
    import torch
    from transformers import Trainer, XLMRobertaTokenizerFast

    import xadapt.backbone.base

    assert all((accelerate, adapters.XLMRobertaAdapterModel, torch, Trainer, XLMRobertaTokenizerFast, xadapt))


def load(variant: str) -> Backbone:
    """The base, its word embedding packed or not."""
    from dataclasses import replace

    from xadapt.backbone.base import WORDS, load_backbone
    from xadapt.backbone.packed_embedding import unpack_rows

    backbone = load_backbone()
    if variant != "dense":
        return backbone
    assert backbone.words is not None
    return replace(backbone, state={**backbone.state, WORDS: unpack_rows(backbone.words)}, words=None)


def train(backbone: Backbone, model: XLMRobertaAdapterModel, variant: str, given: argparse.Namespace) -> None:
    """Train one adapter and a head of three classes on made-up tokens; the last row is half as long."""
    import torch

    from xadapt.backbone.encoder import run, split
    from xadapt.methods.adapter import add_adapter
    from xadapt.problems import make_problem
    from xadapt.tasks.catalogue import DEFAULT
    from xadapt.training.batches import TaskCollator
    from xadapt.training.trainer import MICRO_BATCH_TOKENS

    torch.manual_seed(0)
    lowest = 6 if variant == "top" else 0
    problem = make_problem(DEFAULT["mnli"], backbone.tokenizer, given.tokens)
    collate = TaskCollator({"nli": problem}, None if variant in ("whole", "dense") else MICRO_BATCH_TOKENS["cpu"])
    problem.add_head(model, "nli")
    add_adapter(model, "nli", f"seq_bn[reduction_factor=8]@{lowest}-")
    model.train_adapter("nli")
    model.set_active_adapters("nli")
    model.train()
    split(model, "")
    model.roberta.encoder.start, model.roberta.encoder.tokenwise = lowest, True
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(given.steps):
        lengths = [given.tokens] * (given.rows - 1) + [given.tokens // 2]
        rows = [torch.randint(4, model.config.vocab_size, (length,)).tolist() for length in lengths]
        made = collate([("nli", {"input_ids": row, "labels": number % 3}) for number, row in enumerate(rows)])
        for batch, share in zip(made["micro_batches"], made["shares"], strict=True):
            outputs = run(model, batch["input_ids"], batch["attention_mask"], "nli", first=True)
            (problem.loss(outputs, batch) * share).backward()
        optimizer.step()
        optimizer.zero_grad()


def main() -> None:
    """Measure every variant in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=VARIANTS, help="measure this process and print JSON")
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measure(given.only, given)))
        return
    # A process starts with its parent's peak, which is why nothing large is imported here.
    found = {}
    for variant in VARIANTS:
        command = [sys.executable, __file__, *sys.argv[1:], "--only", variant]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found[variant] = json.loads(done.stdout.splitlines()[-1])
    print("| peak after | " + " | ".join(f"{variant}, MB | seconds" for variant in VARIANTS) + " |")
    print("|---|" + "--:|--:|" * len(VARIANTS))
    for name in found[VARIANTS[0]]:
        cells = " | ".join(f"{found[v][name][0]:,.0f} | {found[v][name][1]:.2f}" for v in VARIANTS)
        print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
