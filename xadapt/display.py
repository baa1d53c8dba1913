"""How a run shows its progress: not at all, by lines in a log, or by bars on a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xadapt import outside_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, TaskID

#: Called after every step of training with the step, the number of steps, and the loss where one was logged.
Tick = Callable[[int, int, "float | None"], None]
#: Without a terminal a bar would be lost or spill control codes into a log; lines this often show that it lives.
_LINE_EVERY = 0.1
#: Shows a person one line.
Say = Callable[[str], object]


def unsaid(text: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class RowProgress:
    """Progress over rows, part by part.

    Attributes:
        start: Called when a part begins, such as a language, with its name and number of rows.
        advance: Called with the number of rows that are done since the last call.
    """

    start: Callable[[str, int], None] = field(default=lambda part, rows: None)
    advance: Callable[[int], None] = field(default=lambda rows: None)


class Display:
    """Shows nothing; subclasses show what they are given."""

    def say(self, text: str) -> None:
        """Show one line."""

    def training(self, title: str) -> AbstractContextManager[Tick]:
        """Show the steps of a training while the block runs."""
        return nullcontext(lambda step, steps, loss: None)

    def rows(self, title: str) -> AbstractContextManager[RowProgress]:
        """Show rows that are read by a model while the block runs."""
        return nullcontext(RowProgress())

    def titled(self, title: str) -> Display:
        """The same display, with a title of its own for whatever runs next, such as a numbered step of a recipe."""
        return _Titled(self, title)


class _Titled(Display):
    def __init__(self, display: Display, title: str) -> None:
        self._display, self._title = display, title

    def say(self, text: str) -> None:
        self._display.say(text)

    def training(self, title: str) -> AbstractContextManager[Tick]:
        return self._display.training(self._title)

    def rows(self, title: str) -> AbstractContextManager[RowProgress]:
        return self._display.rows(self._title)


class LiveDisplay(Display):
    """Bars where they can move, on a terminal or in a notebook; lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        """Show on a console; by default on standard error, in a notebook below its cell."""
        self.console = console or outside_text.console(stderr=True)
        #: Whether bars can move.
        self.moves = self.console.is_terminal or (self.console.is_jupyter and _has_widgets())

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self.console.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def training(self, title: str) -> Iterator[Tick]:
        """A bar over the steps, or a line every tenth."""
        if not self.moves:

            def line(step: int, steps: int, loss: float | None) -> None:
                if step == steps or step % max(1, int(steps * _LINE_EVERY)) == 0:
                    self.say(f"{title}: step {step}/{steps}" + (f", loss {loss:.3f}" if loss is not None else ""))

            yield line
            return
        from rich.progress import TextColumn

        with self._bars(TextColumn("{task.fields[loss]}")) as progress:
            bar = progress.add_task(title, total=None, loss="")

            def tick(step: int, steps: int, loss: float | None) -> None:
                shown = f"loss {loss:.3f}" if loss is not None else ""
                progress.update(bar, completed=step, total=steps, loss=shown)

            yield tick

    @contextmanager
    def rows(self, title: str) -> Iterator[RowProgress]:
        """A bar a part, or a line."""
        if not self.moves:
            yield RowProgress(start=lambda part, rows: self.say(f"{title}: {part}, {rows} rows"))
            return
        with self._bars() as progress:
            bars: list[TaskID] = []

            def start(part: str, rows: int) -> None:
                bars.append(progress.add_task(f"{title}: {part}", total=rows))

            yield RowProgress(start, lambda rows: progress.advance(bars[-1], rows))

    @contextmanager
    def _bars(self, *columns: ProgressColumn) -> Iterator[Progress]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        head = TextColumn("{task.description}", markup=False)
        every = (head, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), *columns)
        with Progress(*every, console=self.console) as progress:
            try:
                yield progress
            finally:
                # In a notebook rich would leave it as it was a tenth of a second before its end.
                progress.refresh()


def _has_widgets() -> bool:
    # What moves in a notebook is a widget; without the package rich would print a warning in its place.
    from importlib.util import find_spec

    return find_spec("ipywidgets") is not None


def make_display(wanted: bool | Display) -> Display:
    """A display as asked for: one's own, the usual one for True, none for False."""
    if isinstance(wanted, Display):
        return wanted
    return LiveDisplay() if wanted else Display()
