"""What a person sees of a recipe's run."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from xadapt.context import Context
from xadapt.data.source import Source
from xadapt.display import Display, LiveDisplay
from xadapt.experiments.outlook import Expected
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.run_view import _Live, duration, recipe_view, summary
from xadapt.experiments.steps import plan_steps
from xadapt.store.store import Store

STEPS = plan_steps(
    Recipe(name="small", title="Small", setups=["mnli", "stsb"], targets={"xnli": {"train": {}}, "tatoeba": {}})
)
EXPECTED = [Expected(STEPS[0], True, 0.0), *(Expected(step, False, 90.0) for step in STEPS[1:-1])]
EXPECTED.append(Expected(STEPS[-1], False, None))


@pytest.mark.parametrize(
    ("seconds", "words"), [(11.6, "12 s"), (80, "1 min 20 s"), (3600, "1 h 00 min"), (9000, "2 h 30 min")]
)
def test_a_time_is_said_in_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_summary_counts_what_is_behind_done_and_unknown() -> None:
    assert summary(EXPECTED, 0, 360.0) == (
        "0 of 6 runs behind, 1 of the others done before, about 6 min 00 s left, 1 of unknown length beside that"
    )
    assert summary(EXPECTED, 2, 0.0) == "2 of 6 runs behind, 1 of unknown length beside that"


def shown_on(display: Display, store: Store) -> Context:
    return Context(Source("bundled"), store, display=display)


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, height=30)


def text_of(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_the_live_view_shows_runs_behind_now_and_to_come(store: Store) -> None:
    screen = console(terminal=True)
    with recipe_view(shown_on(LiveDisplay(screen), store)) as (inside, look):
        look(EXPECTED, 1, 360.0)
        with inside.display.training("title") as tick:
            tick(3, 7, 0.5)
    text = text_of(screen)
    assert "done train stack(mnli, xnli), seed 42" in text
    assert "now  evaluate stack(mnli, xnli) on xnli, seed 42" in text
    assert "next train stack(stsb, xnli), seed 42  about 1 min 30 s" in text


def test_the_run_of_now_has_a_bar_until_it_ends() -> None:
    screen = console(terminal=False)
    view = _Live(screen)
    view.look(EXPECTED, 1, 360.0)
    with view.rows("title") as rows:
        rows.start("de", 10)
        rows.advance(4)
        screen.print(view.render())
    with view.training("title") as tick:
        tick(3, 7, 0.5)
        screen.print(view.render())
    text = text_of(screen)
    assert "4/10" in text
    assert "3/7" in text
    assert "loss 0.500" in text
    assert not view.now.tasks


def test_without_a_terminal_only_runs_that_are_not_done_have_a_line(store: Store) -> None:
    screen = console(terminal=False)
    context = shown_on(LiveDisplay(screen), store)
    with recipe_view(context) as (inside, look):
        assert inside is context
        look(EXPECTED, 0, 360.0)
        assert text_of(screen) == ""
        look(EXPECTED, 1, 360.0)
    assert "1 of 6 runs behind, about 6 min 00 s left" in text_of(screen)


def test_whoever_wants_to_see_nothing_sees_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    context = shown_on(Display(), store)
    with recipe_view(context) as (inside, look):
        assert inside is context
        look(EXPECTED, 1, 360.0)
    assert capsys.readouterr() == ("", "")
