"""Checkpoints made by hand, without a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from xadapt.store.checkpoints import write_record
from xadapt.store.records import RunRecord

FINGERPRINT = "ab" * 32


@pytest.fixture
def make_checkpoint() -> Callable[..., Path]:
    """Write a checkpoint into a folder; ``age`` is in seconds, other keywords go into its record."""

    def make(folder: Path, age: float = 0.0, **changes: Any) -> Path:
        (folder / "adapter").mkdir(parents=True)
        save_file({"weight": np.arange(8, dtype=np.float16)}, folder / "adapter" / "adapter.safetensors")
        record = {
            "run": folder.name,
            "setup": "mnli",
            "base": {"name": "tiny", "fingerprint": FINGERPRINT},
            "heads": ["mnli"],
            "seed": 42,
            "data": "bundled",
            "rows": {"mnli": 1200},
        }
        write_record(folder, RunRecord.of(record | changes, folder), "# a card\n")
        changed = (folder / "xadapt.json").stat().st_mtime - age
        os.utime(folder / "xadapt.json", (changed, changed))
        return folder

    return make
