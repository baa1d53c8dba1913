"""What an ensemble of three costs against one of its members, by the layers that carry adapters.

python benchmarks/speed/ensemble.py --to FILE [--repeats 7] [--threads 1]

Random tokens and weights; a head reads the first token. The members share what lies below their adapters; nothing is
kept from a text to the next. In an evaluation of members and ensemble the ensemble runs no model at all.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import torch
from rich.console import Console
from rich.table import Table

from xadapt.backbone.base import load_backbone
from xadapt.backbone.encoder import run, shared_trunk, split
from xadapt.evaluation.cost import hardware_name, interleaved
from xadapt.methods.adapter import add_adapter
from xadapt.store.files import atomic_write_json
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = (("e5-small", "0-11"), ("e5-small", "6-11"), ("e5-small", "8-11"), ("e5-small:10", "5-9"))
MEMBERS, ROWS, TOKENS, SEED = 3, 16, 64, 42


def member(base: str, layers: str) -> Any:
    """A frozen model with one adapter and a head of three classes."""
    model = load_backbone(base).model()
    model.add_classification_head("nli", num_labels=3)
    add_adapter(model, "nli", f"seq_bn[reduction_factor=8]@{layers}")
    model.set_active_adapters("nli")
    split(model, "")
    model.roberta.encoder.start, model.roberta.encoder.tokenwise = int(layers.split("-", maxsplit=1)[0]), True
    return model.requires_grad_(False).eval()


def forward(models: list[Any], ids: torch.Tensor) -> Callable[[], object]:
    """All models on one batch."""

    def answer() -> None:
        mask = torch.ones_like(ids)
        with torch.inference_mode(), shared_trunk(models):
            for model in models:
                run(model, ids, mask, "nli", first=True)

    return answer


def main() -> None:
    """Measure, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(SEED)
    ids = torch.randint(5, load_backbone().config.vocab_size, (ROWS, TOKENS))
    jobs: dict[str, Callable[[], object]] = {}
    for base, layers in PLACES:
        models = [member(base, layers) for _ in range(MEMBERS)]
        jobs |= {f"{base} {layers}, one": forward(models[:1], ids), f"{base} {layers}, three": forward(models, ids)}
    times = interleaved(jobs, given.repeats, SEED)
    table = Table("base", "adapters in layers", "one adapter, ms", "ensemble of three, ms", "x", "by layers, x")
    for base, layers in PLACES:
        one, three = (median(times[f"{base} {layers}, {what}"]) for what in ("one", "three"))
        first, last = map(int, layers.split("-"))
        passes = (first + MEMBERS * (last + 1 - first)) / (last + 1)
        table.add_row(base, layers, f"{1000 * one:.0f}", f"{1000 * three:.0f}", f"{three / one:.2f}", f"{passes:.2f}")
    about = {"hardware": hardware_name(torch.device("cpu")), "versions": versions(), "threads": given.threads}
    shape = {"rows": ROWS, "tokens": TOKENS, "seed": SEED}
    milliseconds = {name: [round(1000 * value, 1) for value in values] for name, values in times.items()}
    atomic_write_json(given.to, {**about, **shape, "milliseconds": milliseconds})
    Console().print(table)


if __name__ == "__main__":
    main()
