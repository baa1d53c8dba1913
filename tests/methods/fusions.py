"""Fusions of random weights on the tiny base."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from adapters import XLMRobertaAdapterModel
from adapters.composition import Fuse

from xadapt.backbone.base import Backbone
from xadapt.methods.fusion import add_fusion, fusion_layers, lower_fusion

MEMBERS = Fuse("one", "two", "three")

BOTH = pytest.mark.parametrize("rank", [None, 4])


def with_members(tiny: Backbone, config: str = "seq_bn[reduction_factor=8]") -> Any:
    """The tiny base with three adapters of random weights and a head, the same at every call."""
    torch.manual_seed(1)
    model = tiny.model()
    for name in MEMBERS:
        model.add_adapter(name, config=config)
    model.add_classification_head("task", num_labels=3)
    draw_weights(parameter for name, parameter in model.named_parameters() if "adapters." in name)
    return model.eval()


def draw_weights(parameters: Any) -> None:
    """Draw weights anew."""
    with torch.no_grad():
        for parameter in parameters:
            parameter.normal_(std=0.3)


def with_fusion(tiny: Backbone, rank: int | None, config: str = "seq_bn[reduction_factor=8]") -> Any:
    """The same with a fusion that has learnt something."""
    model = with_members(tiny, config)
    add_fusion(model, MEMBERS)
    if rank is not None:
        lower_fusion(model, MEMBERS, rank)
    for layer in fusion_layers(model, MEMBERS).values():
        draw_weights(layer.parameters())
    model.set_active_adapters(MEMBERS)
    return model


def logits(model: XLMRobertaAdapterModel, **options: Any) -> Any:
    """Logits of the head for three made-up texts; with options the whole output."""
    torch.manual_seed(2)
    with torch.no_grad():
        out = model(torch.randint(5, 300, (3, 11)), head="task", **options)
    return out if options else out.logits
