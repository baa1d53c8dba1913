"""A method of a user: the file that has it, and what registers it while a test runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from xadapt import plugins
from xadapt.methods import registration

#: The user's module.
SOURCE = """
from dataclasses import dataclass, field

import torch

import xadapt


@dataclass
class ScaledConfig:
    size: int = 8
    scale: float = 1.0


@xadapt.adapter_method("scaled", config=ScaledConfig, tokenwise=True)
class Scaled(torch.nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.down = torch.nn.Linear(width, config.size)
        self.up = torch.nn.Linear(config.size, width)
        torch.nn.init.zeros_(self.up.weight)
        torch.nn.init.zeros_(self.up.bias)
        self.scale = config.scale

    def forward(self, hidden):
        return hidden + self.scale * self.up(self.down(hidden).relu())
"""


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's module as a file."""
    path = tmp_path_factory.mktemp("plugin") / "scaled_adapter_of_mine.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture(autouse=True)
def registered(module: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The method is there while a test runs, and what the test registers is gone afterwards."""
    monkeypatch.setenv("XADAPT_PLUGINS", str(module))
    plugins._load.cache_clear()
    sys.modules.pop(module.stem, None)
    before = dict(registration._METHODS)
    yield
    registration._METHODS.clear()
    registration._METHODS.update(before)
    plugins._load.cache_clear()
    sys.modules.pop(module.stem, None)


@dataclass
class Options:
    """Options of methods that tests register."""

    sizes: list[int] = field(default_factory=lambda: [1])


class Shift(torch.nn.Module):
    """Adds a learnt vector and one that is drawn and never trained."""

    def __init__(self, config: Options, width: int) -> None:
        super().__init__()
        self.by = torch.nn.Parameter(torch.zeros(width))
        self.drawn = torch.nn.Parameter(torch.randn(width), requires_grad=False)
        self.register_buffer("count", torch.ones(3))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.by * self.drawn
