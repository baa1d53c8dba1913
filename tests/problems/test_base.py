"""A task is bound to a base: its length, its layer, the example of its head."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.problems import bind
from xadapt.tasks import get_task
from xadapt.tasks.specs import KindSpec, all_specs


def test_what_is_not_trained_pools_the_bases_own_layer_and_what_is_trained_the_last(tiny: Any) -> None:
    base = replace(tiny, sentence_layer=1)
    layers = {name: bind(get_task(name), base).details()["layer"] for name in ("tatoeba", "bucc", "lareqa", "mewslix")}
    assert layers == {"tatoeba": 1, "bucc": 1, "lareqa": 2, "mewslix": 2}


def test_a_stated_layer_is_taken(tiny: Any) -> None:
    assert bind(get_task("lareqa"), tiny, layer=0).details()["layer"] == 0


@pytest.mark.parametrize(
    ("task", "layer", "subjects"),
    [("xnli", 1, ("layer", "xnli", "pair-classification")), ("tatoeba", 3, ("layer=3", "0 (embeddings) to 2"))],
)
def test_a_layer_that_cannot_be_is_refused_in_one_line(
    tiny: Any, task: str, layer: int, subjects: tuple[str, ...]
) -> None:
    with refused(*subjects):
        bind(get_task(task), tiny, layer=layer)


def test_lengths_are_the_problems_own_unless_stated(tiny: Any) -> None:
    assert bind(get_task("xnli"), tiny, 32).max_length == 32
    assert bind(get_task("xnli"), tiny).max_length == 128


@pytest.mark.parametrize("spec", [spec for spec in all_specs() if spec.head], ids=lambda spec: spec.name)
def test_the_example_of_a_head_is_code_that_encodes_a_row(tiny: Any, spec: KindSpec) -> None:
    encoded = eval(f'tokenizer({spec.head.example}, return_tensors="pt")', {"tokenizer": tiny.tokenizer})
    assert encoded["input_ids"].ndim == 2
