"""An evaluation that is there already: it is recognised by records alone, and its model is not made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.backbone.base import Backbone
from xadapt.problems import problem_revisions
from xadapt.store.files import read_json
from xadapt.store.result_record import Result
from xadapt.store.seals import sealed
from xadapt.store.versions import library_versions
from xadapt.tasks import get_task
from xadapt.tasks.task import what_tasks_are


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Backbone]:
    """One entry for every model that is made from now on."""
    bases: list[Backbone] = []
    make = Backbone.model

    def spy(base: Backbone) -> Any:
        bases.append(base)
        return make(base)

    monkeypatch.setattr(Backbone, "model", spy)
    return bases


SETUPS = {
    "mnli": "xnli",
    "stack(mnli, xnli)": "xnli",
    "average(mnli, stsb)": "xnli",
    "fuse(mnli, stsb)": "xnli",
    "ensemble(mnli, stack(mnli, xnli))": "xnli",
    "none": "tatoeba",
    "stsb": "lareqa",
}


@pytest.mark.parametrize("setup", SETUPS)
def test_an_evaluation_that_is_done_makes_no_model_and_gives_the_same_result(
    trained: Any, made: list[Backbone], setup: str
) -> None:
    first = trained.evaluate(setup, SETUPS[setup])
    models = len(made)
    assert models > 0
    path = trained.store.result_path(first.run)
    stored = path.read_bytes()
    assert trained.evaluate(setup, SETUPS[setup]) == first
    assert len(made) == models
    assert path.read_bytes() == stored


def test_one_more_language_makes_the_model(trained: Any, made: list[Backbone]) -> None:
    german = trained.evaluate("mnli", "xnli", "de")
    models = len(made)
    both = trained.evaluate("mnli", "xnli", "en,de")
    assert len(made) > models
    assert both["de"] == german["de"]
    assert both.parameters == german.parameters > 0


def test_per_example_scores_are_restored_without_a_model(trained: Any, made: list[Backbone]) -> None:
    result = trained.evaluate("mnli", "xnli", "de")
    path = trained.store.examples_path(result.run, "de")
    before = path.read_bytes()
    path.unlink()
    models = len(made)
    trained.evaluate("mnli", "xnli", "de")
    assert len(made) == models
    assert path.read_bytes() == before


def test_a_result_without_its_numbers_of_parameters_gets_them(trained: Any) -> None:
    first = trained.evaluate("mnli", "xnli", "de")
    path = trained.store.result_path(first.run)
    gone = ("parameters", "head_parameters", "digest")
    old = {key: value for key, value in read_json(path).items() if key not in gone}
    trained.store.write_result(Result.of(sealed(old), path))
    assert "parameters" not in read_json(path)
    assert trained.evaluate("mnli", "xnli", "de") == first == Result.read(path)


def test_what_decides_a_result_is_known(trained: Any) -> None:
    result = trained.evaluate("stack(mnli, xnli)", "xnli", "de")
    runs = {name: trained.store.find(name, trained.backbone.fingerprint).run for name in ("mnli", "stack(mnli, xnli)")}
    decides = result.decides
    assert decides["members"] == runs
    assert decides == {
        "evaluates": "pair-classification",
        "revision": problem_revisions()["pair-classification"],
        "task": "xnli",
        "setup": "stack(mnli, xnli)",
        "base": trained.backbone.fingerprint,
        "members": runs,
        "data": trained.source.name,
        "limit": None,
        "precision": "fp32",
        "details": {"max_length": 48},
        "is": what_tasks_are([get_task("xnli")]),
        "versions": library_versions(),
    }


@pytest.mark.parametrize("setup", ["mnli", "stack(mnli, xnli)", "ensemble(mnli, stack(mnli, xnli))"])
def test_a_damaged_member_is_refused_although_the_evaluation_is_done(trained: Any, setup: str) -> None:
    trained.evaluate(setup, "xnli", "de")
    weights = next(trained.store.find("mnli", trained.backbone.fingerprint).path.rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1])
    with refused(weights.name):
        trained.evaluate(setup, "xnli", "de")
