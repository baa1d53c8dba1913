"""The language of setups: what is read, how it is printed, and what is refused."""

from __future__ import annotations

import random

import pytest

from tests.error_checks import refused
from xadapt.composition.expression import Node, adapter, add, compose
from xadapt.composition.grammar import parse
from xadapt.composition.specs import words
from xadapt.errors import XadaptError

NAMES = ("mnli", "squad", "stsb", "xnli", "sts-multi", "a", "b_2", "ud-pos")


def random_setup(dice: random.Random, depth: int) -> Node:
    while True:
        kind = dice.choice(("adapter", "sum", *words())) if depth else "adapter"
        if kind == "adapter":
            return adapter(dice.choice(NAMES))
        count = {"continue": 2, "distill": 1}.get(kind) or dice.randint(2, 4)
        children = [random_setup(dice, depth - 1) for _ in range(count)]
        if kind == "continue":
            children[1] = adapter(dice.choice(NAMES))
        must = kind in ("distill", "gate", "greedy_ensemble") or kind.endswith("_soup")
        on = "xnli" if must or (kind == "fuse" and dice.random() < 0.5) else ""
        options = {"rank": 4} if kind == "fuse" and dice.random() < 0.5 else {}
        try:
            if kind == "sum":
                return add([(dice.choice((-1.0, 0.25, 1.0, 2.0)), child) for child in children])
            return compose(kind, *children, on=on, options=options)
        except XadaptError:  # The dice named a member twice.
            continue


SETUPS = [random_setup(random.Random(seed), depth=seed % 4) for seed in range(200)]


def test_what_is_printed_is_read_back_as_the_same_setup() -> None:
    assert len(set(SETUPS)) > 100
    for node in SETUPS:
        assert parse(str(node)) == node
    assert parse("none") == Node("none")


def test_printing_is_a_fixed_point_whatever_the_spacing() -> None:
    for node in SETUPS:
        loose = str(node).replace("(", "\n ( ").replace(",", "\t,").replace(")", " )  ")
        assert str(parse(loose)) == str(node)


@pytest.mark.parametrize("kind", ["fuse", "average"])
def test_members_of_order_free_compositions_are_sorted(kind: str) -> None:
    assert str(parse(f"{kind}(stsb, mnli, squad)")) == f"{kind}(mnli, squad, stsb)"
    assert parse(f"{kind}(average(b, a), mnli)") == parse(f"{kind}(mnli, average(a, b))")


def test_a_stack_and_a_continuation_keep_their_order() -> None:
    assert str(parse("stack(squad, mnli)")) == "stack(squad, mnli)"
    assert str(parse("continue(squad, mnli)")) == "continue(squad, mnli)"
    assert parse("stack(squad, mnli)") != parse("stack(mnli, squad)")


@pytest.mark.parametrize("text", ["stack(stack(a, b), c)", "stack(a, stack(b, c))", "stack(a, b, c)"])
def test_stacks_of_stacks_are_one_stack(text: str) -> None:
    assert str(parse(text)) == "stack(a, b, c)"


def test_a_stack_inside_an_ensemble_stays() -> None:
    assert str(parse("ensemble(stack(b, a), c)")) == "ensemble(c, stack(b, a))"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("squad + mnli - stsb", "mnli + squad - stsb"),
        ("-stsb + mnli", "mnli - stsb"),
        ("a + (b - 0.5*(c + d))", "a + b - 0.5*c - 0.5*d"),
        ("a + a", "2*a"),
        ("stack(- a, b)", "stack(-a, b)"),
        ("(a)", "a"),
        ("average(2*b, a)", "average(a, 2*b)"),
        ("average(0.5*a, .5*b)", "average(a, b)"),
        ("ties(a, 0.5*b, density=.30)", "ties(a, 0.5*b, density=0.3)"),
        ("fuse(b, a, rank=16)@xnli", "fuse(a, b, rank=16)@xnli"),
        ("average(a + b, c)", "average(a + b, c)"),
        ("stack(ensemble(b, a), t)", "ensemble(stack(a, t), stack(b, t))"),
        ("continue(ensemble(b, a), t)", "ensemble(continue(a, t), continue(b, t))"),
        ("stack(x, ensemble(b, a), t)", "ensemble(stack(x, a, t), stack(x, b, t))"),
        ("greedy_soup(b, a)@xnli", "greedy_soup(a, b)@xnli"),
        ("distill(ensemble(b, a)) @ xnli", "distill(ensemble(a, b))@xnli"),
        ("distill(a, unlabelled=2e2)@xnli", "distill(a, unlabelled=200)@xnli"),
        ("stack(distill(ensemble(b, a))@t, t)", "stack(distill(ensemble(a, b))@t, t)"),
        ("sick-r - sts-multi", "sick-r - sts-multi"),
    ],
)
def test_weights_sums_options_and_ensembles_have_one_form(text: str, printed: str) -> None:
    assert str(parse(text)) == printed
    assert parse(printed) == parse(text)


@pytest.mark.parametrize(
    ("text", "subject", "advice"),
    [
        ("a - a", "sum", ""),
        ("average(a, -b)", "average(…)", "a difference as a sum"),
        ("average(stack(a, b), c)", "stack(a, b) cannot be a member of average(…)", "one adapter"),
        ("fuse(fuse(a, b), c)", "fuse(a, b) cannot be a member of fuse(…)", "one adapter"),
        ("fuse(a, b) + c", "fuse(a, b) cannot be a member of a sum", "one adapter"),
        ("fuse(a, ensemble(b, c))", "ensemble(b, c) cannot be a member of fuse(…)", ""),
        ("ensemble(a, ensemble(b, c))", "ensemble(b, c) cannot be a member of ensemble(…)", ""),
        ("multitask(a, average(b, c))", "average(b, c) cannot be a member of multitask(…)", "tasks"),
        ("greedy_soup(a, b)", "greedy_soup(…)", "@TASK"),
        ("gate(a, b)", "gate(…)", "@TASK"),
        ("average(a, gate(b, c)@xnli)", "gate(b, c)@xnli cannot be a member of average(…)", "one adapter"),
        ("multitask(a, b)@xnli", "@xnli", "fusions and soups"),
        ("distill(a, b)@xnli", "distill(…)", "one member"),
        ("distill(none)@xnli", "'none'", ""),
        ("distill(a)", "distill(…)", "@TASK"),
        ("distill(a, unlabelled=0.5)@xnli", "unlabelled=0.5", "whole number"),
        ("stack(a, b, rank=3)", "options", ""),
        ("fuse(a, b, rnk=3)", "'rnk'", "'rank'"),
        ("fuse(a, b, rank=0)", "rank=0", "whole number from 1"),
        ("fuse(a, b, rank=x)", "rank=x", "number"),
        ("ties(a, b, density=2)", "density=2", "at most 1"),
        ("a +", "character 4", "name"),
    ],
)
def test_what_cannot_be_put_together_is_one_line(text: str, subject: str, advice: str) -> None:
    with refused(text, subject, advice=advice):
        parse(text)


def test_a_fusion_learnt_on_a_target_is_another_setup() -> None:
    assert str(parse("fuse(squad, mnli) @ xnli")) == "fuse(mnli, squad)@xnli"
    assert parse("fuse(mnli, squad)@xnli") != parse("fuse(mnli, squad)")
    assert parse("stack(fuse(mnli, squad)@xnli, stsb)").adapters() == ("mnli", "squad", "stsb")


def test_adapters_are_named_once_from_left_to_right() -> None:
    assert parse("stack(fuse(stsb, mnli), average(mnli, xnli), squad)").adapters() == ("mnli", "stsb", "xnli", "squad")
    assert parse("none").adapters() == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("fuse(mnli, squad", "character 5"),
        ("fuse(", "character 5"),
        ("fuse(mnli,", "character 5"),
        ("fuse(mnli, fuse(squad, stsb)", "character 5"),
        ("fuse(mnli,, squad)", "character 11"),
        ("fuse()", "character 6"),
        ("fuse(mnli squad)", "character 11"),
        ("fuse(mnli, squad))", "character 18"),
        ("fuse(mnli, fuse(squad, stsb) (xnli))", "character 30"),
        ("fuse(mnli, fuse(squad, stsb) (xnli)", "character 30"),
        ("mnli squad", "character 6"),
        (", mnli", "character 1"),
        ("  )", "character 3"),
        ("fuse(mnli, sq.ad)", "character 14"),
        ("fuse", "character 1"),
        ("stack(mnli, average)", "character 13"),
        ("stack(mnli, fuze(squad, stsb))", "character 13"),
        ("mnli(squad, stsb)", "character 1"),
        ("stack(xnli, fuse(mnli))", "character 13"),
        ("fuse(mnli, none)", "character 1"),
        ("fuse(mnli, squad)@", "character 18"),
        ("fuse(mnli, squad)@(xnli)", "character 18"),
        ("stack(mnli, squad)@xnli", "character 1"),
        ("mnli@xnli", "character 5"),
        ("@xnli", "character 1"),
    ],
)
def test_a_syntax_error_is_one_line_that_says_where(text: str, where: str) -> None:
    with refused(repr(text), f"{where}:"):
        parse(text)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_setup_says_what_could_be_there(text: str) -> None:
    with refused("setup", advice="name an adapter"):
        parse(text)


def test_a_mistyped_composition_gets_the_nearest_one() -> None:
    with refused("'avrage'", "character 1", advice="'average'"):
        parse("avrage(mnli, squad)")


def test_a_setup_nested_out_of_all_reason_is_one_line() -> None:
    deep = "mnli"
    for number in range(200):
        deep = f"stack(fuse({deep}, a{number}), b{number})"
    with refused("nested") as refusal:
        parse(deep)
    assert len(refusal.text) < 200


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a" * 101,
            "a" * 100_000,
            "1e999*mnli",
            "-1e400*mnli + squad",
            "fuse(a, b, rank=1e300)",
            "fuse(a, b, rank=nan)",
        ),
        *("ties(a, b, density=inf)", "(" * 5000 + "a", "\x1b[31m", "stack(a, \u202eb)"),
        f"stack({', '.join(f'ensemble(a{i}, b{i})' for i in range(30))})",
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_is_out_of_all_bounds_is_one_short_line(text: str) -> None:
    with refused("setup") as refusal:
        parse(text)
    assert len(refusal.text) < 500
    assert refusal.text.isprintable()


@pytest.mark.parametrize("kind", ["stack", "average", "fuse", "continue"])
def test_a_composition_of_one_member_is_refused(kind: str) -> None:
    with refused(f"{kind}(mnli)", "got 1", advice="two" if kind == "continue" else "at least 2"):
        parse(f"{kind}(mnli)")


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("fuse(mnli, mnli)", "mnli"),
        ("average(average(a, b), average(b, a))", "average(a, b)"),
        ("stack(mnli, squad, mnli)", "mnli"),
        ("stack(stack(mnli, squad), squad)", "squad"),
        ("continue(mnli, mnli)", "mnli"),
    ],
)
def test_a_member_named_twice_is_refused(text: str, member: str) -> None:
    with refused(text, f"names {member} twice"):
        parse(text)


@pytest.mark.parametrize("text", ["fuse(mnli, none)", "stack(none, mnli)", "continue(none, mnli)"])
def test_none_cannot_be_a_member(text: str) -> None:
    with refused(text, "'none'"):
        parse(text)


def test_continue_takes_exactly_two_and_ends_with_a_task() -> None:
    with refused("continue(…)", "got 3", advice="two members"):
        parse("continue(mnli, squad, xnli)")
    with refused("continue(…)", "average(squad, xnli)", advice="the task"):
        parse("continue(mnli, average(squad, xnli))")
    assert str(parse("continue(average(squad, mnli), xnli)")) == "continue(average(mnli, squad), xnli)"


def test_an_unknown_composition_cannot_be_built() -> None:
    with refused("'fusse'", advice="'fuse'"):
        compose("fusse", adapter("a"), adapter("b"))
