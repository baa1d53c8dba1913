"""How progress is shown: on a terminal, in a log, in a notebook with and without widgets, and not at all."""

from __future__ import annotations

import io
import sys
import warnings
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from xadapt.display import Display, LiveDisplay, make_display


def show(display: Display, steps: int = 20) -> None:
    """Show a line, a training whose loss is logged at every second step, and two parts of rows."""
    display.say("uses mnli [run 0123]")
    with display.training("fuse(mnli, stsb)") as tick:
        for step in range(1, steps + 1):
            tick(step, steps, 1 / step if step % 2 == 0 else None)
    with display.rows("mnli on xnli") as progress:
        for part, rows in (("en", 6), ("de", 4)):
            progress.start(part, rows)
            for _ in range(rows):
                progress.advance(1)


def shown(console: Console) -> str:
    """Everything that was written to a console."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def terminal() -> Console:
    """A terminal of 100 columns."""
    return Console(file=io.StringIO(), force_terminal=True, force_jupyter=False, width=100)


@pytest.fixture
def log() -> Console:
    """A file that output goes to."""
    return Console(file=io.StringIO(), force_terminal=False, force_jupyter=False, width=60)


class Widget:
    """Plays the output widget of ipywidgets: holds what was displayed inside it last."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.content = cell, ""

    def __enter__(self) -> None:
        self.cell.inside = self

    def __exit__(self, *error: object) -> None:
        self.cell.inside = None

    def clear_output(self, wait: bool = False) -> None:
        self.content = ""


class Cell:
    """Plays a notebook's cell: what IPython was asked to display below it."""

    def __init__(self) -> None:
        self.inside: Widget | None = None
        self.widgets: list[Widget] = []
        self.texts: list[str] = []

    def display(self, shown: Any) -> None:
        if isinstance(shown, Widget):
            self.widgets.append(shown)
        elif self.inside is not None:
            self.inside.content += Text.from_ansi(shown.text).plain
        else:
            self.texts.append(Text.from_ansi(shown.text).plain)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    """A notebook's cell, without ipywidgets."""
    found, package, module = Cell(), ModuleType("IPython"), ModuleType("IPython.display")
    module.display = found.display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # type: ignore[arg-type]
    return found


@pytest.fixture
def cell_with_widgets(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> Cell:
    """A notebook's cell, with ipywidgets."""
    module = ModuleType("ipywidgets")
    module.__spec__ = ModuleSpec("ipywidgets", None)
    module.Output = lambda: Widget(cell)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ipywidgets", module)
    return cell


def test_on_a_terminal_bars_move_and_end_full(terminal: Console) -> None:
    display = LiveDisplay(terminal)
    assert display.moves
    show(display)
    text = shown(terminal)
    for expected in ("fuse(mnli, stsb)", "20/20", "loss 0.050", "mnli on xnli: en", "6/6", "mnli on xnli: de", "4/4"):
        assert expected in text
    assert "\x1b[?25l" in text
    assert text.rstrip().endswith("\x1b[?25h")


def test_a_log_gets_a_line_every_tenth_and_no_control_codes(log: Console) -> None:
    display = LiveDisplay(log)
    assert not display.moves
    show(display)
    assert shown(log).splitlines() == [
        "uses mnli [run 0123]",
        *(f"fuse(mnli, stsb): step {step}/20, loss {1 / step:.3f}" for step in range(2, 21, 2)),
        "mnli on xnli: en, 6 rows",
        "mnli on xnli: de, 4 rows",
    ]


def test_the_last_step_is_in_a_log_however_many_there_are(log: Console) -> None:
    display = LiveDisplay(log)
    for steps in (1, 3, 25):
        with display.training("mnli") as tick:
            for step in range(1, steps + 1):
                tick(step, steps, None)
        lines = shown(log).splitlines()
        assert lines[-1] == f"mnli: step {steps}/{steps}"
    assert len(lines) == 1 + 3 + 13


def test_a_long_line_stays_one_line_in_a_log(log: Console) -> None:
    LiveDisplay(log).say("mnli " * 40)
    assert len(shown(log).splitlines()) == 1


def test_in_a_notebook_with_widgets_one_widget_moves_for_each_bar(cell_with_widgets: Cell) -> None:
    display = LiveDisplay(Console(force_jupyter=True))
    assert display.moves
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show(display)
    training, rows = cell_with_widgets.widgets
    assert "fuse(mnli, stsb)" in training.content
    assert "20/20" in training.content
    assert training.content.count("fuse(mnli, stsb)") == 1
    assert "6/6" in rows.content
    assert "4/4" in rows.content


def test_in_a_notebook_without_widgets_there_are_lines_and_no_warning(cell: Cell) -> None:
    display = LiveDisplay(Console(force_jupyter=True))
    assert not display.moves
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show(display)
    assert cell.widgets == []
    assert [text.strip() for text in cell.texts][:2] == [
        "uses mnli [run 0123]",
        "fuse(mnli, stsb): step 2/20, loss 0.500",
    ]
    assert cell.texts[-1].strip() == "mnli on xnli: de, 4 rows"


def test_what_is_shown_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show(make_display(True))
    out, err = capsys.readouterr()
    assert out == ""
    assert "step 20/20" in err


def test_switched_off_it_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(make_display(False))
    show(make_display(False).titled("a title"))
    assert capsys.readouterr() == ("", "")


def test_ones_own_display_is_taken_as_it_is(log: Console) -> None:
    mine = LiveDisplay(log)
    assert make_display(mine) is mine


def test_a_title_stands_for_the_next_run_whatever_it_calls_itself(log: Console) -> None:
    show(LiveDisplay(log).titled("step 3 of 8"), steps=1)
    assert shown(log).splitlines() == [
        "uses mnli [run 0123]",
        "step 3 of 8: step 1/1",
        "step 3 of 8: en, 6 rows",
        "step 3 of 8: de, 4 rows",
    ]
