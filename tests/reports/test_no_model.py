"""No report and no comparison runs a model: nothing in these rooms imports what does."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import importlib, pkgutil, sys
import xadapt.analysis, xadapt.reports, xadapt.tables
for room in (xadapt.analysis, xadapt.reports, xadapt.tables):
    for module in pkgutil.iter_modules(room.__path__, room.__name__ + "."):
        importlib.import_module(module.name)
heavy = ("torch", "transformers", "adapters", "xadapt.training", "xadapt.problems", "xadapt.backbone", "xadapt.session")
print(sorted(name for name in sys.modules if name in heavy))
"""


def test_reports_and_comparisons_import_nothing_that_runs_a_model() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
