"""A measurement of costs as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from tests.made_up_results import measurement
from xadapt.store.cost_record import CostRecord

__all__ = ["measurement"]


def test_a_measurement_comes_back_as_it_was_written(measurement: Any, tmp_path: Path) -> None:
    made = measurement({"mnli": [1.0, 2.0]})
    made.write(tmp_path / "cost.json")
    assert CostRecord.read(tmp_path / "cost.json") == made


@pytest.mark.parametrize("stored", [[], {}, {"format": 1, "tasks": {"xnli": {}}}, {"format": 1, "tasks": []}])
def test_another_file_is_refused_by_name(stored: object, tmp_path: Path) -> None:
    path = tmp_path / "cost.json"
    path.write_text(json.dumps(stored))
    with refused(path, "a measurement of costs", advice="measure again"):
        CostRecord.read(path)


def test_a_newer_format_is_refused(measurement: Any, tmp_path: Path) -> None:
    path = tmp_path / "cost.json"
    path.write_text(json.dumps({**measurement({}).stored(), "format": 99}))
    with refused(path, "format 99", advice="upgrade xadapt"):
        CostRecord.read(path)
