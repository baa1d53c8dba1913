"""Which difference each target of a recipe could show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.made_up_results import measured, result
from xadapt.experiments.prospects import Prospect, prospects
from xadapt.experiments.recipe import Recipe
from xadapt.store.store import Store

__all__ = ["measured", "result"]


def recipe(**target: Any) -> Recipe:
    return Recipe(
        name="small", title="Small", seeds=[1, 2, 3], setups=["mnli", "stsb"], targets={"xnli": target, "pawsx": {}}
    )


@pytest.fixture
def store(measured: Any, tmp_path: Path) -> Store:
    found = Store(tmp_path)
    for setup in ("mnli", "fuse(mnli, stsb)"):
        for seed in (1, 2, 3):
            found.write_result(measured(setup, {"en": 0.6, "de": 0.5, "sw": 0.5}, seed, n=100))
    return found


def test_a_target_that_was_measured_could_show_less_with_fewer_rows_and_seeds(store: Store) -> None:
    whole, other = prospects(recipe(), store, "e5-small")
    assert (whole.task, whole.seeds, whole.rows) == ("xnli", 3, 100)
    assert whole.points is not None
    assert "could show" in str(whole)
    assert (other.points, other.rows, other.descriptive) == (None, None, False)
    assert "not known" in str(other)
    fewer = prospects(recipe(limit=10), store, "e5-small")[0]
    more = prospects(recipe(seeds=[1, 2, 3, 4, 5]), store, "e5-small")[0]
    assert fewer.rows == 10
    assert fewer.points > whole.points > more.points
    assert fewer.descriptive


def test_results_on_another_base_say_nothing(store: Store) -> None:
    assert prospects(recipe(), store, "xlm-roberta-base")[0].points is None


def test_one_seed_is_descriptive_only(store: Store) -> None:
    assert (
        str(prospects(recipe(seeds=[1]), store, "e5-small")[0])
        == "xnli: one seed shows no difference: descriptive only"
    )


@pytest.mark.parametrize(("points", "only"), [(2.9, False), (3.1, True)])
def test_three_points_are_wanted(points: float, only: bool) -> None:
    assert Prospect("xnli", 3, 200.0, points).descriptive is only
