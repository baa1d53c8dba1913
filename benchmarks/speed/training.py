"""Training time against the plain script: the same LingNLI pairs, contenders in turn, several rounds.

python benchmarks/speed/training.py --data MIRROR --to FILE [--rows 320] [--rounds 3] [--threads 1]

Each contender trains a small sample from scratch in a process of its own, trunk filling included, and is timed inside,
after loading and encoding. Times of full runs follow from these ratios; scores come from full runs (frontier.py and
plain_script.py without --steps).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from xadapt.evaluation.cost import hardware_name
from xadapt.store.files import atomic_write_json
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from xadapt.store.records import Json

HERE = Path(__file__).parent
#: Options of plain_script.py.
PLAIN = {
    "plain AdapterTrainer": [],
    "plain, group_by_length": ["--group-by-length"],
    "plain, bf16, group_by_length": ["--group-by-length", "--bf16"],
    "peft LoRA, group_by_length": ["--method", "lora", "--group-by-length"],
    "full fine-tuning, group_by_length": ["--method", "full", "--group-by-length"],
}
#: Settings of frontier.py.
OURS = (
    "e5-small:10, double in layers 5-9, b16, e1",
    "e5-small:10, LoRA in layers 5-9, b16, e1",
    "e5-small:9, layers 3-8, b16, e1",
    "e5-small, layers 6-11, b16, e1",
    "e5-small, all layers, b32, e2",
)


def timed(name: str, given: argparse.Namespace, folder: Path) -> Json:
    """Run a contender once; returns its figures."""
    out = folder / "figures.json"
    common = ["--data", given.data, "--rows", str(given.rows), "--threads", str(given.threads)]
    if name in PLAIN:
        command = [str(HERE / "plain_script.py"), *PLAIN[name], "--to", str(out), "--test-rows", "0", *common]
    else:
        command = [str(HERE / "frontier.py"), "--only", name, "--test-rows", "0", *common]
        command += ["--store", str(folder / "store"), "--to", str(folder)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed: {(done.stderr.splitlines() or ['without a word'])[-1]}")
    figures: Json = json.loads(next(folder.glob("*.json")).read_text())
    return figures


def main() -> None:
    """Time all contenders in turn and write medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", action="append", choices=[*PLAIN, *OURS])
    given = parser.parse_args()
    names = given.only or [*OURS, *PLAIN]
    rounds: dict[str, list[Json]] = {name: [] for name in names}
    for number in range(given.rounds):
        for name in names:
            print(f"round {number + 1} of {given.rounds}: {name}", file=sys.stderr)
            with tempfile.TemporaryDirectory() as folder:
                rounds[name].append(timed(name, given, Path(folder)))
    seconds = {name: [figures["processor"] for figures in found] for name, found in rounds.items()}
    first = median(seconds[names[0]])
    table = Table("contender", "processor s (median)", "spread", "x", "peak MB", "parameters")
    rows = {}
    for name in names:
        times, last = seconds[name], rounds[name][-1]
        rows[name] = {
            "seconds": times,
            "median": median(times),
            "ratio": median(times) / first,
            "megabytes": last["peak_megabytes"],
            "parameters": last["parameters"],
        }
        spread = f"{min(times):.1f}-{max(times):.1f}"
        cells = f"{median(times):.1f}", spread, f"{median(times) / first:.2f}", f"{last['peak_megabytes']:.0f}"
        table.add_row(name, *cells, f"{last['parameters']:,}")
    import torch

    about = {"hardware": hardware_name(torch.device("cpu")), "versions": versions(), "threads": given.threads}
    atomic_write_json(given.to, {**about, "rows": given.rows, "rounds": given.rounds, "contenders": rows})
    Console().print(table)


if __name__ == "__main__":
    main()
