"""Score against training time: where adapters sit, how many layers the base has, and how they are trained.

python benchmarks/speed/frontier.py --data MIRROR --store STORE --to FOLDER [--only NAME ...]
python benchmarks/speed/frontier.py --to FOLDER --plot

Every setting trains on the same LingNLI pairs and answers the same XNLI rows; what is done already is not done again.
`processor` is seconds of processor time; each setting fills a trunk cache of its own, and that is counted. The plot and
the table come from what lies in the folder.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import torch
from rich.console import Console
from rich.table import Table

from xadapt.session import Session
from xadapt.store.files import atomic_write_json

if TYPE_CHECKING:
    from xadapt.store.records import Json

DOUBLE = "double_seq_bn[reduction_factor=8]"
LORA = 'lora[r=16,alpha=32,attn_matrices=["q","k","v"]]'


class Setting(TypedDict, total=False):
    """A point: the base, layers with adapters, rows a step, epochs, peak rate, the adapter's configuration."""

    base: str
    adapter_layers: str
    batch_size: int
    epochs: float
    lr: float
    adapter_config: str


def setting(base: str, layers: str, batch: int, epochs: float, lr: float = 1e-3, method: str | None = None) -> Setting:
    """One point; without a method the adapter of the default configuration."""
    point: Setting = {"base": base, "adapter_layers": layers, "batch_size": batch, "epochs": epochs, "lr": lr}
    return {**point, "adapter_config": method} if method else point


SETTINGS: dict[str, Setting] = {
    "e5-small:9, layers 3-8, b16, e1": setting("e5-small:9", "3-8", 16, 1),
    "e5-small:9, layers 3-8, b16, e2": setting("e5-small:9", "3-8", 16, 2),
    "e5-small, layers 6-11, b16, e1": setting("e5-small", "6-11", 16, 1),
    "e5-small, layers 8-11, b16, e1": setting("e5-small", "8-11", 16, 1),
    "e5-small, layers 6-11, b16, e1, lr 3e-3": setting("e5-small", "6-11", 16, 1, 3e-3),
    "e5-small:10, layers 4-9, b16, e1": setting("e5-small:10", "4-9", 16, 1),
    "e5-small:10, double in layers 5-9, b16, e1": setting("e5-small:10", "5-9", 16, 1, method=DOUBLE),
    "e5-small:10, layers 5-9, b16, e1": setting("e5-small:10", "5-9", 16, 1),
    "e5-small:10, LoRA in layers 5-9, b16, e1": setting("e5-small:10", "5-9", 16, 1, method=LORA),
    "e5-small:9, LoRA in layers 3-8, b16, e1": setting("e5-small:9", "3-8", 16, 1, method=LORA),
    "e5-small, all layers, b16, e1": setting("e5-small", "all", 16, 1),
    "e5-small, all layers, b32, e2": setting("e5-small", "all", 32, 2),
}


def measure(name: str, given: argparse.Namespace) -> Json:
    """Train and evaluate one setting."""
    point = SETTINGS[name]
    store = given.store / file_name(name, given)
    lab = Session(point["base"], given.data, store, seed=given.seed, precision="fp32", display=False)
    # Loading it is no training.
    _ = lab.backbone
    options: Json = {key: value for key, value in point.items() if key != "base"}
    # A sample's share of the dev rows that a whole run measures itself on.
    dev = max(4, min(500, given.rows // 32))
    started, worked = time.perf_counter(), time.process_time()
    checkpoint = lab.train("lingnli", **options, limit=given.rows, dev_limit=dev)
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scores: dict[str, float] = {}
    if given.test_rows:
        result = lab.evaluate("lingnli", "xnli", limit=given.test_rows)
        scores = {code: entry.score for code, entry in result.languages.items()}
    return {
        "name": name,
        **point,
        "rows": given.rows,
        "seed": given.seed,
        "threads": given.threads,
        "test_rows": given.test_rows,
        "seconds": seconds,
        "processor": processor,
        "peak_megabytes": peak,
        "parameters": checkpoint.parameters,
        "dev": checkpoint.scores["lingnli"]["accuracy"],
        "xnli": scores,
    }


def file_name(name: str, given: argparse.Namespace) -> str:
    """Where a setting's figures go."""
    return f"{name.replace(', ', '_').replace(' ', '-').replace(':', '-')}-{given.rows}-{given.seed}"


def others(scores: dict[str, float]) -> float:
    """The mean of all languages but English."""
    values = [value for code, value in scores.items() if code != "en"]
    return sum(values) / len(values)


def show(folder: Path) -> None:
    """Print a table of what lies in the folder and plot scores against processor time."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    points = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    points = sorted((point for point in points if point.get("xnli")), key=lambda point: point["processor"])
    table = Table("setting", "pairs", "seed", "N", "processor s", "parameters", "LingNLI dev", "XNLI en", "others")
    for point in points:
        en, rest = f"{point['xnli']['en']:.1f}", f"{others(point['xnli']):.1f}"
        cells = f"{point['processor']:.0f}", f"{point['parameters']:,}", f"{point['dev']:.1f}"
        shown = f"{point['rows']:,}", str(point["seed"]), str(point["test_rows"])
        table.add_row(point["name"], *shown, *cells, en, rest)
    Console(width=150).print(table)
    for rows in sorted({point["rows"] for point in points}):
        here = [point for point in points if point["rows"] == rows]
        figure, axes = pyplot.subplots(figsize=(10, 4.5), layout="constrained")
        for name in dict.fromkeys(point["name"] for point in here):
            same = [point for point in here if point["name"] == name]
            scores = [others(point["xnli"]) for point in same]
            axes.scatter([point["processor"] for point in same], scores, label=name)
        axes.set_xlabel("processor seconds of training, one thread")
        axes.set_ylabel("XNLI accuracy, mean of 14 languages")
        sizes = " or ".join(map(str, sorted({point["test_rows"] for point in here})))
        axes.set_title(f"{rows:,} LingNLI pairs, N {sizes} a language, a point a seed")
        axes.set_xlim(left=0)
        figure.legend(loc="outside right upper", fontsize=8)
        figure.savefig(folder / f"frontier-{rows}.png", dpi=120)


def main() -> None:
    """Measure every setting, write one JSON each, show all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--only", action="append", choices=list(SETTINGS))
    parser.add_argument("--rows", type=int, default=16000)
    parser.add_argument("--test-rows", type=int, default=200, help="XNLI rows a language; 0 for the time alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--plot", action="store_true", help="measure nothing")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    for name in [] if given.plot else given.only or SETTINGS:
        path = given.to / f"{file_name(name, given)}.json"
        if not path.is_file():
            atomic_write_json(path, measure(name, given))
    show(given.to)


if __name__ == "__main__":
    main()
