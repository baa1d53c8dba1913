"""What a recipe's fusions attend to is explained once, with the recipe's own checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from xadapt.display import Display, RowProgress
from xadapt.experiments.fusion_explanations import fusions_explained
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import Replicate

FUSED = "fuse(mnli, stsb)"


def recipe(**targets: Any) -> Recipe:
    return Recipe(name="r", title="R", setups=["mnli", FUSED], ready=[FUSED], targets=targets)


def test_each_target_that_asks_for_it_has_its_fusion_explained_once(trained: Any) -> None:
    titles: list[str] = []

    class Titles(Display):
        @contextmanager
        def rows(self, title: str) -> Iterator[RowProgress]:
            titles.append(title)
            yield RowProgress()

    context = replace(trained.context, display=Titles())
    asked = recipe(xnli={"explain": 2, "languages": "en,de", "setups": ["mnli", FUSED]}, tatoeba={})
    pins = {(Replicate(42), FUSED): trained.store.find(FUSED, trained.backbone.fingerprint)}
    (first,) = fusions_explained(context, asked, pins)
    assert (first.task, first.setup, list(first.languages)) == ("xnli", FUSED, ["en", "de"])
    assert first.checkpoints[FUSED] == pins[Replicate(42), FUSED].run
    assert first.languages["de"].rows == 2
    assert titles == [f"explain {FUSED} on xnli"]
    assert fusions_explained(context, asked, pins) == [first]
    assert len(titles) == 1


def test_nothing_is_explained_where_nothing_asks(trained: Any) -> None:
    assert fusions_explained(trained.context, recipe(tatoeba={}), {}) == []
