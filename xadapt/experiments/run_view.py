"""A recipe's run as a person sees it: runs done, now and to come, with the time left."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from xadapt.display import Display, LiveDisplay, RowProgress, Tick

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType

    from xadapt.context import Context
    from xadapt.experiments.execute import Outlook
    from xadapt.experiments.outlook import Expected

#: Runs shown of those behind and of those to come.
_SHOWN = 4


def duration(seconds: float) -> str:
    """Say a time in the two units that matter: ``2 h 05 min``, ``3 min 20 s``, ``12 s``."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


def summary(expected: Sequence[Expected], behind: int, left: float) -> str:
    """One line: how many runs are behind, how many of the others are done already, and the time left."""
    ahead = expected[behind:]
    ready = sum(one.done for one in ahead)
    unknown = sum(one.seconds is None for one in ahead)
    parts = [f"{behind} of {len(expected)} runs behind"]
    parts += [f"{ready} of the others done before"] if ready else []
    parts += [f"about {duration(left)} left"] if left else []
    parts += [f"{unknown} of unknown length beside that"] if unknown else []
    return ", ".join(parts)


@contextmanager
def recipe_view(context: Context) -> Iterator[tuple[Context, Outlook]]:
    """Show a recipe's run: a live view where it can move, a line before each run in a log, nothing if so wished.

    Gives the context to run in and what is called before each step.
    """
    display = context.display
    if not isinstance(display, LiveDisplay):
        yield context, lambda expected, behind, left: None
        return
    if not display.moves:
        yield context, lambda expected, behind, left: _line(display, expected, behind, left)
        return
    view = _Live(display.console)
    from rich.live import Live

    with Live(get_renderable=view.render, console=display.console, refresh_per_second=4):
        yield replace(context, display=view), view.look


def _line(display: Display, expected: Sequence[Expected], behind: int, left: float) -> None:
    if not expected[behind].done:
        display.say(summary(expected, behind, left))


class _Live(Display):
    """What the live view shows."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.expected: Sequence[Expected] = ()
        self.behind, self.left = 0, 0.0
        self.now = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
        )

    def look(self, expected: Sequence[Expected], behind: int, left: float) -> None:
        self.expected, self.behind, self.left = expected, behind, left

    @contextmanager
    def training(self, title: str) -> Iterator[Tick]:
        bar = self.now.add_task("now  training", total=None, note="")

        def tick(step: int, steps: int, loss: float | None) -> None:
            self.now.update(bar, completed=step, total=steps, note=f"loss {loss:.3f}" if loss is not None else "")

        try:
            yield tick
        finally:
            self.now.remove_task(bar)

    @contextmanager
    def rows(self, title: str) -> Iterator[RowProgress]:
        bar = self.now.add_task("now  evaluation", total=None, note="")

        def start(language: str, rows: int) -> None:
            self.now.reset(bar, total=rows, note=language)

        try:
            yield RowProgress(start, lambda rows: self.now.advance(bar, rows))
        finally:
            self.now.remove_task(bar)

    def render(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        def line(word: str, one: Expected, style: str) -> Text:
            long = one.seconds is not None and not one.done and word == "next"
            about = f"  about {duration(one.seconds or 0)}" if long else ""
            return Text(f"{word:5}{one.step}{about}", style=style, no_wrap=True, overflow="ellipsis")

        done = [line("done", one, "dim") for one in self.expected[max(0, self.behind - _SHOWN) : self.behind]]
        now: list[RenderableType] = [line("now", one, "bold") for one in self.expected[self.behind : self.behind + 1]]
        ahead = [one for one in self.expected[self.behind + 1 :] if not one.done][:_SHOWN]
        head = Text(summary(self.expected, self.behind, self.left)) if self.expected else Text("reading the plan")
        return Group(head, *done, *now, self.now, *(line("next", one, "dim") for one in ahead))
