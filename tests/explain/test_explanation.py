"""A setup explained on a task's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt.composition.builder import assemble
from xadapt.composition.grammar import parse
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.explain import explanation as explaining
from xadapt.explain.attention import attention_layers
from xadapt.explain.explanation import explain, explained_part
from xadapt.problems.predict import TOKEN_BUDGET
from xadapt.tasks import get_task


def explained(lab: Any, setup: str, task: str, languages: str = "all", **options: Any) -> Any:
    context = lab.asked(options)
    return explain(context, parse(setup), get_task(task), languages, EvalSettings(**{"max_length": 48, **options}))


@pytest.fixture
def preferring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is loaded as a fusion is set by hand to prefer its second member in the first layer only."""

    def changed(*arguments: Any) -> Any:
        assembly = assemble(*arguments)
        first, second = attention_layers(assembly.model).values()
        adapters = list(assembly.model.roberta.encoder.layer[0].output.adapters.values())
        with torch.no_grad():
            for layer in (first, second):
                layer.query.weight.zero_()
                layer.query.bias.zero_()
            for number, adapter in enumerate(adapters[:2]):
                adapter.adapter_up.weight.zero_()
                adapter.adapter_up.bias.fill_(float(number))
            first.key.weight.copy_(torch.eye(32))
            first.query.bias[0] = 5.0
        return assembly

    monkeypatch.setattr(explaining, "assemble", changed)


@pytest.mark.usefixtures("preferring")
def test_a_fusion_set_to_prefer_one_member_is_reported_so_in_each_language(trained_once: Any) -> None:
    found = explained(trained_once, "fuse(mnli, stsb)", "xnli")
    assert (found.members, found.layers, found.fused) == (("mnli", "stsb"), ("1", "2"), True)
    assert list(found.languages) == ["en", "de"]
    high = 1 / (1 + np.exp(-5))
    for language in ("", "en", "de"):
        attention = found.attention(language)
        expected = [[1 - high, high], [0.5, 0.5], [0.75 - high / 2, 0.25 + high / 2]]
        np.testing.assert_allclose(attention.weights, expected, atol=1e-5)
        np.testing.assert_allclose(attention.entropy[1], 1, atol=1e-6)
    assert found.languages["de"].rows == 12
    assert found.languages["de"].tokens > 12 * 5


def test_the_setup_may_hold_the_fusion_below_a_target_adapter(trained: Any) -> None:
    from xadapt.training.plan import plan_target

    trained.train(plan_target("xnli", "fuse(mnli, stsb)"))
    alone = explained(trained, "fuse(mnli, stsb)", "xnli", "de")
    below = explained(trained, "stack(fuse(mnli, stsb), xnli)", "xnli", "de")
    assert (below.setup, below.explained) == ("stack(fuse(mnli, stsb), xnli)", "fuse(mnli, stsb)")
    assert below.facts["checkpoints"].keys() == {"mnli", "stsb", "fuse(mnli, stsb)", "stack(fuse(mnli, stsb), xnli)"}
    # The first layer reads the same in both; above it the target adapter has changed what is read.
    np.testing.assert_allclose(below.attention().weights[0], alone.attention().weights[0], atol=1e-6)
    assert not np.allclose(below.similarity().cosine[1], alone.similarity().cosine[1], atol=1e-5)


@pytest.mark.parametrize("setup", ["fuse(mnli, stsb)", "average(mnli, stsb)"])
def test_padding_does_not_change_the_numbers(trained_once: Any, monkeypatch: pytest.MonkeyPatch, setup: str) -> None:
    padded = explained(trained_once, setup, "xnli", "de")
    monkeypatch.setitem(TOKEN_BUDGET, "cpu", 1)
    alone = explained(trained_once, setup, "xnli", "de")
    if padded.fused:
        np.testing.assert_allclose(alone.attention().weights, padded.attention().weights, atol=1e-6)
        np.testing.assert_allclose(alone.attention().spread, padded.attention().spread, atol=1e-6)
    np.testing.assert_allclose(alone.similarity().cosine, padded.similarity().cosine, atol=1e-5)
    assert alone.languages["de"].tokens == padded.languages["de"].tokens


@pytest.mark.parametrize("task", ["xquad", "xcopa", "udpos", "tatoeba", "lareqa", "siqa"])
def test_tasks_of_every_kind_are_explained_though_the_setup_has_no_head_for_them(trained_once: Any, task: str) -> None:
    counted: list[int] = []
    display = SpyDisplay(start=lambda language, rows: counted.append(-rows), advance=counted.append)
    found = explained(trained_once, "fuse(mnli, stsb)", task, limit=4, display=display)
    assert all(figures.rows == 4 for figures in found.languages.values())
    np.testing.assert_allclose(found.attention().weights.sum(axis=-1), 1, atol=1e-6)
    assert sum(counted) == 0


def test_the_mean_counts_languages_alike_and_its_spread_is_that_of_all_rows(trained_once: Any) -> None:
    found = explained(trained_once, "fuse(mnli, stsb)", "xnli")
    en, de, mean = (found.attention(language) for language in ("en", "de", ""))
    np.testing.assert_allclose(mean.weights, (en.weights + de.weights) / 2)
    variance = (en.spread**2 + de.spread**2) / 2 + ((en.weights - de.weights) / 2) ** 2
    np.testing.assert_allclose(mean.spread, np.sqrt(variance))
    assert found.uniform == 0.5


def test_members_that_are_not_fused_are_compared_on_the_bare_base(trained_once: Any) -> None:
    average = explained(trained_once, "average(mnli, squad, stsb)", "xnli", "de")
    assert (average.fused, average.members) == (False, ("mnli", "squad", "stsb"))
    assert average.languages["de"].attention is None
    again = explained(trained_once, "ensemble(stsb, mnli)", "xnli", "de")
    np.testing.assert_allclose(again.similarity().cosine[:, 0, 1], average.similarity().cosine[:, 0, 2], atol=1e-5)


@pytest.mark.parametrize(
    ("setup", "part"),
    [
        ("fuse(mnli, stsb)", "fuse(mnli, stsb)"),
        ("stack(fuse(average(mnli, squad), stsb), xnli)", "fuse(average(mnli, squad), stsb)"),
        ("stack(average(average(mnli, squad), stsb), xnli)", "average(average(mnli, squad), stsb)"),
        ("stack(mnli + squad - stsb, xnli)", "mnli + squad - stsb"),
        ("greedy_soup(mnli, squad)@xnli", "greedy_soup(mnli, squad)@xnli"),
        ("stack(ensemble(mnli, squad), xnli)", "ensemble(stack(mnli, xnli), stack(squad, xnli))"),
        ("ensemble(fuse(mnli, squad), stsb)", "ensemble(fuse(mnli, squad), stsb)"),
        ("stack(continue(average(mnli, squad), stsb), average(mnli, stsb))", "average(mnli, stsb)"),
    ],
)
def test_the_fusion_is_explained_or_else_the_outermost_composition_side_by_side(setup: str, part: str) -> None:
    assert str(explained_part(parse(setup))) == part


@pytest.mark.parametrize(
    ("setup", "why", "advice"),
    [
        ("mnli", "one adapter", "fuse(mnli, squad)"),
        ("none", "bare base", "fuse(mnli, squad)"),
        ("stack(mnli, squad)", "one adapter on another", "fuse(mnli, squad)"),
        ("continue(average(mnli, squad), xnli)", "one adapter", "fuse(mnli, squad)"),
        ("multitask(mnli, squad)", "one adapter", "fuse(mnli, squad)"),
        ("stack(fuse(mnli, squad), fuse(mnli, stsb))", "2 fusions", "such as fuse(mnli, squad)"),
    ],
)
def test_a_setup_that_cannot_be_explained_says_why(setup: str, why: str, advice: str) -> None:
    with refused(setup, why, advice=advice):
        explained_part(parse(setup))
