"""The command line starts without what only training and evaluation need."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ("accelerate", "adapters", "datasets", "evaluate", "matplotlib", "pandas", "peft", "pyarrow", "scipy")
_HEAVY += ("tokenizers", "torch", "transformers")


@pytest.mark.parametrize("arguments", [["--help"], ["tasks"]])
def test_help_and_the_list_of_tasks_load_no_heavy_library(arguments: list[str]) -> None:
    script = (
        f"import sys\nfrom xadapt.cli.main import main\ntry:\n    main({arguments})\n"
        f"finally:\n    print([name for name in {_HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"
    assert len(done.stdout.splitlines()) > 10
