"""Commands that are killed, and what each leaves when it is not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.killed_commands import Killed, make_killed


@pytest.fixture(scope="session")
def killed(tiny_base_folder: Path, trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Killed]:
    """The commands by name."""
    folder = tmp_path_factory.mktemp("killed")
    shutil.copytree(tiny_base_folder, folder / "base")
    shutil.copytree(trained_once.mirror, folder / "mirror")
    shutil.copytree(trained_once.store.root, folder / "trained", copy_function=shutil.copy2)
    return make_killed(folder)
