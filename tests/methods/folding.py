"""A fusion on the tiny base beside what the library computes for it."""

from __future__ import annotations

import copy
from typing import Any

import torch
from adapters import XLMRobertaAdapterModel
from adapters.composition import Fuse
from adapters.methods.bottleneck import BottleneckLayer

from xadapt.backbone.base import Backbone
from xadapt.methods.fusion import add_fusion, lower_fusion

TWO = ("seq_bn[reduction_factor=8]", "seq_bn[reduction_factor=4]")

IDS = torch.randint(5, 300, (3, 11), generator=torch.Generator().manual_seed(2))


def fused(tiny: Backbone, configs: Any = TWO, rank: int | None = None) -> Any:
    """The tiny base with members and a fusion of random weights, active and frozen, the same at every call."""
    torch.manual_seed(1)
    model = tiny.model()
    members = Fuse(*(f"m{number}" for number in range(len(configs))))
    for name, config in zip(members, configs, strict=True):
        model.add_adapter(name, config=config)
    model.add_adapter("top", config="seq_bn[reduction_factor=8]")
    add_fusion(model, members)
    if rank is not None:
        lower_fusion(model, members, rank)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "adapter" in name:
                parameter.normal_(std=0.3)
    model.set_active_adapters(members)
    return model.requires_grad_(False).eval()


def bottlenecks(model: XLMRobertaAdapterModel) -> list[Any]:
    """The layers of bottlenecks, in which a fusion may be."""
    return [part for part in model.modules() if isinstance(part, BottleneckLayer)]


def library(model: XLMRobertaAdapterModel) -> Any:
    """A copy that the library computes."""
    copied = copy.deepcopy(model)
    for part in bottlenecks(copied):
        part.__class__ = next(
            kind for kind in type(part).__mro__ if getattr(kind, "compose_fuse", None) is BottleneckLayer.compose_fuse
        )
    return copied


def hidden(model: XLMRobertaAdapterModel, **options: Any) -> torch.Tensor:
    """Hidden states of the last layer, shape (3, 11, width)."""
    return model.roberta(IDS, **options).last_hidden_state


def close(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5) -> bool:
    """Whether the difference is small, relative to what is expected."""
    return bool((found - expected).norm() <= tolerance * expected.norm())


def same(model: XLMRobertaAdapterModel, tolerance: float = 1e-5) -> None:
    """Check a model against the library."""
    with torch.inference_mode():
        assert close(hidden(model), hidden(library(model)), tolerance)


def gradients(
    model: XLMRobertaAdapterModel, parts: tuple[str, ...] = ("adapter_fusion_layer.",)
) -> dict[str, torch.Tensor]:
    """Gradients of a loss by name, of parameters whose names hold one of the parts."""
    found = {name: p for name, p in model.named_parameters() if any(part in name for part in parts)}
    for parameter in found.values():
        parameter.requires_grad_(True)
    found_hidden = hidden(model)
    # Squares alone would hardly change after a layer norm.
    weights = torch.randn(found_hidden.shape, generator=torch.Generator().manual_seed(4))
    (found_hidden * weights).sum().backward()
    return {name: p.grad for name, p in found.items() if p.grad is not None}
