"""Results that a test makes up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evaluation.submissions import Keep
from xadapt.store.files import atomic_write_json


@pytest.fixture
def keep(store: Any) -> Keep:
    """Store a made-up result and its predictions in German, or in the languages named."""

    def keep(task: str, predictions: list[Any], languages: str = "de", rows: str = "", **other: Any) -> dict[str, Any]:
        entry = {"n": len(predictions), "available": len(predictions), "split": "test", "rows": rows, "seconds": 1.0}
        result = {
            "format": 1,
            "task": task,
            "setup": f"stack(mnli, {task})",
            "base": "e5-small",
            "data": "hub",
            "seed": 42,
            "limit": None,
            "metric": "accuracy",
            "head": task,
            "details": {},
            "mean": {},
            "languages": {code: {**entry} for code in languages.split()},
            **other,
        }
        result.setdefault("run", f"{task}-{len(list(store.root.glob('results/*.json')))}")
        for code in languages.split():
            atomic_write_json(store.predictions_path(result["run"], code), predictions)
        store.write_result(result["run"], result)
        return result

    return keep
