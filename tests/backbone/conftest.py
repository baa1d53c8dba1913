"""The packed default base, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from xadapt.backbone.base import Backbone, load_backbone
from xadapt.backbone.packed import packed_path


@pytest.fixture(scope="session")
def packed_file() -> Path:
    """The packed file of the installed package."""
    return packed_path()


@pytest.fixture(scope="session")
def base() -> Backbone:
    """The default base."""
    return load_backbone()
