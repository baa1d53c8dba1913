"""Training steps as they are, with torch.compile, and without fused attention, in turn.

python benchmarks/speed/kernels.py --to FILE [--steps 12] [--tokens 768] [--threads 1]

Batches have 32 to 96 tokens a row, as those of a real task do; what a variant takes longer in its first round of shapes
is compiling. Adapters sit in all layers.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from rich.table import Table
from torch.nn.functional import cross_entropy

from xadapt.backbone.base import load_backbone
from xadapt.backbone.encoder import run, split
from xadapt.evaluation.cost import hardware_name
from xadapt.methods.adapter import add_adapter
from xadapt.store.files import atomic_write_json
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel

VARIANTS = ("as it is", "torch.compile", "attention not fused")
LENGTHS = (48, 64, 32, 96)


def ready_model(variant: str) -> XLMRobertaAdapterModel:
    """A model with one adapter and a head of three classes, ready to be trained."""
    torch.manual_seed(0)
    model = load_backbone().model()
    model.add_classification_head("nli", num_labels=3)
    add_adapter(model, "nli", "seq_bn[reduction_factor=8]")
    model.train_adapter("nli")
    model.set_active_adapters("nli")
    # Without saying that all is tokenwise: only fused attention would cut the last layer to its first token.
    split(model, "")
    model.train()
    if variant == "attention not fused":
        model.set_attn_implementation("eager")
    if variant == "torch.compile":
        # Layers are classes of their own to the compiler, and twelve are more than it takes by default.
        torch._dynamo.config.recompile_limit = 64
        for layer in model.roberta.encoder.layer:
            layer.compile(dynamic=True)
    return model


def step(model: XLMRobertaAdapterModel, length: int, tokens: int, number: int) -> float:
    """Processor seconds of one step."""
    torch.manual_seed(number)
    ids = torch.randint(4, model.config.vocab_size, (max(1, tokens // length), length))
    mask = torch.ones_like(ids)
    ids[-1, length // 2 :], mask[-1, length // 2 :] = model.config.pad_token_id, 0
    started = time.process_time()
    cross_entropy(run(model, ids, mask, "nli", first=True).logits, torch.zeros(len(ids), dtype=torch.long)).backward()
    model.zero_grad()
    return time.process_time() - started


def main() -> None:
    """Time all variants in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12, help="steps behind the first round of shapes")
    parser.add_argument("--tokens", type=int, default=768)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    models = {variant: ready_model(variant) for variant in VARIANTS}
    times: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for number in range(len(LENGTHS) + given.steps):
        for variant, model in models.items():
            times[variant].append(step(model, LENGTHS[number % len(LENGTHS)], given.tokens, number))
    table = Table("variant", "first round of shapes, s", "a step, ms (median)", "min to max", "x")
    rows, base = {}, median(times[VARIANTS[0]][len(LENGTHS) :])
    for variant, all_times in times.items():
        first, later = sum(all_times[: len(LENGTHS)]), all_times[len(LENGTHS) :]
        rows[variant] = {"first_round_seconds": first, "steps": later, "ratio": median(later) / base}
        spread = f"{min(later) * 1000:.0f}-{max(later) * 1000:.0f}"
        table.add_row(variant, f"{first:.1f}", f"{median(later) * 1000:.0f}", spread, f"{median(later) / base:.2f}")
    about = {"hardware": hardware_name(torch.device("cpu")), "versions": versions(), "threads": given.threads}
    atomic_write_json(given.to, {**about, "tokens": given.tokens, "variants": rows})
    Console().print(table)


if __name__ == "__main__":
    main()
