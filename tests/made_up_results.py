"""Made-up results and measurements, as records."""

import hashlib
import json
import random
from typing import Any

import pytest

from xadapt.store.cost_record import CostRecord
from xadapt.store.result_record import Result


def run_of(text: str) -> str:
    """A hash of a run, the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.fixture
def result():
    """Make a result of a setup from its scores by language; everything else can be overridden.

    ``others`` are other scores than the one that ranks, by name and language.
    """

    def make(
        setup: str,
        scores: dict[str, float],
        n: int = 2000,
        others: dict[str, dict[str, float]] | None = None,
        **other: Any,
    ) -> Result:
        metric = other.get("metric", "accuracy")
        rows = {code: {"n": n, "split": "test", metric: score} for code, score in scores.items()}
        for name, values in (others or {}).items():
            for code, value in values.items():
                rows[code][name] = value
        made = {
            "format": 2,
            "task": "xnli",
            "kind": "pair-classification",
            "metric": metric,
            "setup": setup,
            "base": "e5-small",
            "seed": 42,
            "data": "hub",
            "limit": None,
            "head": "xnli",
            "languages": rows,
            "means": {},
            "details": {},
            **other,
        }
        made.setdefault("run", run_of(f"{setup}/{made['seed']}/{made['details']}"))
        return Result.of(made, "a made-up result")

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
    """Make a measurement of costs on XNLI from the milliseconds of setups."""

    def make(milliseconds: dict[str, list[float]], **other: Any) -> CostRecord:
        rows = {"language": "en", "rows": 32, "tokens": 41.5, "max_length": 128, "processor_share": 0.98}
        made = {
            "base": "e5-small",
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
        return CostRecord.of(made, "a made-up measurement")

    return make


@pytest.fixture
def measured(result, tmp_path):
    """Make a result with the per-example scores behind it, in `tmp_path / "examples"`, from shares of right answers."""

    def make(setup: str, shares: dict[str, float], seed: int = 42, n: int = 200, **other: Any) -> Result:
        scores, values = {}, {}
        for code, share in shares.items():
            # What is hard is hard for every setup, but for some luck.
            generator = random.Random(f"{setup} {seed} {code}")
            hard = random.Random(code)
            values[code] = [float(0.8 * hard.random() + 0.2 * generator.random() < share) for _ in range(n)]
            scores[code] = 100.0 * sum(values[code]) / n
        made = result(setup, scores, n, seed=seed, **other)
        run = made.run.replace("/", "-")
        for code in shares:
            path = tmp_path / "examples" / run / f"{code}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            record = {"kind": "mean", "score": made.metric, "rows": f"rows of {code}", "values": values[code]}
            path.write_text(json.dumps(record))
        languages = {code: one.model_copy(update={"rows": f"rows of {code}"}) for code, one in made.languages.items()}
        return made.model_copy(update={"run": run, "languages": languages})

    return make


@pytest.fixture
def tested_fusion(measured):
    """Three seeds of two single adapters, a fusion that is far worse than the better one, and an average like it."""
    results = []
    for seed in (1, 2, 3):
        for setup, shares in (
            ("mnli", (0.7, 0.6, 0.55, 0.6)),
            ("stsb", (0.5, 0.4, 0.35, 0.4)),
            ("fuse(mnli, stsb)", (0.68, 0.3, 0.25, 0.59)),
            ("average(mnli, stsb)", (0.6, 0.6, 0.55, 0.6)),
        ):
            results.append(
                measured(f"stack({setup}, xnli)", dict(zip(("en", "de", "nl", "sw"), shares, strict=True)), seed)
            )
    return results
