"""Which head of a setup answers a task, and in which labels."""

from __future__ import annotations

from typing import Any

import torch

from tests.error_checks import refused
from xadapt.tasks import get_task


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
    from dataclasses import replace

    assembly, task = trained_once.assemble("mnli"), get_task("xnli")
    assert assembly.with_head_labels(task, "mnli") is task
    turned = replace(task, kind=replace(task.kind, labels=task.kind.labels[::-1]))
    with refused("mnli", *task.kind.labels, "xnli", advice="train mnli again"):
        assembly.with_head_labels(turned, "mnli")
