"""Results that a test makes up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evaluation.submissions import Keep
from xadapt.store.files import atomic_write_json
from xadapt.store.result_record import Result
from xadapt.tasks import get_task


@pytest.fixture
def keep(store: Any) -> Keep:
    """Store a made-up result and its predictions in German, or in the languages named."""

    def keep(task: str, predictions: list[Any], languages: str = "de", rows: str = "", **other: Any) -> Result:
        size = {"n": len(predictions), "available": len(predictions)}
        entry = {**size, "split": "test", "rows": rows, "seconds": 1.0, "accuracy": 50.0}
        result = {
            "format": 1,
            "task": task,
            "kind": get_task(task).kind.name,
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
        made = Result.of(result, "a made-up result")
        store.write_result(made)
        return made

    return keep
