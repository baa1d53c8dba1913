"""Adapters in some layers only, trained, stored, fused, trained on and put together."""

from __future__ import annotations

from typing import Any

import pytest
from safetensors.torch import load_file

from tests.error_checks import refused
from xadapt.methods.active_layers import lowest_layer
from xadapt.training.plan import plan_fusion, plan_multitask, plan_target, plan_task


def layers_of(checkpoint: Any) -> set[str]:
    (file,) = (checkpoint.path / "adapter").glob("*.safetensors")
    return {key.partition(".layer.")[2].partition(".")[0] for key in load_file(file)}


@pytest.fixture
def upper(lab: Any) -> Any:
    """mnli and stsb in the second layer."""
    for name in ("mnli", "stsb"):
        lab.train(plan_task(name), adapter_layers="1")
    return lab


def test_what_is_stored_and_shown_are_these_layers(upper: Any) -> None:
    checkpoint = upper.store.find("mnli", upper.backbone.fingerprint)
    assert layers_of(checkpoint) == {"1"}
    settings = checkpoint.record.decides["settings"]
    assert settings["adapter_config"] == "seq_bn[reduction_factor=8]@1"
    assert "adapter_layers" not in settings
    assert ", `seq_bn[reduction_factor=8]@1`, fp32 |" in (checkpoint.path / "README.md").read_text()
    assert lowest_layer(upper.assemble("mnli").model) == 1


def test_layers_make_another_run_and_all_layers_the_same(lab: Any) -> None:
    first = lab.train(plan_task("mnli"))
    assert lab.train(plan_task("mnli"), adapter_layers="all").run == first.run
    upper = lab.train(plan_task("mnli"), adapter_layers="1")
    assert upper.run != first.run
    assert upper.record.figures.parameters < first.record.figures.parameters


def test_a_multitask_adapter_and_a_target_adapter_take_layers_too(upper: Any) -> None:
    assert layers_of(upper.train(plan_multitask(["mnli", "stsb"]), adapter_layers="0")) == {"0"}
    assert layers_of(upper.train(plan_target("xnli", "mnli"), adapter_layers="0")) == {"0"}
    assert lowest_layer(upper.assemble("stack(mnli, xnli)").model) == 0
    assert lowest_layer(upper.assemble("mnli").model) == 1


def test_members_in_the_same_layers_are_fused_averaged_and_trained_on(upper: Any) -> None:
    upper.train(plan_fusion(["mnli", "stsb"]))
    upper.train(plan_target("xnli", "fuse(mnli, stsb)"), adapter_layers="1")
    for setup in ("fuse(mnli, stsb)", "average(mnli, stsb)", "mnli + stsb", "stack(fuse(mnli, stsb), xnli)"):
        assert lowest_layer(upper.assemble(setup).model) == 1
        assert 0 <= upper.evaluate(setup, "xnli", "de").means["accuracy"] <= 100
    with refused("xnli", "bottlenecks"):
        upper.train(plan_target("xnli", "fuse(mnli, stsb)"))


def test_members_in_different_layers_are_one_line_before_anything_is_trained(upper: Any) -> None:
    upper.train(plan_task("squad"))
    for members in (["mnli", "squad"], ["squad", "stsb"]):
        with refused(*members, advice="the same adapter_config"):
            upper.train(plan_fusion(members))
    with refused("average(mnli, squad)", "leave_out", advice="the same adapter_config"):
        _ = upper.assemble("average(mnli, squad)").model
