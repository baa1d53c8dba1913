"""A fusion of low rank from the start is trained as it is and stored as the factored one is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.error_checks import refused
from xadapt.composition.grammar import parse
from xadapt.composition.hints import how_to_make
from xadapt.methods.fusion import fusion_layers, regularisation
from xadapt.training.plan import plan_fusion, plan_target, plan_task
from xadapt.training.settings import make_settings
from xadapt.training.train import prepare
from xadapt.training.trainable import with_fusion

NARROW = plan_fusion(["mnli", "stsb"], "xnli", narrow=3)


def fresh(lab: Any, plan: Any = NARROW) -> Any:
    torch.manual_seed(0)
    return with_fusion(prepare(lab.context, plan, make_settings(max_length=48, dev_limit=6)))


def test_its_values_start_at_the_identity_and_nothing_draws_them_there(trained: Any) -> None:
    assembly = fresh(trained)
    (fused,) = assembly.fusions()
    for layer in fusion_layers(assembly.model, fused).values():
        torch.testing.assert_close(layer.value.weight, torch.eye(32))
        assert layer.value.down.weight.abs().sum() > 0
        assert layer.query.weight.shape == layer.key.weight.shape == (3, 32)
    assert regularisation(assembly.model, fused).item() == 0


def test_it_learns_without_a_full_one(trained: Any) -> None:
    made = trained.train(NARROW)
    assert (made.setup, made.record.trains) == ("fuse(mnli, stsb, narrow=3)@xnli", "fusion")
    assert made.record.figures.full is None
    assert trained.store.find("fuse(mnli, stsb)@xnli", trained.backbone.fingerprint) is None
    assembly = trained.assemble(made.setup)
    (fused,) = assembly.fusions()
    for layer in fusion_layers(assembly.model, fused).values():
        assert (layer.value.weight - torch.eye(32)).abs().max() > 1e-4
        assert layer.value.down.weight.shape == (3, 32)


def test_it_is_as_small_as_the_factored_one(trained: Any) -> None:
    narrow, factored = trained.train(NARROW), trained.train(plan_fusion(["mnli", "stsb"], "xnli", 3))
    files = [sorted((made.path / "fusion").iterdir()) for made in (narrow, factored)]
    assert [file.name for file in files[0]] == [file.name for file in files[1]]
    sizes = [sum(file.stat().st_size for file in some if file.suffix == ".safetensors") for some in files]
    assert sizes[0] == sizes[1]


def test_it_answers_as_it_did_when_it_was_stored(trained: Any) -> None:
    made = trained.train(NARROW)
    job = prepare(trained.context, NARROW, make_settings(max_length=48, dev_limit=6))
    assert job.dev_scores(trained.assemble(made.setup).model) == made.scores


def test_over_the_targets_own_adapter_it_starts_from_that_ones_head(trained: Any) -> None:
    own = trained.train(plan_task("xnli"))
    assembly = fresh(trained, plan_fusion(["mnli", "stsb", "xnli"], "xnli", narrow=3))
    alone = trained.assemble("xnli").model.heads["xnli"].state_dict()
    assert assembly.members["xnli"] == own.run
    for key, value in assembly.model.heads["xnli"].state_dict().items():
        torch.testing.assert_close(value, alone[key])


@pytest.mark.parametrize(
    "setup", ["fuse(mnli, stsb, narrow=3, rank=3)", "fuse(mnli, stsb, narrow=0)", "fuse(mnli, stsb, narrow=1.5)"]
)
def test_a_wrong_size_is_refused(setup: str) -> None:
    with refused("narrow"):
        parse(setup)


def test_a_rank_above_the_width_is_refused(trained: Any) -> None:
    with refused("33"):
        trained.train(plan_fusion(["mnli", "stsb"], "xnli", narrow=33))


def test_what_makes_it_is_said() -> None:
    assert how_to_make(parse("fuse(mnli, stsb, narrow=3)@xnli")) == "`xadapt fuse mnli stsb --on xnli --narrow 3`"


def test_it_carries_a_target_adapter(trained: Any) -> None:
    trained.train(NARROW)
    target = trained.train(plan_target("xnli", "fuse(mnli, stsb, narrow=3)@xnli"))
    assert "fuse(mnli, stsb, narrow=3)@xnli" in target.record.members
