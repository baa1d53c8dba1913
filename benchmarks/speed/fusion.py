"""What AdapterFusion costs, folded and as the adapters library computes it, on random tokens with random weights.

python benchmarks/speed/fusion.py [--threads 1] [--repeats 9] [--to FILE]

Forward: frozen, in inference mode. Training: forward and backward to the weights of a fusion of three, base and members
frozen, without the optimizer.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch
from adapters.composition import Fuse

from xadapt.backbone.base import load_backbone
from xadapt.evaluation.cost import hardware_name, interleaved
from xadapt.methods.fusion import add_fusion, fusion_layers, lower_fusion
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters import XLMRobertaAdapterModel

CONFIG = "seq_bn[reduction_factor=8]"
ROWS, TOKENS, RANK, SEED = 16, 64, 16, 42


def build(base: str, members: int, folded: bool = True, rank: int | None = None) -> XLMRobertaAdapterModel:
    """A frozen model with so many members, fused if there are several."""
    torch.manual_seed(SEED)
    model = load_backbone(base).model()
    names = [f"member{number}" for number in range(members)]
    for name in names:
        model.add_adapter(name, config=CONFIG)
    if members > 1:
        fused = Fuse(*names)
        if folded:
            add_fusion(model, fused)
            if rank is not None:
                lower_fusion(model, fused, rank)
        else:
            model.add_adapter_fusion(fused)
        model.set_active_adapters(fused)
    elif names:
        model.set_active_adapters(names[0])
    return model.requires_grad_(False).eval()


def forward(model: XLMRobertaAdapterModel, ids: torch.Tensor) -> Callable[[], object]:
    """A forward pass in inference mode."""

    def run() -> None:
        with torch.inference_mode():
            model.roberta(ids)

    return run


def step(model: XLMRobertaAdapterModel, ids: torch.Tensor) -> Callable[[], object]:
    """A forward and a backward pass to the weights of the model's fusion."""
    for layer in fusion_layers(model, model.active_adapters).values():
        layer.requires_grad_(True)
    model.train()

    def run() -> None:
        model.zero_grad()
        model.roberta(ids).last_hidden_state.mean(dim=1).square().sum().backward()

    return run


def main() -> None:
    """Measure, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--base", default="e5-small")
    parser.add_argument("--to", type=Path, help="a JSON file for the figures")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    base = load_backbone(given.base)
    ids = torch.randint(5, base.config.vocab_size, (ROWS, TOKENS), generator=torch.Generator().manual_seed(SEED))
    jobs = {
        "none": forward(build(given.base, 0), ids),
        "one adapter": forward(build(given.base, 1), ids),
        **{f"fuse of {n}": forward(build(given.base, n), ids) for n in (3, 8)},
        **{f"fuse of {n}, rank {RANK}": forward(build(given.base, n, rank=RANK), ids) for n in (3, 8)},
        **{f"fuse of {n}, library": forward(build(given.base, n, folded=False), ids) for n in (3, 8)},
        "train a fuse of 3": step(build(given.base, 3), ids),
        "train a fuse of 3, library": step(build(given.base, 3, folded=False), ids),
    }
    times = interleaved(jobs, given.repeats, SEED)
    medians = {name: median(values) for name, values in times.items()}
    print(f"{'':28}{'ms':>8}{'to one adapter':>16}")
    for name, value in medians.items():
        print(f"{name:28}{1000 * value:8.0f}{value / medians['one adapter']:16.2f}")
    if given.to:
        figures = {
            "base": base.name,
            "rows": ROWS,
            "tokens": TOKENS,
            "adapter": CONFIG,
            "hardware": hardware_name(torch.device("cpu")),
            "threads": given.threads,
            "seed": SEED,
            "versions": {**versions(), "python": platform.python_version()},
            "milliseconds": {name: [round(1000 * value, 1) for value in values] for name, values in times.items()},
        }
        given.to.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
