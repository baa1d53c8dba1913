"""What a whole comparison costs, with xadapt and as plain scripts: nine setups of three adapters, three seeds, XNLI.

python benchmarks/speed/comparison.py --data MIRROR --store FOLDER --to FILE [--rows 48] [--rounds 2] [--threads 1]
python benchmarks/speed/comparison.py --to FILE --plot

Three English adapters, a fusion and a multi-task adapter of them, a target adapter on every setup, zero-shot evaluation
in all languages, everything once a seed. The same rows, epochs, batch sizes and adapters on both sides, processor
seconds of both. xadapt runs the whole recipe, from an empty store, with adapters in all layers, in the upper half, and
as it is fastest: with fewer layers in the base and one epoch, which is less work and not the same comparison.
The plain side is measured by kind of job (see plain_comparison.py) and summed over the plan, because a plain loop does
the same thing every time; the target adapters of an ensemble are counted once, with the single setups. Rounds of plain
jobs lie around the runs of xadapt. What is in the file already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from comparison_view import LAYOUTS, Figures, Layout, Times, show
from comparison_view import Step as MeasuredStep
from plain_comparison import PlainJobs

from xadapt.composition.grammar import parse
from xadapt.display import Display, RowProgress
from xadapt.evaluation.cost import hardware_name
from xadapt.experiments.execute import execute
from xadapt.experiments.recipe import Budget, Recipe, Target
from xadapt.experiments.steps import Step, TrainStep
from xadapt.session import Session
from xadapt.store.files import atomic_write_json
from xadapt.store.store import Store
from xadapt.store.versions import versions
from xadapt.training.plan import plan_targets, setup_of

if TYPE_CHECKING:
    from xadapt.experiments.outlook import Expected

TARGET = "xnli"
MEMBERS = ("lingnli", "squad", "stsb")
ALL = ", ".join(MEMBERS)
SETUPS = (
    "none",
    *MEMBERS,
    f"stack({ALL})",
    f"average({ALL})",
    f"multitask({ALL})",
    f"fuse({ALL})",
    f"ensemble({ALL})",
)
#: So many training rows for a dev row.
DEV_SHARE = 4
Save = Callable[[], None]


def recipe_of(given: argparse.Namespace, layout: Layout) -> Recipe:
    """The comparison on some base with adapters in some layers."""

    def budget(rows: int, epochs: float) -> Budget:
        return Budget(
            limit=rows,
            dev_limit=max(4, rows // DEV_SHARE),
            epochs=epochs,
            batch_size=given.batch_size,
            adapter_config=layout.method,
            adapter_layers=layout.layers,
        )

    epochs = layout.epochs or given.epochs
    adapters = {name: budget(given.questions if name == "squad" else given.rows, epochs) for name in MEMBERS}
    target = Target(train=budget(given.target_rows, 1), limit=given.test_rows)
    return Recipe(
        name="comparison",
        title="The whole comparison",
        base=layout.base,
        seeds=tuple(range(42, 42 + given.seeds)),
        adapters=adapters,
        fusion=budget(given.mixed, 1),
        multitask=budget(given.mixed, 1),
        setups=SETUPS,
        targets={TARGET: target},
    )


class Watch(Display):
    """Processor seconds of every step of a recipe's run, and of every language that a step evaluates.

    A step that a run before measured keeps what it took there.
    """

    def __init__(self, steps: list[MeasuredStep], save: Save) -> None:
        """Add to ``steps`` and save after each."""
        self.steps, self.save = steps, save
        self.measured = {step["step"] for step in steps}
        self.now: MeasuredStep = {}
        self.began = self.language_began = 0.0
        self.language = ""

    @contextmanager
    def rows(self, title: str) -> Iterator[RowProgress]:
        """Note when a language begins."""
        yield RowProgress(start=lambda language, rows: self._turn(language))

    def look(self, expected: Sequence[Expected], behind: int, left: float) -> None:
        """A step begins."""
        step = expected[behind].step
        self.close()
        print(f"  {step}", file=sys.stderr)
        self.now = {"step": str(step), "seed": step.replicate.seed, **stage_and_setup(step)}
        self.began = time.process_time()

    def _turn(self, language: str) -> None:
        now = time.process_time()
        if self.language:
            self.now.setdefault("languages", {})[self.language] = now - self.language_began
        self.language, self.language_began = language, now

    def close(self) -> None:
        """The step that was begun last has ended."""
        self._turn("")
        if self.now and self.now["step"] not in self.measured:
            self.steps.append({**self.now, "seconds": time.process_time() - self.began})
            self.save()
        self.now = {}


def stage_and_setup(step: Step) -> dict[str, str]:
    """The stage of a step, and the first setup of the comparison that needs it."""
    if not isinstance(step, TrainStep):
        made = {str(setup_of(plan_targets(TARGET, setup))): setup for setup in SETUPS}
        return {"stage": "evaluation", "setup": made[str(step.setup)]}
    plan = step.plan
    if plan.tasks[0].name == TARGET:
        return {"stage": "target adapters", "setup": str(plan.under)}
    if plan.trains in ("fusion", "multitask"):
        return {"stage": plan.trains, "setup": str(plan.makes)}
    return {"stage": "intermediate adapters", "setup": first_with(plan.tasks[0].name)}


def first_with(member: str) -> str:
    """The first setup that has a member."""
    return next(setup for setup in SETUPS if member in parse(setup).adapters())


def plain_plan(seeds: tuple[int, ...]) -> list[MeasuredStep]:
    """The plain way, step by step: what stage and setup it is for, and the kind of job that it repeats."""
    plan: list[MeasuredStep] = []
    for seed in seeds:

        def add(stage: str, setup: str, job: str, times: int = 1, seed: int = seed) -> None:
            plan.extend([{"seed": seed, "stage": stage, "setup": setup, "job": job}] * times)

        for member in MEMBERS:
            add("intermediate adapters", first_with(member), f"adapter {member}")
        for setup in SETUPS:
            kind = parse(setup).kind
            if kind in ("fuse", "multitask"):
                stage = "fusion" if kind == "fuse" else kind
                add(stage, setup, stage)
            like = kind if kind in ("none", "stack", "fuse") else "single"
            if kind != "ensemble":
                add("target adapters", setup, f"target on {like}")
            add("evaluation", setup, f"evaluate {like}", len(parse(setup).parts))
    return plan


def plain_round(round_: dict[str, Times], jobs: PlainJobs, save: Save) -> None:
    """Measure every kind of plain job that this round lacks."""
    for name in jobs.jobs:
        if name not in round_:
            print(f"  plain: {name}", file=sys.stderr)
            round_[name] = jobs.run(name)
            save()


def whole_run(steps: list[MeasuredStep], recipe: Recipe, lab: Session, store: Path, save: Save) -> None:
    """Run the recipe with xadapt, from an empty store or on from where it was cut."""
    if store.exists() and not steps:
        sys.exit(f"{store} is there already: name another --store, because this run must begin with an empty one")
    watch = Watch(steps, save)
    # Shipped adapters are no part of it.
    inside = lab.replace(base=recipe.base, store=Store(store, store / "shipped"), display=watch).context
    # Loading it belongs to no step.
    _ = inside.backbone
    execute(inside, recipe, look=watch.look)
    watch.close()


def main() -> None:
    """Measure what the file lacks, show all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--store", type=Path, help="an empty folder for the runs of xadapt")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=48, help="pairs of an English adapter")
    parser.add_argument("--questions", type=int, default=16, help="questions of the QA adapter")
    parser.add_argument("--mixed", type=int, default=24, help="rows a member of the fusion and the multi-task adapter")
    parser.add_argument("--target-rows", type=int, default=48, help="pairs of a target adapter")
    parser.add_argument("--test-rows", type=int, default=8, help="rows a language")
    parser.add_argument("--epochs", type=float, default=2, help="of an English adapter; one of all else")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--rounds", type=int, default=2, help="of plain jobs")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plot", action="store_true", help="measure nothing")
    given = parser.parse_args()
    if given.plot:
        show(json.loads(given.to.read_text()), given.to.with_suffix(".png"))
        return
    torch.set_num_threads(given.threads)
    sizes = {key: value for key, value in vars(given).items() if key not in ("data", "store", "to", "plot")}
    recipe = recipe_of(given, next(iter(LAYOUTS.values())))
    found: Figures = json.loads(given.to.read_text()) if given.to.is_file() else {"sizes": sizes}
    if found["sizes"] != sizes:
        sys.exit(f"{given.to} was measured with other options: name another file")
    found |= {"hardware": hardware_name(torch.device("cpu")), "versions": versions(), "setups": list(SETUPS)}
    found["plan"] = plain_plan(recipe.seeds)
    rounds = found.setdefault("rounds", [{} for _ in range(given.rounds)])
    runs = found.setdefault("runs", {name: [] for name in LAYOUTS})

    def save() -> None:
        atomic_write_json(given.to, found)

    lab = Session(recipe.base, given.data, device="cpu", precision="fp32", display=False)
    jobs = PlainJobs(recipe, lab.backbone, lab.source)
    # What is done only once in a process belongs to no job.
    jobs.run("target on none")
    before = (given.rounds + 1) // 2
    for round_ in rounds[:before]:
        plain_round(round_, jobs, save)
    for name, layout in LAYOUTS.items():
        folder = given.store / f"{layout.base.replace(':', '-')}-{layout.layers}"
        whole_run(runs[name], recipe_of(given, layout), lab, folder, save)
    for round_ in rounds[before:]:
        plain_round(round_, jobs, save)
    found["seconds"] = show(found, given.to.with_suffix(".png"))
    save()


if __name__ == "__main__":
    main()
