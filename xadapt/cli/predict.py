"""``predict``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import err, print_line, say
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.session import Session

#: Rows after which a line says that the command lives, where there is no terminal.
_EVERY = 2000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict_command)


@with_session("base", "store", "seed", "precision", "device")
def predict_command(
    lab: Session,
    file: Annotated[
        str,
        typer.Argument(
            help="Rows: .jsonl, .csv, .tsv or .parquet, .conll (a token a line) for tagging, or - for standard input."
        ),
    ],
    setup: Annotated[str, typer.Option(help='A setup, such as lingnli or "stack(fuse(mnli, squad, stsb), xnli)".')],
    task: Annotated[str, typer.Option(help="What to predict: a task, or a YAML file that declares one of yours.")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="jsonl, csv or tsv. [default: by the file's ending; jsonl on standard input]"),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Write to this .jsonl or .csv file. [default: print]")] = None,
    max_length: o.MaxLength = None,
) -> None:
    """Predict rows of your own, in any language.

    Rows have the columns of the task (`xadapt tasks TASK` shows them) or the fields of its problem, such as first and
    second; gold labels are not needed, and other columns are kept. Each row comes back as a line of JSON with its
    prediction: a label or a choice with probabilities, a score on the task's scale, an answer with its score, or tags.

    Rows are read and predicted some thousand at a time, so that a file may be larger than memory.
    """
    with _broken_pipe(), _progress(bool(to) or not sys.stdout.isatty()) as progress:
        done = lab.predict_file(setup, task, file, to, form=form, max_length=max_length, progress=progress)
    if to:
        say(f"{done.task} {done.setup}: {done.rows:,} rows")
        print_line(str(to))


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int], None] | None]:
    """Rows and time on standard error: a moving line, or lines where there is no terminal."""
    if not wanted:
        yield None
        return
    if not err.is_terminal:
        yield _line_every(_EVERY)
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    rows = TextColumn("{task.completed:,.0f} rows")
    with Progress(SpinnerColumn(), rows, TimeElapsedColumn(), console=err, transient=True) as progress:
        bar = progress.add_task("", total=None)
        yield lambda rows: progress.advance(bar, rows)


def _line_every(step: int) -> Callable[[int], None]:
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        if done // step > (done - rows) // step:
            say(f"{done:,} rows")

    return advance


@contextmanager
def _broken_pipe() -> Iterator[None]:
    # `| head` has read what it wanted: no mistake, but nothing may be written any more, not at the end either.
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
