"""Every kind of problem is trained, stored and measured by the same road."""

from __future__ import annotations

from typing import Any

import pytest

from xadapt.composition.expression import parse
from xadapt.store.checkpoints import open_checkpoint
from xadapt.training.plan import plan_first, plan_target, plan_task


@pytest.mark.parametrize("name", ["siqa", "pos", "wikiann", "lareqa", "mnli", "stsb", "squad"])
def test_a_task_of_every_kind_is_trained_and_stored(bench: Any, name: str) -> None:
    plan = plan_target(name, "none") if name in ("wikiann", "lareqa") else plan_task(name)
    checkpoint = bench.train(plan)
    stored = open_checkpoint(checkpoint.path)
    assert stored.setup == name
    assert stored.heads == ([] if name == "lareqa" else [name])
    assert list(stored.record["figures"]["dev"]) == [name]


def test_a_task_that_starts_from_another_trains_that_one_first(bench: Any) -> None:
    said: list[str] = []
    from xadapt.training.train import Display

    checkpoint = bench.train(plan_target("xcopa", "none"), display=Display(say=said.append))
    assert checkpoint.setup == "xcopa"
    first = bench.store.find("siqa", bench.backbone.fingerprint)
    assert checkpoint.record["members"] == {"siqa": first.run}
    assert any("siqa first" in line for line in said)


def test_the_second_training_starts_from_the_weights_of_the_first(bench: Any) -> None:
    import torch

    # So small a rate that the weights cannot have moved from where they began.
    checkpoint = bench.train(plan_target("xcopa", "none"), lr=1e-12)
    weights = {}
    for name in ("siqa", "xcopa"):
        assembly = bench.assemble(name)
        from xadapt.composition.builder import adapter_state

        weights[name] = adapter_state(assembly.model, name)
    assert checkpoint.setup == "xcopa"
    assert weights["siqa"].keys() == weights["xcopa"].keys()
    for key, value in weights["siqa"].items():
        assert torch.allclose(value, weights["xcopa"][key], atol=1e-6), key


def test_the_first_training_stands_on_the_same_setup_and_goes_the_same_way() -> None:
    stacked = plan_first(plan_target("xcopa", "mnli"))
    continued = plan_first(plan_target("xcopa", "mnli", "continue"))
    assert stacked is not None
    assert continued is not None
    assert (str(stacked.makes), str(continued.makes)) == ("stack(mnli, siqa)", "continue(mnli, siqa)")
    assert plan_first(plan_target("xnli", "mnli")) is None


def test_a_stacked_target_that_starts_from_another_task_is_measured(bench: Any) -> None:
    bench.train(plan_task("mnli"))
    bench.train(plan_target("xcopa", "mnli"))
    result = bench.evaluate("stack(mnli, xcopa)", "xcopa")
    assert result["head"] == "xcopa"
    assert result["languages"]["et"]["n"] == 8


def test_targets_with_the_same_training_rows_share_an_adapter() -> None:
    plan = plan_target("mlqa", "mnli")
    assert plan.makes == parse("stack(mnli, xquad)")
    assert [task.name for task in plan.tasks] == ["xquad"]


def test_a_dual_encoder_is_measured_over_the_candidates_of_all_languages(bench: Any) -> None:
    bench.train(plan_target("lareqa", "none"))
    result = bench.evaluate("lareqa", "lareqa")
    assert set(result["languages"]) == {"de", "en"}
    assert result["head"] is None
    assert result["details"]["layer"] == bench.backbone.sentence_layer


def test_an_intermediate_task_is_measured_on_its_english_development_rows(bench: Any) -> None:
    bench.train(plan_task("siqa"))
    result = bench.evaluate("siqa", "siqa")
    assert list(result["languages"]) == ["en"]
    assert result["languages"]["en"]["split"] == "validation"
