"""Bottleneck adapters side by side behind gates: one scalar a member and place, before outputs join the residual.

A gated sum of bottlenecks with one non-linearity is one bottleneck as wide as all of them: the down projections one
below the other, the up projections side by side, each times its gate. So it is run, stored and exported as an ordinary
adapter of the adapters library; only in training its up projection has the gates as parameters.
Everywhere, ``model`` is an ``XLMRobertaAdapterModel``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from adapters import AdapterConfig, BnConfig
from adapters.methods.bottleneck import BottleneckLayer
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from xadapt.errors import XadaptError
from xadapt.methods import adapters_library

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json

#: By place in the base, ``LAYER.LOCATION`` as the library calls it, the gate of each member, shape (members,).
Gates = dict[str, Tensor]
#: How many times faster than other parameters a gate moves: Adam moves each by about the learning rate a step, and a
#: gate is to come from 0 to 1 within some hundred steps of 1e-3.
SPEED = 40.0
#: What must be so in a configuration, so that outputs of members can be added up before they join the residual.
_PLAIN = {
    "is_parallel": False,
    "use_gating": False,
    "ln_before": False,
    "ln_after": False,
    "phm_layer": False,
    "inv_adapter": None,
    "stochastic_depth": 0.0,
}
#: What members must have in common; widths and constant factors may differ.
_COMMON = (
    *("mh_adapter", "output_adapter", "leave_out", "non_linearity", "dropout"),
    *("original_ln_before", "original_ln_after", "residual_before_ln"),
)


class GatedUp(nn.Module):
    """The up projection of members side by side, whose gates are trained.

    Attributes:
        weight: The members' up projections side by side, shape (width, all bottlenecks).
        bias: Their biases, shape (members, width).
        of: The member that each column belongs to, shape (all bottlenecks,).
        start: Where the gates start, shape (members,).
        moved: What is trained, shape (members,): how far they have moved, in units of ``SPEED``.
    """

    weight: Tensor
    bias: Tensor
    of: Tensor
    start: Tensor

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], start: Tensor) -> None:
        """Take up the members' projections, each of shape (width, bottleneck) and (width,)."""
        super().__init__()
        sizes = torch.tensor([weight.shape[1] for weight in weights])
        self.register_buffer("weight", torch.cat(list(weights), dim=1))
        self.register_buffer("bias", torch.stack(list(biases)))
        self.register_buffer("of", torch.arange(len(sizes)).repeat_interleave(sizes))
        self.register_buffer("start", start.clone())
        self.moved = nn.Parameter(torch.zeros(len(sizes)))

    @property
    def gates(self) -> Tensor:
        """The gates, shape (members,)."""
        # The gradient is that of the gate itself: times SPEED it would drown all others where their norm is limited.
        return self.start + self.moved + (SPEED - 1) * self.moved.detach()

    def forward(self, bottlenecks: Tensor) -> Tensor:
        """Map the members' bottlenecks, shape (..., all bottlenecks), to the gated sum of outputs, (..., width)."""
        gates = self.gates
        return nn.functional.linear(bottlenecks * gates[self.of], self.weight, (gates[:, None] * self.bias).sum(dim=0))

    def plain(self) -> nn.Linear:
        """The ordinary projection that computes the same."""
        width, size = self.weight.shape
        made = nn.Linear(size, width)
        with torch.no_grad():
            made.weight.copy_(self.weight * self.gates[self.of])
            made.bias.copy_((self.gates[:, None] * self.bias).sum(dim=0))
        return made


def check_gateable(configs: Mapping[str, Json]) -> None:
    """Check that adapters can be put side by side behind gates.

    Args:
        configs: By an adapter's name, what its ``adapter_config.json`` holds.

    Raises:
        XadaptError: If one is no plain bottleneck adapter, or two act at different places or in different ways.
    """
    first, common = "", dict[str, Any]()
    for name, stored in configs.items():
        config = _config(stored)
        odd = _method(stored) if config is None else _odd(config)
        if config is None or odd:
            raise XadaptError(f"gate(…) takes plain bottleneck adapters, such as seq_bn, and {name} is not one ({odd})")
        here = {key: getattr(config, key) for key in _COMMON}
        here["leave_out"] = sorted(here["leave_out"] or [])
        first, common = first or name, common or here
        differ = [key for key in _COMMON if here[key] != common[key]]
        if differ:
            raise XadaptError(
                f"{first} and {name} cannot be put behind gates: their configurations differ in {', '.join(differ)}; "
                "train them with the same method and layers"
            )


def _config(stored: Json) -> BnConfig | None:
    inner = stored.get("config")
    try:
        config = AdapterConfig.load(dict(inner)) if isinstance(inner, dict) else None
    except (AttributeError, KeyError, TypeError, ValueError):
        config = None
    return config if isinstance(config, BnConfig) else None


def _method(stored: Json) -> str:
    inner = stored.get("config")
    found = inner.get("architecture") if isinstance(inner, dict) else stored.get("peft_type")
    return str(found or "another method")[:40]


def _odd(config: BnConfig) -> str:
    return ", ".join(f"{key}={getattr(config, key)}" for key, value in _PLAIN.items() if getattr(config, key) != value)


def add_gated(model: XLMRobertaAdapterModel, names: Sequence[str], new: str, gates: Gates | None = None) -> None:
    """Add an adapter that is members side by side behind gates; it is not active.

    Args:
        model: A model that holds the members.
        names: The members, which :func:`check_gateable` takes.
        new: The new adapter's name.
        gates: The gates of each place; without them all are 0, and to be trained.

    Raises:
        ValueError: If the gates are of other places, or not one a member.
    """
    at = [_parts(model, name) for name in names]
    sizes = {place: sum(parts[place].down_sample for parts in at) for place in at[0]}
    config = adapters_library.config_of(model, names[0])
    factors = {place.split(".")[0]: _factor(size, model.config.hidden_size) for place, size in sizes.items()}
    same = len(set(factors.values())) == 1
    factor = next(iter(factors.values()))
    reduction = factor if same else {**factors, "default": factor}
    adapters_library.add(model, new, config.replace(reduction_factor=reduction, scaling=1.0))
    if gates is not None and (
        gates.keys() != sizes.keys() or any(values.shape != (len(names),) for values in gates.values())
    ):
        raise ValueError(f"its gates are not one for each of {len(names)} members at each place")
    for place, made in _parts(model, new).items():
        parts = [parts[place] for parts in at]
        start = torch.zeros(len(names)) if gates is None else gates[place].float()
        with torch.no_grad():
            for key in ("weight", "bias"):
                below = torch.cat([getattr(part.adapter_down[0], key) for part in parts])
                getattr(made.adapter_down[0], key).copy_(below)
            scales = [torch.as_tensor(part.scaling).detach() for part in parts]
            ups = [part.adapter_up.weight * scale[..., None] for part, scale in zip(parts, scales, strict=True)]
            biases = [part.adapter_up.bias * scale for part, scale in zip(parts, scales, strict=True)]
            up = GatedUp(ups, biases, start)
        made.adapter_up = up if gates is None else up.plain()


def _factor(size: int, width: int) -> float:
    # The library takes the floor of width / factor.
    exact = width / size
    return exact if int(width // exact) == size else width / (size + 0.5)


def _parts(model: XLMRobertaAdapterModel, name: str) -> dict[str, Any]:
    """The modules of a bottleneck adapter by place, from the bottom; within a layer, attention comes first."""
    layers = [module for module in model.modules() if isinstance(module, BottleneckLayer) and name in module.adapters]
    layers.sort(key=lambda module: (module.layer_idx, module.location_key != "mh_adapter"))
    return {f"{module.layer_idx}.{module.location_key}": module.adapters[name] for module in layers}


def _trained(model: XLMRobertaAdapterModel, name: str) -> dict[str, GatedUp]:
    ups = {place: part.adapter_up for place, part in _parts(model, name).items()}
    return {place: up for place, up in ups.items() if isinstance(up, GatedUp)}


def trained_gates(model: XLMRobertaAdapterModel, name: str) -> Gates:
    """The gates of an adapter that are being trained; none of one whose gates are fixed."""
    return {place: up.gates.detach().float().cpu() for place, up in _trained(model, name).items()}


def gate_parameters(model: XLMRobertaAdapterModel, name: str) -> list[nn.Parameter]:
    """What is trained of the gates of an adapter."""
    return [up.moved for up in _trained(model, name).values()]


def start_gates(model: XLMRobertaAdapterModel, name: str, gates: Mapping[str, Tensor] | Tensor) -> None:
    """Set gates that are to be trained: those of each place, or the same everywhere, shape (members,)."""
    with torch.no_grad():
        for place, up in _trained(model, name).items():
            up.start.copy_(gates if isinstance(gates, Tensor) else gates[place])
            up.moved.zero_()


def save_gates(gates: Gates, file: Path) -> None:
    """Write gates in single precision, as safetensors."""
    save_file({place: values.float().contiguous() for place, values in gates.items()}, file)


def load_gates(file: Path) -> Gates:
    """Read gates; raises what safetensors does if the file is none."""
    return {place: values.float() for place, values in load_file(file).items()}
