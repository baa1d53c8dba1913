"""Soups: which members are taken, with which weights, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.error_checks import refused
from xadapt.composition.builder import layer_name
from xadapt.composition.grammar import parse
from xadapt.methods.adapter import adapter_state
from xadapt.training.plan import plan_soup, plan_target
from xadapt.training.soup import Weights, greedy


def scored(values: dict[frozenset[int], float]) -> Any:
    def score(weights: Weights) -> float:
        assert abs(sum(weights) - 1) < 1e-9
        chosen = frozenset(i for i, weight in enumerate(weights) if weight)
        assert len({weight for weight in weights if weight}) == 1
        return values[chosen]

    return score


def of(*members: int) -> frozenset[int]:
    return frozenset(members)


def test_a_greedy_soup_begins_with_the_best_and_keeps_what_does_not_hurt() -> None:
    values = {of(0): 50.0, of(1): 70.0, of(2): 60.0, of(1, 2): 70.0, of(0, 1, 2): 69.0}
    assert greedy(3, scored(values)) == ((0.0, 0.5, 0.5), 70.0)


def test_a_greedy_soup_of_members_that_do_not_mix_is_the_best_one_alone() -> None:
    values = {of(0): 50.0, of(1): 70.0, of(2): 60.0, of(1, 2): 10.0, of(0, 1): 10.0}
    assert greedy(3, scored(values)) == ((0.0, 1.0, 0.0), 70.0)


def test_a_member_that_did_not_fit_does_not_stop_the_next() -> None:
    values = {of(0): 50.0, of(1): 70.0, of(2): 60.0, of(1, 2): 10.0, of(0, 1): 80.0}
    assert greedy(3, scored(values)) == ((0.5, 0.5, 0.0), 80.0)


@pytest.mark.parametrize("method", ["greedy", "learned"])
def test_a_soup_is_stored_as_one_adapter_of_the_stated_mixture(trained: Any, method: str) -> None:
    made = trained.train(plan_soup(["mnli", "stsb"], "xnli", method))
    setup = f"{method}_soup(mnli, stsb)@xnli"
    assert (made.setup, made.heads) == (setup, ["xnli"])
    mixture = made.record.figures.mixture
    assert list(mixture) == ["mnli", "stsb"]
    assert sum(mixture.values()) == pytest.approx(1, abs=1e-4)
    whole = adapter_state(trained.assemble(setup).model, layer_name(parse(setup)))
    members = {name: adapter_state(trained.assemble(name).model, name) for name in mixture}
    for key, value in whole.items():
        expected = sum(weight * members[name][key] for name, weight in mixture.items())
        torch.testing.assert_close(value, expected, atol=2e-3, rtol=2e-3)
    assert (made.path / "README.md").read_text().startswith("---")


def test_the_weights_are_those_of_the_best_dev_score_that_was_seen(trained: Any) -> None:
    for method in ("greedy", "learned"):
        figures = trained.train(plan_soup(["mnli", "squad", "stsb"], "xnli", method)).record.figures
        seen = {tuple(entry["weights"]): entry["dev"] for entry in figures.history}
        assert seen[tuple(figures.mixture.values())] == max(seen.values()) or method == "greedy"
        assert seen[tuple(figures.mixture.values())] >= max(
            score for weights, score in seen.items() if max(weights) == 1
        )


def test_members_with_a_head_of_their_own_for_the_task_give_a_soup_of_heads(trained: Any) -> None:
    ends = [trained.train(plan_target("xnli", name, "continue")).setup for name in ("mnli", "stsb")]
    made = trained.train(plan_soup(ends, "xnli", "learned"))
    first, second = (trained.assemble(end).model.heads["xnli"].state_dict() for end in ends)
    one, other = made.record.figures.mixture.values()
    for key, value in trained.assemble(made.setup).model.heads["xnli"].state_dict().items():
        torch.testing.assert_close(value, one * first[key] + other * second[key], atol=2e-3, rtol=2e-3)


def test_a_soup_that_is_there_is_not_made_again(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained.train(plan_soup(["mnli", "stsb"], "xnli"))
    monkeypatch.setattr("xadapt.training.soup.greedy", None)
    assert trained.train(plan_soup(["mnli", "stsb"], "xnli")).run == first.run


def test_a_soup_that_no_head_can_answer_for_is_one_line(trained: Any) -> None:
    with refused("xquad", advice="`xadapt train-target xquad"):
        trained.train(plan_soup(["mnli", "stsb"], "xquad"))


def test_an_unknown_method_is_one_line_that_names_both() -> None:
    with refused("method='uniform'", advice="greedy or learned"):
        plan_soup(["mnli", "stsb"], "xnli", "uniform")
