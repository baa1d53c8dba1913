"""Adapters above a trunk: it is computed once for all epochs, seeds, setups and tasks, and changes no result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from xadapt.store.store import Store
from xadapt.training.plan import plan_fusion, plan_target, plan_task

TOP = {"adapter_layers": "1", "epochs": 2.0}


@pytest.fixture
def rows_below(lab: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts went through the lowest layer, call by call."""
    from xadapt.backbone.encoder import SplitEncoder

    seen: list[int] = []
    below = SplitEncoder._below

    def counted(self: Any, hidden: torch.Tensor, *rest: Any) -> torch.Tensor:
        seen.append(len(hidden))
        return below(self, hidden, *rest)

    monkeypatch.setattr(SplitEncoder, "_below", counted)
    return seen


def test_a_cache_changes_no_training(
    lab: Any, tmp_path: Path, stored: Callable[[Path], dict[str, torch.Tensor]], rows_below: list[int]
) -> None:
    cached = lab.train(plan_task("mnli"), **TOP)
    with_cache, rows_below[:] = sum(rows_below), []
    other = lab.with_store(Store(tmp_path / "other", lab.store.shipped, cache_size="0"))
    plain = other.train(plan_task("mnli"), **TOP)
    # Two epochs of the same rows.
    assert with_cache <= sum(rows_below) / 2
    assert not (tmp_path / "other" / "cache").exists()
    expected = stored(plain.path)
    for key, value in stored(cached.path).items():
        torch.testing.assert_close(value, expected[key], atol=2e-3, rtol=1e-2)


def test_another_seed_setup_or_evaluation_takes_the_trunk_from_the_cache(lab: Any, rows_below: list[int]) -> None:
    lab.train(plan_task("mnli"), **TOP)
    assert rows_below
    rows_below.clear()
    lab.train(plan_task("mnli"), **TOP, seed=7)
    lab.train(plan_target("xnli", "mnli"), **TOP)
    assert not rows_below
    lab.evaluate("mnli", "xnli", "de")
    assert rows_below
    rows_below.clear()
    lab.evaluate("stack(mnli, xnli)", "xnli", "de")
    lab.evaluate("ensemble(mnli, stack(mnli, xnli))", "xnli", "de")
    assert not rows_below


def test_a_fusion_of_adapters_above_a_trunk_is_above_it_too(lab: Any, rows_below: list[int]) -> None:
    for name in ("mnli", "stsb"):
        lab.train(plan_task(name), **TOP)
    rows_below.clear()
    lab.train(plan_fusion(["mnli", "stsb"]), limit=8)
    assert not rows_below
    assert lab.assemble("fuse(mnli, stsb)").model.roberta.encoder.start == 1


def test_an_ensemble_without_a_cache_computes_the_trunk_once(lab: Any, rows_below: list[int]) -> None:
    from xadapt.composition.answering import answer_with
    from xadapt.composition.grammar import parse
    from xadapt.tasks import get_task

    lab.train(plan_task("mnli"), **TOP)
    lab.train(plan_target("xnli", "mnli"), **TOP)
    task, rows = get_task("xnli"), lab.source.test(get_task("xnli"), "de", None).rows
    rows_below.clear()
    answer_with(lab.context, parse("ensemble(mnli, stack(mnli, xnli))"), task).predict(rows)
    assert sum(rows_below) == len(rows)


def test_adapters_in_all_layers_leave_no_trunk(lab: Any, rows_below: list[int]) -> None:
    lab.train(plan_task("mnli"))
    lab.evaluate("mnli", "xnli", "de")
    assert not rows_below
    assert not (lab.store.root / "cache" / "trunk").exists()
