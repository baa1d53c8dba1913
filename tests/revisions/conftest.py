"""The numbers of every kind, measured once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.revisions.pinned import Measured


class Once(Measured):
    """Measures each kind once, and keeps what was found."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder."""
        super().__init__(folder)
        self.get = cache(super().__getitem__)

    def __getitem__(self, name: str) -> Any:
        return self.get(name)


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The numbers as they are."""
    return Once(tmp_path_factory.mktemp("revisions"))
