"""Every kind of problem is trained, stored and measured by the same road."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tiny_lab import SpyDisplay
from xadapt.composition.grammar import parse
from xadapt.store.checkpoints import open_checkpoint
from xadapt.training.plan import plan_first, plan_target, plan_task


@pytest.mark.parametrize("name", ["siqa", "pos", "wikiann", "lareqa", "mewslix", "mnli", "stsb", "squad", "squad2"])
def test_a_task_of_every_kind_is_trained_and_stored(lab: Any, name: str) -> None:
    checkpoint = lab.train(plan_task(name))
    stored = open_checkpoint(checkpoint.path)
    assert stored.setup == name
    assert stored.heads == ([] if name in ("lareqa", "mewslix") else [name])
    assert list(stored.record.figures.dev) == [name]


def test_a_task_that_starts_from_another_trains_that_one_first(lab: Any) -> None:
    shown: list[str] = []
    checkpoint = lab.train(plan_target("xcopa", "none"), display=SpyDisplay(say=shown.append))
    assert checkpoint.setup == "xcopa"
    first = lab.store.find("siqa", lab.backbone.fingerprint)
    assert checkpoint.record.members == {"siqa": first.run}
    assert any("siqa first" in line for line in shown)


def test_the_second_training_starts_from_the_weights_of_the_first(lab: Any) -> None:
    import torch

    # So small a rate that the weights cannot have moved from where they began.
    checkpoint = lab.train(plan_target("xcopa", "none"), lr=1e-12)
    weights = {}
    for name in ("siqa", "xcopa"):
        assembly = lab.assemble(name)
        from xadapt.methods.adapter import adapter_state

        weights[name] = adapter_state(assembly.model, name)
    assert checkpoint.setup == "xcopa"
    assert weights["siqa"].keys() == weights["xcopa"].keys()
    for key, value in weights["siqa"].items():
        assert torch.allclose(value, weights["xcopa"][key], atol=1e-6), key


def test_the_first_training_is_on_the_same_setup_and_of_the_same_mode() -> None:
    stacked = plan_first(plan_target("xcopa", "mnli"))
    continued = plan_first(plan_target("xcopa", "mnli", "continue"))
    assert stacked is not None
    assert continued is not None
    assert (str(stacked.makes), str(continued.makes)) == ("stack(mnli, siqa)", "continue(mnli, siqa)")
    assert plan_first(plan_target("xnli", "mnli")) is None


def test_a_stacked_target_that_starts_from_another_task_is_measured(lab: Any) -> None:
    lab.train(plan_task("mnli"))
    lab.train(plan_target("xcopa", "mnli"))
    result = lab.evaluate("stack(mnli, xcopa)", "xcopa")
    assert result.head == "xcopa"
    assert result["et"].n == 8


def test_targets_with_the_same_training_rows_share_an_adapter() -> None:
    plan = plan_target("mlqa", "mnli")
    assert plan.makes == parse("stack(mnli, xquad)")
    assert [task.name for task in plan.tasks] == ["xquad"]
    assert plan_task("mlqa") == plan_task("xquad") == plan_target("mlqa", "none")


def test_a_dual_encoder_is_measured_over_the_candidates_of_all_languages(lab: Any) -> None:
    lab.train(plan_target("lareqa", "none"))
    result = lab.evaluate("lareqa", "lareqa")
    assert set(result.languages) == {"de", "en"}
    assert result.head is None
    assert result.details["layer"] == lab.backbone.layers


def test_an_intermediate_task_is_measured_on_its_english_development_rows(lab: Any) -> None:
    lab.train(plan_task("siqa"))
    result = lab.evaluate("siqa", "siqa")
    assert list(result.languages) == ["en"]
    assert result["en"].split == "validation"


def test_the_null_threshold_of_english_dev_travels_with_the_adapter(lab: Any, monkeypatch: Any) -> None:
    from xadapt.problems.span_qa import SpanQAProblem

    monkeypatch.setattr(SpanQAProblem, "calibrate", lambda self, predictions, rows: {"null_threshold": -1e9})
    checkpoint = lab.train(plan_task("squad2"))
    assert open_checkpoint(checkpoint.path).record.calibration == {"squad2": {"null_threshold": -1e9}}
    scores = lab.evaluate("squad2", "squad2")["en"].scores
    # Under such a threshold every question is left without an answer.
    assert (scores["no_answer_f1"], scores["has_answer_f1"]) == (100.0, 0.0)


def test_entities_are_ranked_in_a_pool_of_descriptions(lab: Any) -> None:
    lab.train(plan_task("mewslix"))
    result = lab.evaluate("mewslix", "mewslix")
    assert set(result.languages) == {"de", "en"}
    assert result.details["candidates"] == 6


def test_translations_are_mined_among_sentences_of_both_sides(lab: Any) -> None:
    result = lab.evaluate("none", "bucc")
    assert list(result.languages) == ["de"]
    assert {"f1", "threshold", "fixed_f1"} <= set(result["de"].scores)
    assert result.details["neighbours"] == 4


def write_supertags(root: Any) -> None:
    for split, sentences in (("train", 12), ("validation", 4)):
        text = "Ana\tNP\nsleeps\tS\\NP\n.\t.\n\n" * sentences
        path = root / f"ccgbank/supertags/default/{split}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_users_two_column_file_decides_the_supertags(lab: Any) -> None:
    write_supertags(lab.mirror)
    checkpoint = lab.train(plan_task("ccg"))
    assert checkpoint.record.figures.dev["ccg"].keys() == {"token_accuracy"}
    (lab.mirror / "ccgbank/supertags/default/train.tsv").unlink()
    # The head has its tags: the training rows are not needed again.
    assert lab.evaluate("ccg", "ccg")["en"].n == 4


def test_a_task_with_supertags_can_be_fused(lab: Any) -> None:
    from xadapt.training.plan import plan_fusion

    write_supertags(lab.mirror)
    for name in ("ccg", "mnli"):
        lab.train(plan_task(name))
    fused = lab.train(plan_fusion(["ccg", "mnli"]))
    assert set(fused.record.figures.dev) == {"ccg", "mnli"}


@pytest.mark.parametrize("on", ["siqa", "stack(mnli, siqa)", "stack(siqa, mnli)"])
def test_a_setup_that_has_learnt_what_comes_first_does_not_learn_it_twice(on: str) -> None:
    plan = plan_target("xcopa", on)
    assert plan.makes.children[-1] == parse("xcopa")
    assert plan_first(plan) is None
    assert plan_first(plan_target("xcopa", "siqa", "continue")) is None


@pytest.mark.parametrize("mode", ["stack", "continue"])
def test_a_target_on_what_comes_first_goes_on_with_its_head(lab: Any, prepare: Any, mode: str) -> None:
    import torch

    lab.train(plan_task("siqa"))
    _, assembly = prepare(lab, plan_target("xcopa", "siqa", mode))
    heads = {key: value for key, value in assembly.model.named_parameters() if key.startswith("heads.")}
    begun = {key: value for key, value in heads.items() if key.startswith("heads.xcopa.")}
    assert begun
    for key, value in begun.items():
        assert torch.equal(value, heads[key.replace("heads.xcopa.", "heads.siqa.")]), key
        assert value.requires_grad
    assert assembly.members.keys() == {"siqa"}


def test_dual_encoders_are_fused_averaged_and_stood_on(lab: Any) -> None:
    from xadapt.training.plan import plan_fusion

    for name in ("lareqa", "mnli"):
        lab.train(plan_task(name))
    fused = lab.train(plan_fusion(["lareqa", "mnli"]))
    assert fused.heads == ["mnli"]
    assert set(fused.record.figures.dev) == {"lareqa", "mnli"}
    for setup in ("fuse(lareqa, mnli)", "average(lareqa, mnli)", "stack(lareqa, mnli)"):
        assert lab.evaluate(setup, "lareqa", "de").head is None
        assert lab.evaluate(setup, "xnli", "de").head == "mnli"


def test_a_fusion_on_a_target_begins_with_the_head_of_a_member_that_has_its_tags(lab: Any) -> None:
    from xadapt.training.plan import plan_fusion

    for name in ("pos", "mnli"):
        lab.train(plan_task(name))
    assert lab.train(plan_fusion(["pos", "mnli"], on="udpos")).heads == ["udpos"]
    assert lab.evaluate("fuse(pos, mnli)@udpos", "udpos", "de").head == "udpos"


def test_a_recipes_own_run_of_the_first_task_is_taken_and_the_card_names_it(lab: Any) -> None:
    pinned = lab.train(plan_task("siqa"), epochs=2)
    checkpoint = lab.train(plan_target("xcopa", "none"), pins={"siqa": pinned})
    assert checkpoint.record.members == {"siqa": pinned.run}
    assert "| trained first | siqa: run " in (checkpoint.path / "README.md").read_text()
