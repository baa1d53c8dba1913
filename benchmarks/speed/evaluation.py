"""Nine setups on XNLI, with trunk and outputs shared, against the same loop without sharing, in turn.

python benchmarks/speed/evaluation.py --data MIRROR --to FILE [--layers 6-11] [--rows 20] [--rounds 3] [--threads 1]

The adapters are fresh ones, because time does not depend on what they have learnt. The loop without sharing is what a
script does: for every setup and language, batches of 32 in the order of the file, padded to their longest row, through
the library's own encoder with all its layers and the library's own fusion. Ensembles there are one pass a member.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import torch
from rich.console import Console
from rich.table import Table

from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.evaluation.cost import hardware_name
from xadapt.session import Session
from xadapt.store.files import atomic_write_json
from xadapt.store.store import Store
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from xadapt.problems.base import Problem

SETUPS = [
    "lingnli",
    "mnli",
    "xnli",
    "average(lingnli, mnli)",
    "average(lingnli, mnli, xnli)",
    "stack(mnli, lingnli)",
    "fuse(lingnli, mnli, xnli)",
    "lingnli + mnli - xnli",
    "ensemble(lingnli, mnli, xnli)",
]
TASKS = ("lingnli", "mnli", "xnli")


def unshared(setups: list[Any], problem: Problem, rows: dict[str, list[Any]]) -> None:
    """Every setup by itself, nothing skipped."""
    for answerer in setups:
        for assembly, head in zip(answerer.assemblies, answerer.heads, strict=True):
            for here in rows.values():
                features = problem.encode(here, labelled=False)
                for start in range(0, len(features), 32):
                    batch = problem.collate(features[start : start + 32])
                    with torch.inference_mode():
                        assembly.model(batch["input_ids"], batch["attention_mask"], head=head)


def main() -> None:
    """Make adapters, time both ways in turn, write medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--layers", default="all", help="layers with adapters")
    parser.add_argument("--rows", type=int, default=20, help="rows a language")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    times: dict[str, list[float]] = {"without sharing": [], "xadapt": []}
    with tempfile.TemporaryDirectory() as folder:
        lab = Session("e5-small", given.data, folder, device="cpu", precision="fp32", display=False)
        xnli = lab.task("xnli")
        rows = {code: lab.source.test(xnli, code, given.rows).rows for code in lab.source.pick_languages(xnli, "all")}
        for name in TASKS:
            lab.train(name, limit=8, dev_limit=4, epochs=1, adapter_layers=given.layers)
        lab.fuse(*TASKS, limit=8, dev_limit=4)
        ready = [answer_with(lab.context, parse(setup), xnli) for setup in SETUPS]
        for number in range(given.rounds):
            print(f"round {number + 1} of {given.rounds}", file=sys.stderr)
            fresh = Store(Path(folder) / f"round-{number}", lab.store.root)
            fresh.root.mkdir()
            (fresh.root / "runs").symlink_to((lab.store.root / "runs").resolve())

            def shared(inside: Session = lab.replace(store=fresh)) -> None:
                for setup in SETUPS:
                    inside.evaluate(setup, "xnli", limit=given.rows)

            jobs: dict[str, Callable[[], None]] = {
                "without sharing": lambda: unshared(ready, ready[0].problem, rows),
                "xadapt": shared,
            }
            for name in list(jobs) if number % 2 else reversed(list(jobs)):
                began = time.process_time()
                jobs[name]()
                times[name].append(time.process_time() - began)
    ratio = median(times["without sharing"]) / median(times["xadapt"])
    table = Table("way", "processor s (median)", "spread")
    for name, found in times.items():
        table.add_row(name, f"{median(found):.1f}", f"{min(found):.1f}-{max(found):.1f}")
    Console().print(table, f"{ratio:.2f} x, adapters in layers {given.layers}")
    about = {"hardware": hardware_name(torch.device("cpu")), "versions": versions(), "threads": given.threads}
    figures = {"layers": given.layers, "rows": given.rows, "setups": SETUPS, "seconds": times, "ratio": ratio}
    atomic_write_json(given.to, {**about, **figures})


if __name__ == "__main__":
    main()
