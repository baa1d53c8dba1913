"""What a person sees while a command works: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from rich.table import Table

    from xadapt.evaluation.evaluate import EvalDisplay
    from xadapt.training.train import Display

out = Console()
err = Console(stderr=True)


def say(text: str) -> None:
    """Tell something on standard error, as it is."""
    err.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print JSON on standard output, for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def command_line(*words: object, **options: object) -> str:
    """Write an `xadapt` command as a shell takes it; options that are None were not given."""
    given = [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]
    return shlex.join(map(str, ["xadapt", *words, *given]))


def show(table: Table) -> None:
    """Print a table with its title and its caption on lines of their own, which a narrow table would fold."""
    caption = table.caption
    if table.title:
        out.print(table.title, style="bold", markup=False, highlight=False, soft_wrap=True)
    table.title = table.caption = None
    out.print(table)
    if caption:
        out.print(caption, style="table.caption", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _bar(*columns: Any) -> Iterator[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    head = TextColumn("{task.description}", markup=False)
    with Progress(head, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), *columns, console=err) as progress:
        yield progress


#: Without a terminal a bar would be lost or spill control codes into a log; lines this often show that it lives.
_LINE_EVERY = 0.1


@contextmanager
def training_display(title: str) -> Iterator[Display]:
    """A progress bar over training steps, or a line every tenth where there is no terminal."""
    from rich.progress import TextColumn

    from xadapt.training.train import Display

    if not err.is_terminal:

        def line(step: int, steps: int, loss: float | None) -> None:
            if step == steps or step % max(1, int(steps * _LINE_EVERY)) == 0:
                say(f"{title}: step {step}/{steps}" + (f", loss {loss:.3f}" if loss is not None else ""))

        yield Display(say=say, tick=line)
        return
    with _bar(TextColumn("{task.fields[loss]}")) as progress:
        bar = progress.add_task(title, total=None, loss="")

        def tick(step: int, steps: int, loss: float | None) -> None:
            shown = f"loss {loss:.3f}" if loss is not None else ""
            progress.update(bar, completed=step, total=steps, loss=shown)

        yield Display(say=say, tick=tick)


@contextmanager
def evaluation_display(title: str) -> Iterator[EvalDisplay]:
    """A progress bar a language, or a line a language where there is no terminal."""
    from xadapt.evaluation.evaluate import EvalDisplay

    if not err.is_terminal:
        yield EvalDisplay(say=say, start=lambda language, rows: say(f"{title}: {language}, {rows} rows"))
        return
    with _bar() as progress:
        bars: list[Any] = []

        def start(language: str, rows: int) -> None:
            bars.append(progress.add_task(f"{title}: {language}", total=rows))

        yield EvalDisplay(say=say, start=start, advance=lambda rows: progress.advance(bars[-1], rows))
