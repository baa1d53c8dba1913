"""Made-up results in the stored format."""

from typing import Any

import pytest


@pytest.fixture
def result():
    """Make a result of a setup from its scores by language; everything else can be overridden."""

    def make(setup: str, scores: dict[str, float], n: int = 2000, **other: Any) -> dict[str, Any]:
        metric = other.get("metric", "accuracy")
        rows = {code: {"n": n, "split": "test", metric: score} for code, score in scores.items()}
        made = {
            "format": 1,
            "task": "xnli",
            "kind": "pair-classification",
            "metric": metric,
            "setup": setup,
            "base": "minilm",
            "seed": 42,
            "data": "hub",
            "limit": None,
            "head": "xnli",
            "languages": rows,
            "mean": {},
            "details": {},
            **other,
        }
        made.setdefault("run", f"{setup}/{made['seed']}/{made['details']}")
        return made

    return make


@pytest.fixture
def fusion_loses(result):
    """English prefers mnli, the target languages prefer stsb, and the fusion is between the two."""
    return [
        result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0, "sw": 50.0}),
        result("stack(stsb, xnli)", {"en": 65.0, "de": 61.0, "sw": 57.0}),
        result("stack(fuse(mnli, stsb), xnli)", {"en": 71.0, "de": 61.0, "sw": 47.0}),
        result("xnli", {"en": 60.0, "de": 50.0, "sw": 40.0}),
    ]


@pytest.fixture
def measurement():
    """Make a measurement of costs on XNLI, as it is stored, from the milliseconds of setups."""

    def make(milliseconds: dict[str, list[float]], **other: Any) -> dict[str, Any]:
        rows = {"language": "en", "rows": 32, "tokens": 41.5, "max_length": 128, "processor_share": 0.98}
        return {
            "format": 1,
            "base": "minilm",
            "data": "mirror:rows",
            "device": "cpu",
            "hardware": "a processor",
            "threads": 1,
            "precision": "fp32",
            "repeats": 3,
            "seed": 42,
            "versions": {},
            "tasks": {"xnli": {**rows, "milliseconds": milliseconds}},
            **other,
        }

    return make
