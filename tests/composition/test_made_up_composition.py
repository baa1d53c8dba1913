"""A composition is one declaration: written, built, trained, evaluated, planned by a recipe and reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.composition import halves
from tests.error_checks import refused
from xadapt.analysis.families import classify
from xadapt.composition import specs
from xadapt.composition.grammar import parse
from xadapt.composition.hints import how_to_make
from xadapt.data.reserved_names import name_fault
from xadapt.methods.adapter import adapter_state
from xadapt.training import run_kinds
from xadapt.training.plan import plan_setup, plan_target


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specs, "_COMPOSITIONS", dict(specs.compositions()))
    run_kinds.revisions()
    monkeypatch.setattr(run_kinds, "_KINDS", dict(run_kinds._KINDS))
    halves.register()


def test_it_is_written_and_read_as_others_are() -> None:
    for text in ("halves(squad, mnli)", "average(halves(squad, mnli), stsb)", "chosen(mnli, squad)@xnli"):
        assert str(parse(text)) == text
    for wrong in ("halves(mnli)", "halves(a, b, c)", "halves(a, b, rank=2)", "halves(a, b)@xnli", "chosen(a, b)"):
        with refused(wrong):
            parse(wrong)
    assert name_fault("halves")
    assert how_to_make(parse("chosen(mnli, squad)@xnli")) == "`choose mnli squad`"


def test_it_is_built_and_is_a_member_of_others(trained_once: Any) -> None:
    model = trained_once.assemble("halves(mnli, squad)").model
    state, lower, upper = (adapter_state(model, name) for name in ("halves[mnli+squad]", "mnli", "squad"))
    assert {torch.equal(value, lower[key]) for key, value in state.items() if ".layer.0." in key} == {True}
    assert {torch.equal(value, upper[key]) for key, value in state.items() if ".layer.1." in key} == {True}
    assert trained_once.assemble("average(halves(mnli, squad), stsb)").model is not None


def test_it_is_trained_by_its_own_kind_of_run_once_and_trained_on(trained: Any) -> None:
    plan = plan_setup(parse("chosen(mnli, squad)@xnli"))
    made = trained.train(plan)
    assert made.record.trains == "chosen"
    assert made.record.decides["revision"] == 1
    assert trained.train(plan).path == made.path
    on_top = trained.train(plan_target("xnli", str(plan.makes)))
    assert on_top.record.members[str(plan.makes)] == made.run
    assert trained.evaluate(str(plan.makes), "xnli", "de")["de"].n > 0


def test_a_recipe_trains_and_compares_it(trained: Any, tmp_path: Path) -> None:
    recipe = tmp_path / "made-up.yaml"
    recipe.write_text(
        "name: made-up\ntitle: Made up\nsetups: [mnli, 'halves(mnli, squad)', 'chosen(mnli, squad)@xnli']\n"
        "compositions: {chosen: {dev_limit: 4}}\ntargets:\n  xnli: {limit: 4, max_length: 48}\n"
    )
    done = trained.run(recipe)
    assert [result.setup for result in done.results] == ["mnli", "halves(mnli, squad)", "chosen(mnli, squad)@xnli"]
    written = done.report(tmp_path / "report").path.read_text()
    assert "halves(mnli, squad)" in written
    assert "chosen(mnli, squad)@xnli" in written
    assert [classify(result.setup, "xnli").family for result in done.results] == ["single", "halves", "chosen"]
