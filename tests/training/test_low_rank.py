"""A fusion of low rank comes from the full one, which is trained once."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch

from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt.composition.grammar import parse
from xadapt.store.records import FullFusion
from xadapt.tasks import get_task
from xadapt.training import loop
from xadapt.training.plan import plan_full, plan_fusion, plan_target

FULL, LOW = plan_fusion(["mnli", "stsb"]), plan_fusion(["mnli", "stsb"], rank=3)


def logits(lab: Any, setup: str) -> torch.Tensor:
    from xadapt.problems import make_problem

    problem = make_problem(get_task("mnli"), lab.backbone.tokenizer, 48)
    batch = problem.collate(problem.encode(lab.source.dev(get_task("mnli"), 6).rows, labelled=False))
    with torch.no_grad():
        return problem.forward(lab.assemble(setup).model, batch, "mnli").logits


def test_only_a_fusion_with_a_rank_comes_from_a_full_one() -> None:
    assert (LOW.trains, FULL.trains) == ("low-rank-fusion", "fusion")
    assert plan_full(LOW) == FULL
    on = plan_full(plan_fusion(["mnli", "stsb"], "xnli", 3))
    assert on.makes == parse("fuse(mnli, stsb)@xnli")


def test_it_trains_the_full_one_if_that_is_not_there(trained: Any) -> None:
    assert trained.store.find("fuse(mnli, stsb)@xnli", trained.backbone.fingerprint) is None
    low = trained.train(plan_fusion(["mnli", "stsb"], "xnli", 3))
    full = trained.store.find("fuse(mnli, stsb)@xnli", trained.backbone.fingerprint)
    assert low.record.figures.full.run == full.run


def test_its_record_has_both_figures_and_the_members_alone(trained: Any) -> None:
    low = trained.train(LOW)
    full = trained.store.find("fuse(mnli, stsb)", trained.backbone.fingerprint)
    assert low.setup == "fuse(mnli, stsb, rank=3)"
    assert low.record.figures.full == FullFusion(run=full.run, dev=full.record.figures.dev)
    assert low.record.decides["full"] == full.run
    assert set(low.record.members) == {"mnli", "stsb"}
    # By layer: queries and keys with biases, two narrow matrices for values.
    assert low.record.figures.parameters == 2 * (2 * (32 * 3 + 3) + 2 * 32 * 3)
    assert set(low.record.figures.dev) == {"mnli", "stsb"}
    card = (low.path / "README.md").read_text()
    accuracy = full.record.figures.dev["mnli"]["accuracy"]
    assert (
        f"| factored from | the full fusion of run `{full.run}`, whose dev scores are mnli accuracy {accuracy:.1f}"
        in card
    )


def test_it_is_used_without_the_full_one(trained: Any) -> None:
    trained.train(LOW)
    expected = logits(trained, "fuse(mnli, stsb, rank=3)")
    full = trained.store.find("fuse(mnli, stsb)", trained.backbone.fingerprint)
    shutil.rmtree(full.path)
    assert torch.equal(logits(trained, "fuse(mnli, stsb, rank=3)"), expected)
    target = trained.train(plan_target("xnli", "fuse(mnli, stsb, rank=3)"))
    assert "fuse(mnli, stsb)" not in target.record.members


def test_at_the_width_of_the_base_it_is_the_full_one_but_for_half_precision(trained: Any) -> None:
    trained.train(plan_fusion(["mnli", "stsb"], rank=32))
    full = logits(trained, "fuse(mnli, stsb)")
    torch.testing.assert_close(logits(trained, "fuse(mnli, stsb, rank=32)"), full, atol=2e-3, rtol=2e-3)


def test_a_full_one_that_is_there_is_not_trained_again(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trained.train(FULL)
    monkeypatch.setattr(loop, "_run", lambda *_: pytest.fail("trained again"))
    made, lines = trained.train(LOW), []
    assert trained.train(LOW, SpyDisplay(lines.append)).run == made.run
    assert lines[-1] == f"fuse(mnli, stsb, rank=3) is there already: {made.path}"


def test_another_full_one_or_rank_is_another_run(trained: Any) -> None:
    runs = {
        trained.train(LOW).run,
        trained.train(LOW, seed=7).run,
        trained.train(plan_fusion(["mnli", "stsb"], rank=2)).run,
    }
    assert len(runs) == 3


def test_a_rank_beyond_the_base_is_refused_before_anything_is_trained(trained: Any) -> None:
    with refused("rank", advice="from 1 to 32"):
        trained.train(plan_fusion(["mnli", "stsb"], "xnli", 33))
    assert trained.store.find("fuse(mnli, stsb)@xnli", trained.backbone.fingerprint) is None
