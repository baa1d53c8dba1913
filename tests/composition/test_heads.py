"""Which head of a setup answers a task, and in which labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from tests.error_checks import refused
from xadapt.composition.heads import alike, pick_head
from xadapt.tasks import Catalogue, PairClassification, Rows, Tagging, Task, TextClassification, get_task


def test_a_setup_answers_with_its_own_head_first(trained_once: Any) -> None:
    assembly = trained_once.assemble("stack(mnli, xnli)")
    assert assembly.heads == ["mnli", "xnli"]
    assert assembly.head_for(get_task("mnli")) == "mnli"
    assert assembly.head_for(get_task("xnli")) == "xnli"


def test_a_setup_answers_with_the_outermost_head_that_has_the_same_labels(trained_once: Any) -> None:
    assert trained_once.assemble("fuse(mnli, stsb)").head_for(get_task("xnli")) == "mnli"
    assert trained_once.assemble("stack(mnli, xnli)").head_for(get_task("lingnli")) == "xnli"
    assert trained_once.assemble("average(mnli, stsb)").head_for(get_task("sts-multi")) == "stsb"


def test_a_setup_without_a_fitting_head_is_one_line_with_what_to_do(trained_once: Any) -> None:
    with refused("xquad", "mnli", "stsb", advice="`xadapt train-target xquad --on"):
        trained_once.assemble("average(mnli, stsb)").head_for(get_task("xquad"))
    with refused("xnli", "no head", advice="`xadapt train-target xnli --on"):
        trained_once.assemble("none").head_for(get_task("xnli"))


def test_the_heads_of_a_fusion_replace_those_of_its_members(trained_once: Any) -> None:
    alone, fused = trained_once.assemble("mnli"), trained_once.assemble("fuse(mnli, stsb)")
    assert sorted(fused.heads) == ["mnli", "stsb"]
    before = {k: v for k, v in alone.model.named_parameters() if k.startswith("heads.mnli.")}
    after = {k: v for k, v in fused.model.named_parameters() if k.startswith("heads.mnli.")}
    assert any(not torch.equal(before[key], after[key]) for key in before)


def test_a_head_of_a_task_of_somebody_else_does_no_harm(trained_once: Any) -> None:
    assembly = trained_once.assemble("mnli")
    assembly.heads.append("another-users-own")
    assert assembly.head_for(get_task("xnli")) == "mnli"
    assert assembly.has_labels(get_task("xnli").kind)
    with refused("xquad", "another-users-own", advice="`xadapt train-target xquad"):
        assembly.head_for(get_task("xquad"))


def test_a_head_that_learnt_other_labels_than_the_task_has_is_refused(trained_once: Any) -> None:
    assembly, task = trained_once.assemble("mnli"), get_task("xnli")
    assert assembly.with_head_labels(task, "mnli") is task
    for labels in (("yes", "perhaps", "no"), task.kind.labels[:2]):
        other = relabelled(task, *labels)
        with refused("mnli", *labels, "xnli", advice="train mnli again"):
            assembly.with_head_labels(other, "mnli")


def relabelled(task: Task, *labels: str) -> Task:
    """A task with other labels."""
    return replace(task, kind=replace(task.kind, labels=labels))  # type: ignore[call-arg]


def test_a_head_answers_a_task_with_its_labels_in_any_order_and_case(trained_once: Any) -> None:
    assembly, task = trained_once.assemble("mnli"), replace(get_task("xnli"), name="mine")
    for labels, order in (
        (("contradiction", "neutral", "entailment"), [2, 1, 0]),
        (("Neutral", "CONTRADICTION", "Entailment"), [1, 2, 0]),
        (("Entailment", "Neutral", "Contradiction"), None),
    ):
        other = relabelled(task, *labels)
        assert assembly.head_for(other) == "mnli"
        assert assembly.with_head_labels(other, "mnli") is other
        assert assembly.label_order(other, "mnli") == order
        assert assembly.has_labels(other.kind, any_order=True)
        assert not assembly.has_labels(other.kind)


def test_a_head_with_the_same_order_goes_before_an_outer_one_with_another() -> None:
    task = replace(get_task("xnli"), name="mine", test=Rows("mine", path="mine.csv"))
    turned = relabelled(task, *reversed(task.kind.labels))  # type: ignore[attr-defined]
    tasks = Catalogue([turned])
    assert pick_head(["mnli", "mine"], get_task("xnli"), tasks) == "mnli"
    assert pick_head(["mine"], get_task("xnli"), tasks) == "mine"


def test_kinds_that_differ_in_more_than_the_order_of_their_labels_are_not_alike() -> None:
    pair, text = PairClassification(labels=("a", "b")), TextClassification(labels=("a", "b"))
    assert alike(pair, PairClassification(labels=("b", "A")))
    for other in (text, PairClassification(labels=("a", "b", "c")), PairClassification(labels=("a", "c")), None):
        assert not alike(other, pair)
    assert not alike(PairClassification(labels=("a", "A")), PairClassification(labels=("a", "b")))
    assert alike(PairClassification(labels=("a", "A")), PairClassification(labels=("A", "a")))
    assert not alike(Tagging(labels=("O", "B"), tagset="one"), Tagging(labels=("B", "O"), tagset="two"))


def test_a_head_that_cannot_answer_says_its_labels_and_what_would_make_it_answer() -> None:
    rows = Rows("mine", path="mine.csv")
    task = replace(get_task("xnli"), name="mine", train=None, dev=None, test=rows)
    german = relabelled(task, "Folge", "offen", "Widerspruch")
    with refused("mine", "Folge, offen", "mnli", "entailment, neutral, contradiction", advice="values") as refusal:
        pick_head(["mnli"], german)
    assert "train-target" not in refusal.text, "there is nothing to train it on"
    with refused("mine", "values", advice="`xadapt train-target mine --on"):
        pick_head(["mnli"], replace(german, train=rows, dev=rows))
