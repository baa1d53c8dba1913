"""``target`` in a setup is replaced by a task's adapter, wherever it stands."""

from __future__ import annotations

import pytest

from tests.error_checks import refused
from xadapt.composition.grammar import parse
from xadapt.composition.placeholder import for_any_target, names_target, with_target


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("target", "xnli"),
        ("stack(squad, target)", "stack(squad, xnli)"),
        ("continue(squad, target)", "continue(squad, xnli)"),
        ("average(0.7*target, 0.3*squad)", "average(0.3*squad, 0.7*xnli)"),
        ("squad + target - zeta", "squad + xnli - zeta"),
        ("greedy_soup(squad, stsb)@target", "greedy_soup(squad, stsb)@xnli"),
        ("ensemble(continue(a, target), target)", "ensemble(continue(a, xnli), xnli)"),
        ("fuse(a, b)@other", "fuse(a, b)@other"),
    ],
)
def test_the_word_becomes_the_task_in_the_canonical_form(text: str, made: str) -> None:
    assert str(with_target(parse(text), "xnli")) == made


@pytest.mark.parametrize("text", ["target", "fuse(a, target, zeta)@target", "average(0.7*target, 0.3*squad)"])
def test_a_task_becomes_the_word_again_in_one_order_for_all_tasks(text: str) -> None:
    for task in ("aa", "xnli", "zz"):
        assert for_any_target(with_target(parse(text), task), task) == parse(text)


def test_members_are_sorted_as_if_the_task_had_been_written() -> None:
    filled = with_target(parse("fuse(zeta, target, rank=16)@target"), "xnli")
    assert filled == parse("fuse(xnli, zeta, rank=16)@xnli")
    assert str(filled) == "fuse(xnli, zeta, rank=16)@xnli"


def test_a_setup_without_the_word_is_left_as_it_is() -> None:
    node = parse("stack(fuse(a, b)@xnli, stsb)")
    assert not names_target(node)
    assert with_target(node, "xnli") is node


def test_a_task_that_is_a_member_already_is_refused() -> None:
    with refused("xnli", "twice"):
        with_target(parse("fuse(xnli, target)"), "xnli")
