"""What a training command is about to do."""

from __future__ import annotations

import pytest

from tests.error_checks import refused
from xadapt.training.plan import plan_fusion, plan_target, plan_task


def test_a_first_adapter_is_trained_on_the_bare_base() -> None:
    plan = plan_task("mnli")
    assert (plan.trains, str(plan.makes), str(plan.under)) == ("adapter", "mnli", "none")
    assert [task.name for task in plan.tasks] == ["mnli"]


def test_a_fusion_learns_from_its_members_own_tasks_in_canonical_order() -> None:
    plan = plan_fusion(["stsb", "average(squad, mnli)"])
    assert (plan.trains, str(plan.makes)) == ("fusion", "fuse(average(mnli, squad), stsb)")
    assert [task.name for task in plan.tasks] == ["mnli", "squad", "stsb"]


def test_a_fusion_on_a_target_learns_from_that_task_alone_and_is_named_so() -> None:
    plan = plan_fusion(["squad", "mnli"], "xnli")
    assert [task.name for task in plan.tasks] == ["xnli"]
    assert str(plan.makes) == "fuse(mnli, squad)@xnli"


def test_a_target_is_trained_on_the_setup_it_was_given() -> None:
    plan = plan_target("xnli", "fuse(squad, mnli)")
    assert (plan.trains, str(plan.makes), str(plan.under)) == (
        "target",
        "stack(fuse(mnli, squad), xnli)",
        "fuse(mnli, squad)",
    )


def test_a_target_on_a_stack_makes_the_stack_higher() -> None:
    assert str(plan_target("xnli", "stack(mnli, squad)").makes) == "stack(mnli, squad, xnli)"


def test_a_target_on_none_is_a_first_adapter() -> None:
    for mode in ("stack", "continue"):
        assert plan_target("xnli", "none", mode) == plan_task("xnli")


def test_a_continuation_starts_from_one_adapters_weights() -> None:
    plan = plan_target("xnli", "average(squad, mnli)", "continue")
    assert (plan.trains, str(plan.makes), str(plan.under)) == (
        "continue",
        "continue(average(mnli, squad), xnli)",
        "average(mnli, squad)",
    )


@pytest.mark.parametrize("under", ["fuse(mnli, squad)", "stack(mnli, squad)"])
def test_what_is_not_one_adapter_cannot_be_continued(under: str) -> None:
    with refused("mode=continue", under, advice="mode=stack"):
        plan_target("xnli", under, "continue")


@pytest.mark.parametrize("member", ["fuse(mnli, squad)", "stack(mnli, squad)"])
def test_what_is_not_one_adapter_cannot_be_fused(member: str) -> None:
    with refused(member, "fuse(…)", advice="single adapters"):
        plan_fusion([member, "stsb"])


def test_a_task_without_training_rows_is_refused_with_what_to_do_instead() -> None:
    for make in (lambda: plan_task("tatoeba"), lambda: plan_target("tatoeba", "mnli")):
        with refused("tatoeba", advice="`xadapt evaluate tatoeba`"):
            make()


def test_mistakes_are_found_before_anything_is_loaded() -> None:
    with refused("'mnlii'", advice="'mnli'"):
        plan_task("mnlii")
    with refused("mode='stcak'", advice="stack"):
        plan_target("xnli", "mnli", "stcak")
    with refused("fuse(…)", "got 1", advice="at least 2"):
        plan_fusion(["mnli"])
    with refused("stack(…)", "xnli twice"):
        plan_target("xnli", "stack(mnli, xnli)")
