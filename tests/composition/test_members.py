"""Members found and checked: what takes part in a setup is known before any model is made."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.error_checks import refused
from xadapt.backbone.base import Backbone
from xadapt.composition.builder import Assembly
from xadapt.composition.grammar import parse
from xadapt.composition.members import Members
from xadapt.tasks import get_task
from xadapt.training.plan import plan_target, plan_task


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no model be made."""
    monkeypatch.setattr(Backbone, "model", lambda self: pytest.fail("a model was made"))


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    ("setup", "heads", "members"),
    [
        ("none", [], []),
        ("average(mnli, average(mnli, stsb))", ["stsb", "mnli"], ["mnli", "stsb"]),
        ("stack(mnli, xnli)", ["mnli", "xnli"], ["mnli", "stack(mnli, xnli)"]),
        ("fuse(mnli, stsb)", ["mnli", "stsb"], ["fuse(mnli, stsb)", "mnli", "stsb"]),
        ("stack(fuse(mnli, stsb), squad)", ["mnli", "stsb", "squad"], ["fuse(mnli, stsb)", "mnli", "squad", "stsb"]),
    ],
)
def test_members_and_heads_are_known_without_a_model(
    trained_once: Any, setup: str, heads: list[str], members: list[str]
) -> None:
    assembly = trained_once.assemble(setup)
    assert assembly.heads == heads
    assert sorted(assembly.members) == sorted(assembly.weights) == members


@pytest.mark.usefixtures("no_model")
def test_the_labels_of_a_head_are_read_from_its_checkpoint(trained_once: Any) -> None:
    assembly = trained_once.assemble("stack(mnli, xnli)")
    assert assembly.with_head_labels(get_task("xnli"), "xnli") == get_task("xnli")


@pytest.mark.usefixtures("no_model")
def test_what_is_missing_damaged_or_made_for_another_base_needs_no_model_to_be_found(trained: Any) -> None:
    with refused("mnlii", advice="'mnli'"):
        trained.assemble("mnlii")
    with refused("fuse(mnli, squad)", advice="`xadapt fuse mnli squad`"):
        trained.assemble("fuse(squad, mnli)")
    found = trained.store.find("stsb", trained.backbone.fingerprint)
    head = next((found.path / "heads").rglob("*.safetensors"))
    head.write_bytes(head.read_bytes()[:-1])
    with refused(found.path, head.relative_to(found.path), advice="train it again"):
        trained.assemble("average(mnli, stsb)")


def test_a_checkpoint_that_is_adopted_is_verified_and_counts_as_a_member(trained: Any) -> None:
    found = trained.store.find("mnli", trained.backbone.fingerprint)
    members = Members(trained.context, lambda checkpoint: pytest.fail("who adopts a checkpoint shows it"))
    members.adopt(found)
    assert (members.runs, members.weights) == ({"mnli": found.run}, {"mnli": found.digest})
    damaged = next(found.path.rglob("*.safetensors"))
    damaged.write_bytes(b"")
    with refused(found.path, damaged.relative_to(found.path), advice="train it again"):
        members.adopt(found)


def test_a_pin_goes_before_the_run_that_something_was_trained_on(trained: Any) -> None:
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    newer = trained.train(plan_task("mnli"), seed=7)
    for pins, wanted in (({}, old), ({"mnli": newer}, newer)):
        members = Members(trained.context.seeded(7).pinned(pins), trained.context.uses)
        members.prefer_members_of(parse("stack(mnli, xnli)"))
        found = members.find(parse("mnli"))
        assert found is not None
        assert found.run == wanted.run


@pytest.mark.parametrize("setup", ["stack(average(mnli, stsb), xnli)", "1.5*average(mnli, stsb) - 0.5*squad"])
def test_a_model_made_at_the_end_is_the_one_made_step_by_step(trained: Any, setup: str) -> None:
    if setup.startswith("stack"):
        trained.train(plan_target("xnli", "average(mnli, stsb)"))
    late = trained.assemble(setup)
    early = Assembly(trained.context)
    assert list(early.model.heads) == []
    early.activate(early.block(parse(setup)))
    first, second = (dict(assembly.model.named_parameters()) for assembly in (early, late))
    assert first.keys() == second.keys()
    odd = [name for name, value in first.items() if not torch.equal(value, second[name])]
    # Nobody reads the pooler, and its weights are random.
    assert odd == ["roberta.pooler.dense.weight"]
    assert late.model.active_adapters == early.model.active_adapters
    assert not late.model.training


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    ("setup", "asked", "advice"),
    [
        ("stack(squad, xnli)", "squad", '`xadapt train-target xnli --on "squad"`'),
        ("stack(fuse(mnli, stsb), xnli)", "fuse(mnli, stsb)", '`xadapt train-target xnli --on "fuse(mnli, stsb)"`'),
        ("continue(stsb, xnli)", "stsb", "--mode continue"),
        ("xnli", "the bare base", "`xadapt train-task"),
        ("average(xnli, mnli)", "the bare base", "`xadapt train-task"),
    ],
)
def test_an_adapter_asked_for_on_another_than_it_was_trained_on_is_explained(
    trained_once: Any, setup: str, asked: str, advice: str
) -> None:
    with refused("xnli was trained on mnli", f"not on {asked}", '"stack(mnli, xnli)"', advice=advice):
        trained_once.assemble(setup)


@pytest.mark.usefixtures("no_model")
def test_a_misspelt_member_of_a_stack_is_answered_with_the_nearest(trained_once: Any) -> None:
    with refused("'sqaud'", advice="'squad'"):
        trained_once.assemble("stack(mnli, sqaud)")
