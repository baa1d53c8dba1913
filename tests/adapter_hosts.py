"""Fixtures: models of the tiny base with adapters of random weights, what they compute, and who computes it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from adapters.methods.modeling import BertFusion

from xadapt.methods.adapter import activate, adapter_state, add_adapter


class AdapterHost:
    """A model to put adapters into.

    Attributes:
        model: The model.
        bare: What the bare base computes.
    """

    ids = torch.tensor([[0, 5, 6, 7, 8, 2], [0, 9, 8, 2, 1, 1]])

    def __init__(self, backbone: Any) -> None:
        self.model = backbone.model().eval()
        self.bare = self.hidden()

    def add(self, text: str, *names: str) -> None:
        """Add adapters that differ."""
        for name in names:
            add_adapter(self.model, name, text)
            self.randomise(name)

    def randomise(self, name: str) -> None:
        """Give an adapter weights that its name decides."""
        torch.manual_seed(sum(map(ord, name)))
        with torch.no_grad():
            for value in adapter_state(self.model, name).values():
                value.add_(0.1 * torch.randn(value.shape))

    def hidden(self, encoder: Any = None) -> torch.Tensor:
        """Hidden states of the last layer, shape (2, 6, width)."""
        with torch.inference_mode():
            return (encoder or self.model.roberta)(self.ids, attention_mask=(self.ids != 1).long())[0]

    def under(self, block: Any) -> torch.Tensor:
        """Hidden states with a composition active."""
        activate(self.model, block)
        return self.hidden()


@pytest.fixture
def host(tiny: Any) -> AdapterHost:
    """A bare model."""
    return AdapterHost(tiny)


@pytest.fixture
def other_host(tiny: Any) -> AdapterHost:
    """Another bare model of the same base."""
    return AdapterHost(tiny)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry a time that the library computes a fusion layer."""
    made: list[Any] = []
    plain = BertFusion.forward

    def forward(self: Any, *inputs: Any, **options: Any) -> Any:
        made.append(self)
        return plain(self, *inputs, **options)

    monkeypatch.setattr(BertFusion, "forward", forward)
    return made
