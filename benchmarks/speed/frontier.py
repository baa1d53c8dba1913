"""Score against training time: where adapters sit, how wide they are, and how they are trained.

python benchmarks/speed/frontier.py --data MIRROR --store STORE --to FOLDER [--only NAME ...] [--plain FILE ...]

Every setting trains on the same LingNLI pairs and answers the same XNLI rows; what is done already is not done again.
`processor` is seconds of processor time of one thread; filling the trunk cache is counted in the setting that fills it
(`--fresh` clears the cache before each setting, so that each one fills its own).
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from xadapt.backbone.base import load_backbone
from xadapt.composition.grammar import parse
from xadapt.data.source import open_source
from xadapt.evaluation.evaluate import EvalSettings, evaluate
from xadapt.store.files import atomic_write_json
from xadapt.store.store import Store
from xadapt.tasks import get_task
from xadapt.training.job import Display
from xadapt.training.plan import plan_task
from xadapt.training.settings import make_settings
from xadapt.training.train import train


def setting(
    layers: str, reduction: int, lr: float, batch: int, epochs: float, method: str = "seq_bn"
) -> dict[str, Any]:
    """One point: layers with adapters, width as a reduction factor, peak rate, rows a step, epochs."""
    config = method if method.startswith("peft:") else f"{method}[reduction_factor={reduction}]"
    return {"adapter_layers": layers, "adapter_config": config, "lr": lr, "batch_size": batch, "epochs": epochs}


SETTINGS: dict[str, dict[str, Any]] = {
    "6-11 b16 e1": setting("6-11", 8, 1e-3, 16, 1),
    "8-11 wide b16 e1": setting("8-11", 2, 1e-3, 16, 1),
    "6-11 wide b16 e1": setting("6-11", 2, 1e-3, 16, 1),
    "6-11 lr2 b16 e1": setting("6-11", 8, 2e-3, 16, 1),
    "6-11 double b16 e1": setting("6-11", 8, 1e-3, 16, 1, "double_seq_bn"),
    "6-11 b32 e2": setting("6-11", 8, 1e-3, 32, 2),
    "all b16 e1": setting("all", 8, 1e-3, 16, 1),
}


def main() -> None:
    """Train and evaluate every setting, write one JSON each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--only", action="append", help="names of settings")
    parser.add_argument("--rows", type=int, default=16000)
    parser.add_argument("--test-rows", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    backbone, source, task = load_backbone("minilm"), open_source(given.data), get_task("xnli")
    for name in given.only or SETTINGS:
        point = SETTINGS[name]
        place = given.to / f"{name.replace(' ', '_')}-{given.rows}-{given.seed}.json"
        if place.is_file():
            continue
        store = Store(given.store / place.stem)
        cache = given.store / "cache"
        store.root.mkdir(parents=True, exist_ok=True)
        if given.fresh:
            shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(exist_ok=True)
        if not (store.root / "cache").exists():
            (store.root / "cache").symlink_to(cache.resolve())
        settings = make_settings(**point, limit=given.rows, seed=given.seed, precision="fp32")
        started, worked = time.perf_counter(), time.process_time()
        checkpoint = train(plan_task("lingnli"), backbone, source, store, settings, display=Display(print))
        trained = {"seconds": time.perf_counter() - started, "processor": time.process_time() - worked}
        how = EvalSettings(limit=given.test_rows, seed=given.seed, precision="fp32")
        result = evaluate(parse("lingnli"), task, "all", backbone, source, store, how)
        scores = {code: entry["accuracy"] for code, entry in result["languages"].items()}
        figures = {
            "name": name,
            **point,
            "rows": given.rows,
            "seed": given.seed,
            "threads": given.threads,
            **trained,
            "parameters": checkpoint.record["figures"]["parameters"],
            "dev": checkpoint.record["figures"]["dev"]["lingnli"]["accuracy"],
            "evaluation": time.perf_counter() - started - trained["seconds"],
            "xnli": scores,
        }
        atomic_write_json(place, figures)
        others = [value for code, value in scores.items() if code != "en"]
        print(f"{name}: {trained['processor']:.0f} s, en {scores['en']:.1f}, others {sum(others) / len(others):.1f}")
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
