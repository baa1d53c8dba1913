"""What a setup costs: milliseconds an example, measured for many setups in turn on the same rows."""

from __future__ import annotations

import os
import platform
import random
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict, Field

from xadapt.composition.answering import Answerer, answer_with
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.problems import problem_class
from xadapt.store.cost_record import CostRecord, TaskCost
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xadapt.context import Context
    from xadapt.store.result_record import Result
    from xadapt.tasks import Row


class CostSettings(BaseModel):
    """How costs are measured.

    Attributes:
        rows: Rows of a task that every setup answers in every repeat, a fixed sample of its test rows.
        repeats: How often every setup answers them, after once that does not count.
        threads: Threads of torch; tokenizers have one.
        language: The language of the rows; a task without it takes its first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: int = Field(default=32, ge=1)
    repeats: int = Field(default=7, ge=1)
    threads: int = Field(default=1, ge=1)
    language: str = "en"


def measure_costs(
    context: Context,
    results: Iterable[Result],
    settings: CostSettings | None = None,
) -> CostRecord:
    """Measure the setups of evaluation results, task by task.

    Tasks that retrieve from a pool are left out: their time is that of the pool.

    Args:
        context: Base, rows, store, hardware and display; its seed decides the order of the setups too.
        results: Results; those of other bases are left out.
        settings: How.

    Returns:
        What decided the times, and by task the rows and the milliseconds an example of every setup.

    Raises:
        XadaptError: If no result can be measured, or a setup or the rows are not there.
    """
    settings = settings or CostSettings()
    base, source, say = context.backbone.name, context.source, context.display.say
    setups: dict[str, set[str]] = defaultdict(set)
    for result in results:
        if result.base == base and not problem_class(context.tasks[result.task]).pooled:
            setups[result.task].add(str(parse(result.setup)))
    if not setups:
        raise XadaptError(f"no result on base {base} can be measured: evaluate a setup on it first")
    measured = {}
    with _threads(settings.threads):
        for name in sorted(setups):
            task = context.tasks[name]
            here = source.pick_languages(task, "all")
            language = settings.language if settings.language in here else here[0]
            rows = source.test(task, language, settings.rows).rows
            answerers = {}
            for setup in sorted(setups[name]):
                say(f"{name}: loading {setup}")
                answerers[setup] = answer_with(context, parse(setup), task)
                answerers[setup].to(context.device)
            say(f"{name}: measuring on {len(rows)} rows")
            measured[name] = _of_task(context, answerers, language, rows, settings)
    return CostRecord(
        base=base,
        data=source.name,
        device=context.device.type,
        hardware=hardware_name(context.device),
        threads=settings.threads,
        precision=context.precision,
        repeats=settings.repeats,
        seed=context.seed,
        versions={**versions(), "python": platform.python_version()},
        tasks=measured,
    )


def _of_task(
    context: Context, answerers: Mapping[str, Answerer], language: str, rows: list[Row], settings: CostSettings
) -> TaskCost:
    problem = next(iter(answerers.values())).problem
    lengths = [problem.tokens(feature) for feature in problem.encode(rows, labelled=False)]
    jobs = {setup: partial(answerer.predict, rows) for setup, answerer in answerers.items()}
    began, worked = time.perf_counter(), time.process_time()
    times = interleaved(jobs, settings.repeats, context.seed, context.display.say)
    busy = (time.process_time() - worked) / (time.perf_counter() - began)
    return TaskCost(
        language=language,
        rows=len(rows),
        tokens=round(sum(lengths) / len(rows), 1),
        max_length=problem.max_length,
        processor_share=round(busy / settings.threads, 3),
        milliseconds={
            setup: [round(1000 * seconds / len(rows), 3) for seconds in values] for setup, values in times.items()
        },
    )


def interleaved(
    jobs: Mapping[str, Callable[[], object]],
    repeats: int,
    seed: int,
    say: Callable[[str], object] = lambda text: None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time jobs in turn, so that what slows the machine down for a while slows all of them down.

    Args:
        jobs: What is timed; each is done once before anything counts.
        repeats: How often each is timed; a repeat does all of them, in an order of its own.
        seed: Of those orders.
        say: Called with a line before each repeat.
        clock: Seconds.

    Returns:
        Seconds by job, one value a repeat.
    """
    say("warming up")
    for job in jobs.values():
        job()
    orders = random.Random(seed)
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for repeat in range(repeats):
        say(f"repeat {repeat + 1} of {repeats}")
        for name in orders.sample(list(jobs), len(jobs)):
            began = clock()
            jobs[name]()
            times[name].append(clock() - began)
    return times


def hardware_name(device: torch.device) -> str:
    """The name of the processor or GPU that computes."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before, tokenizers = torch.get_num_threads(), os.environ.get("TOKENIZERS_PARALLELISM")
    torch.set_num_threads(number)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        yield
    finally:
        torch.set_num_threads(before)
        if tokenizers is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = tokenizers
