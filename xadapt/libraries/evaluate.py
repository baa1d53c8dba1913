"""What reaches into evaluate."""

from __future__ import annotations

from pathlib import Path

import evaluate


class MetricInMemory(evaluate.Metric):
    """A metric that makes no folder unless it is to keep its rows in files.

    The library makes a cache folder even for a metric in memory; a read-only home would make scoring fail.

    Test: ``tests/metrics/test_scoring.py``.
    """

    def _build_data_dir(self) -> str:
        if self.keep_in_memory:
            return str(Path(self._data_dir_root) / self.name / self.config_name)
        return str(super()._build_data_dir())
