"""What a person sees of a recipe's run."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from xadapt.cli.run_view import duration, summary

from xadapt.cli import run_view
from xadapt.experiments.outlook import Expected
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import plan_steps

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


def test_the_live_view_shows_runs_behind_now_and_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, height=30)
    monkeypatch.setattr(run_view, "err", screen)
    with run_view.run_view() as display:
        display.look(EXPECTED, 1, 360.0)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "done train stack(mnli, xnli), seed 42" in text
    assert "now  evaluate stack(mnli, xnli) on xnli, seed 42" in text
    assert "next train stack(stsb, xnli), seed 42  about 1 min 30 s" in text


def test_the_run_of_now_has_a_bar_until_it_ends() -> None:
    view, screen = run_view._Live(), Console(file=io.StringIO(), width=100)
    view.look(EXPECTED, 1, 360.0)
    with view.evaluation("title") as evaluation:
        evaluation.start("de", 10)
        evaluation.advance(4)
        screen.print(view.render())
    with view.training("title") as training:
        training.tick(3, 7, 0.5)
        screen.print(view.render())
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "4/10" in text
    assert "3/7" in text
    assert "loss 0.500" in text
    assert not view.now.tasks


def test_without_a_terminal_only_runs_that_are_not_done_have_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with run_view.run_view() as display:
        display.look(EXPECTED, 0, 360.0)
        assert capsys.readouterr().err == ""
        display.look(EXPECTED, 1, 360.0)
    assert "1 of 6 runs behind, about 6 min 00 s left" in capsys.readouterr().err
