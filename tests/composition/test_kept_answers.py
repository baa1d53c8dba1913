"""What setups read is kept: nothing is read twice, and no score depends on it."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.tiny_lab import SpyDisplay
from xadapt.composition import kept_answers
from xadapt.composition.grammar import parse
from xadapt.store.result_record import LanguageScore, Result
from xadapt.store.store import Store
from xadapt.training.plan import plan_target, plan_task


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many models read how many features, batch of rows by batch of rows."""
    counted: list[tuple[int, int]] = []
    run = kept_answers.all_raw_outputs

    def spy(models: Any, problem: Any, features: Any, *rest: Any) -> Any:
        counted.append((len(models), len(features)))
        return run(models, problem, features, *rest)

    monkeypatch.setattr(kept_answers, "all_raw_outputs", spy)
    return counted


def test_an_ensemble_finds_what_its_members_read(trained: Any, read: list[tuple[int, int]]) -> None:
    trained.evaluate("mnli", "xnli")
    trained.evaluate("stack(mnli, xnli)", "xnli")
    assert read == [(1, 12)] * 4
    trained.evaluate("ensemble(mnli, stack(mnli, xnli))", "xnli")
    assert len(read) == 4


def test_a_member_that_was_not_read_is_read_alone(trained: Any, read: list[tuple[int, int]]) -> None:
    trained.evaluate("mnli", "xnli", "de")
    trained.evaluate("ensemble(mnli, stack(mnli, xnli))", "xnli", "de")
    assert read == [(1, 12), (1, 12)]


def test_of_a_larger_sample_only_new_rows_are_read(trained: Any, read: list[tuple[int, int]]) -> None:
    small = trained.evaluate("mnli", "xnli", "de", limit=5)
    shown: list[int] = []
    large = trained.evaluate("mnli", "xnli", "de", display=SpyDisplay(advance=shown.append))
    assert read == [(1, 5), (1, 7)]
    assert (small["de"].n, large["de"].n) == (5, 12)
    assert sum(shown) == 12


def test_what_other_weights_read_is_not_taken(trained: Any, read: list[tuple[int, int]]) -> None:
    trained.evaluate("mnli", "xnli", "de")
    trained.train(plan_task("mnli"), seed=7)
    trained.evaluate("mnli", "xnli", "de", seed=7)
    assert read == [(1, 12), (1, 12)]


@pytest.mark.parametrize(
    ("setup", "task"),
    [
        ("ensemble(mnli, stack(mnli, xnli))", "xnli"),
        ("ensemble(squad, stack(mnli, squad))", "xquad"),
        ("ensemble(squad, mnli)", "tatoeba"),
    ],
)
def test_scores_are_those_of_an_evaluation_that_keeps_nothing(trained: Any, setup: str, task: str) -> None:
    if "stack(mnli, squad)" in setup:
        trained.train(plan_target("squad", "mnli"))
    # Members that read other rows beside a text pad it otherwise.
    for number, part in enumerate(parse(setup).parts, start=1):
        trained.evaluate(str(part), task, limit=5 * number)
    kept = trained.evaluate(setup, task)
    shutil.rmtree(trained.store.root / "cache")
    trained.store.result_path(kept.run).unlink()
    forgetful = Store(trained.store.root, trained.store.shipped, cache_size="0")
    plain = trained.with_store(forgetful).evaluate(setup, task)
    assert not (trained.store.root / "cache").exists()
    assert without_times(kept) == without_times(plain)


def without_times(result: Result) -> dict[str, LanguageScore]:
    return {code: language.model_copy(update={"seconds": 0.0}) for code, language in result.languages.items()}
