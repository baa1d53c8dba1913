"""Gates in the store: with one open they are that member, closed none, and they stand wherever one model may."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.error_checks import refused
from tests.stored_records import change_record
from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.methods.adapter import adapter_state
from xadapt.problems import make_problem
from xadapt.store.checkpoints import RECORD
from xadapt.store.files import sha256_file
from xadapt.tasks import get_task
from xadapt.training.plan import plan_gate, plan_target, plan_task

SETUP = "gate(mnli, stsb)@xnli"
PLACES = ("0.output_adapter", "1.output_adapter")


@pytest.fixture
def gated(trained: Any) -> Any:
    """A store with gates of two members on xnli."""
    trained.train(plan_gate(["mnli", "stsb"], "xnli"))
    return trained


def logits(lab: Any, setup: str) -> torch.Tensor:
    problem = make_problem(get_task("xnli"), lab.backbone.tokenizer, 48)
    batch = problem.collate(problem.encode(lab.source.dev(get_task("xnli"), 6).rows, labelled=False))
    with torch.no_grad():
        return problem.forward(lab.assemble(setup).model, batch, "xnli").logits


def rewrite(lab: Any, gates: tuple[float, ...], adapter_of: str) -> None:
    """Give the stored gates these values at each place, and the target adapter and head of another setup."""
    checkpoint, other = (lab.store.find(setup, lab.backbone.fingerprint) for setup in (SETUP, adapter_of))
    save_file({place: torch.tensor(gates) for place in PLACES}, checkpoint.path / "gates.safetensors")
    for part in ("adapter", "heads"):
        shutil.copytree(other.path / part, checkpoint.path / part, dirs_exist_ok=True)
    files = {name: sha256_file(checkpoint.path / name) for name in checkpoint.record.files}
    change_record(checkpoint.path / RECORD, files=files)


@pytest.mark.parametrize(("gates", "setup"), [((1.0, 0.0), "stack(mnli, xnli)"), ((0.0, 0.0), "xnli")])
def test_one_that_is_open_is_its_member_with_the_target_on_it_and_closed_gates_are_none(
    gated: Any, gates: tuple[float, ...], setup: str
) -> None:
    gated.train(plan_task("xnli"))
    rewrite(gated, gates, setup)
    torch.testing.assert_close(logits(gated, SETUP), logits(gated, setup), atol=1e-6, rtol=0)
    other = "xnli" if gates[0] else "stack(mnli, xnli)"
    rewrite(gated, gates, other)
    assert (logits(gated, SETUP) - logits(gated, setup)).abs().max() > 1e-3


def test_it_costs_its_members_and_the_target_adapter(gated: Any) -> None:
    answerer = answer_with(gated.context, parse(SETUP), get_task("xnli"), max_length=48)
    model = answerer.assemblies[0].model
    size = sum(value.numel() for value in adapter_state(model, "mnli").values())
    # Three adapters of one size, where of the members' biases of outputs one a layer is left.
    assert answerer.parameters() == 3 * size - 2 * 32


def test_it_is_a_part_of_stacks_and_ensembles(gated: Any) -> None:
    gated.train(plan_target("stsb", SETUP))
    stacked = gated.assemble(f"stack({SETUP}, stsb)")
    assert stacked.names == ("gate[mnli+stsb]@xnli:members", "gate[mnli+stsb]@xnli", "stack[gate[mnli+stsb]@xnli+stsb]")
    assert logits(gated, f"stack({SETUP}, stsb)").shape == (6, 3)
    both = gated.evaluate(f"ensemble({SETUP}, stack(mnli, xnli))", "xnli", "en")
    assert both["en"].score is not None
    one = gated.evaluate(SETUP, "xnli", "en,de")
    assert set(one.languages) == {"en", "de"}


def test_gates_that_were_changed_are_found_out(gated: Any) -> None:
    checkpoint = gated.store.find(SETUP, gated.backbone.fingerprint)
    save_file({place: torch.ones(2) for place in PLACES}, checkpoint.path / "gates.safetensors")
    with refused("gates.safetensors"):
        gated.assemble(SETUP)


def test_gates_are_used_with_the_runs_they_were_trained_on_alone(gated: Any) -> None:
    expected = logits(gated, SETUP)
    gated.train(plan_task("stsb"), epochs=2)
    assert torch.equal(logits(gated, SETUP), expected)
    shutil.rmtree(gated.store.find("mnli", gated.backbone.fingerprint).path)
    with refused("mnli"):
        gated.assemble(SETUP)


def test_a_setup_that_is_missing_says_how_it_is_made(trained: Any) -> None:
    with refused("gate(mnli, squad)@xnli", advice="`xadapt gate mnli squad --on xnli`"):
        trained.assemble("gate(mnli, squad)@xnli")
