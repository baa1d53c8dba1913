"""Milliseconds an example of every setup that a store has results of, measured in turn on the same rows.

python benchmarks/cost.py --store STORE --data MIRROR [--to FILE]

`xadapt report` shows what it finds in STORE/cost.json.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

from xadapt.analysis.costs import relative
from xadapt.analysis.families import classify
from xadapt.errors import XadaptError, options_as_flags
from xadapt.evaluation.cost import CostSettings, measure_costs
from xadapt.session import Session
from xadapt.store.cost_record import COST_FILE, TaskCost
from xadapt.store.store import read_results
from xadapt.validation import validated

#: A smaller share of the time on the processor means that other programs took it.
QUIET = 0.95


def main() -> None:
    """Measure, write the file, print medians."""
    parser = argparse.ArgumentParser(description="Milliseconds an example of every setup that a store has results of.")
    parser.add_argument("--store", help="where results and checkpoints are")
    parser.add_argument("--data", help="hub, bundled or a mirror's folder")
    parser.add_argument("--to", type=Path, help="the file to write [default: STORE/cost.json, where reports find it]")
    parser.add_argument("--task", action="append", help="only this task; may be given several times")
    parser.add_argument("--base", default="e5-small")
    parser.add_argument("--rows", type=int, help="rows of a task that every setup answers in a repeat [default: 32]")
    parser.add_argument("--repeats", type=int, help="[default: 7]")
    parser.add_argument("--threads", type=int, help="[default: 1]")
    parser.add_argument("--language", help="of the rows [default: en]")
    parser.add_argument("--precision", default="auto", help="auto, fp32 or bf16")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    given = parser.parse_args()
    lab = Session(given.base, given.data, given.store, device=given.device, precision=given.precision)
    options = {key: getattr(given, key) for key in ("rows", "repeats", "threads", "language")}
    settings = validated(CostSettings, **options)
    results = read_results(lab.store.root / "results")
    if given.task:
        results = [result for result in results if result.task in given.task]
    costs = measure_costs(lab.context, results, settings)
    to = given.to or lab.store.root / COST_FILE
    costs.write(to)
    print(f"{costs.hardware}, threads: {costs.threads}, {costs.precision}, repeats: {costs.repeats}")
    for task, measured in costs.tasks.items():
        show(task, measured)
    print(f"\nwritten: {to}")
    if costs.device == "cpu" and min(measured.processor_share for measured in costs.tasks.values()) < QUIET:
        print("the processor was busy with other things: measure again when it is not")


def show(task: str, measured: TaskCost) -> None:
    """Print a line per setup: median, lowest and highest, and the median ratio to a single adapter."""
    print(f"\n{task}: ms an example, {measured.rows} rows of {measured.tokens} tokens on average")
    times = measured.milliseconds
    single = next((values for setup, values in times.items() if classify(setup, task).family == "single"), [])
    for setup, values in times.items():
        ratio = relative(values, single)
        beside = "" if ratio is None else f"   {ratio:.2f} × single"
        print(f"{median(values):8.2f}  ({min(values):.2f} to {max(values):.2f}){beside}   {setup}")


if __name__ == "__main__":
    try:
        with options_as_flags():
            main()
    except XadaptError as error:
        sys.exit(f"error: {error}")
