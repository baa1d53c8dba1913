"""The official scores, if there are any at hand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def golden_cases():
    """Read the cases of one task: predictions with the scores the official evaluation gives them."""
    folder = os.environ.get("XADAPT_GOLDEN")
    if not folder:
        pytest.skip("XADAPT_GOLDEN names no folder with official scores")

    def read(task: str) -> list[dict[str, Any]]:
        cases = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(folder).glob(f"{task}.*.json"))]
        assert cases, f"no {task} case in {folder}"
        return cases

    return read


@pytest.fixture
def as_rows():
    """Turn a mapping of question to answer into prediction rows."""
    return lambda answers: [{"id": question, "text": text} for question, text in answers.items()]
