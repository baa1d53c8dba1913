"""A LoRA of peft that has ranks, scales, biases or a start of its own becomes a plain one that computes the same.

Sources: LoRA, arXiv 2106.09685; rank-stabilised, arXiv 2312.03732; PiSSA, arXiv 2404.02948; OLoRA, arXiv 2406.01775.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from xadapt.errors import quoted
from xadapt.methods.peft_configs import LINEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from xadapt.store.records import Json

#: How a LoRA began that leaves the base as it is, which makes no difference once it is trained.
_PLAIN_STARTS = (True, False, None, "gaussian", "eva", "orthogonal", "mica")
#: The number of an encoder layer and a linear layer of it, at the start of a path.
LAYER = re.compile(rf"encoder\.layer\.(\d+)\.({'|'.join(map(re.escape, LINEARS))})(?=\.|$)")
#: A scale that no half-precision number can have is no scale.
_LARGEST = 65504
#: Repetitions in a pattern, each of which is tried at every character.
_REPEATED = re.compile(r"[*+?{]")
_MOST_REPEATED = 3


@dataclass
class _Layer:
    """The factors of one linear layer, shapes (rank, in) and (out, rank), with what is added behind them."""

    inner: Tensor
    outer: Tensor
    scale: float
    bias: Tensor | None = None


def plain_lora(
    config: Json, weights: Mapping[str, Tensor], base: Callable[[str], Tensor]
) -> tuple[Json, dict[str, Tensor]]:
    """Fold what makes a LoRA special into its factors.

    Args:
        config: peft's configuration of it.
        weights: Its weights by path in the bare encoder, and trained biases of linear layers, named as in the base.
        base: Gives a weight of the base, by its path in the bare encoder.

    Returns:
        The sizes of a plain one, as peft's configuration has them, and its weights. A LoRA that is plain keeps its own
        to the bit.

    Raises:
        ValueError: If there is no plain one that computes the same; says what to do.
    """
    start = config.get("init_lora_weights", True)
    _check_start(start)
    scale = _scale(config, config.get("r", 8), config.get("lora_alpha", 8))
    layers = {path: _layer(config, weights, path) for path in _paths(weights)}
    for path, layer in layers.items():
        _take_out(start, layer, base(f"{path}.weight"))
    nothing = partial(_nothing, rank=config.get("r", 8), scale=scale)
    _add_biases(layers, weights, base, nothing)
    for path in _left_out(layers):
        layers[path] = nothing(base(f"{path}.weight"))
    with_bias, dora = any(layer.bias is not None for layer in layers.values()), bool(config.get("use_dora"))
    if with_bias and dora:
        raise ValueError("DoRA with trained biases has no equal here: train it with bias='none'")
    fields = {**_sizes(config, layers, scale), "lora_dropout": config.get("lora_dropout", 0.0)}
    plain: dict[str, Tensor] = {}
    for path, layer in layers.items():
        plain |= {f"{path}.lora_A.weight": layer.inner, f"{path}.lora_B.weight": layer.outer}
        if with_bias:
            plain[f"{path}.lora_B.bias"] = torch.zeros(len(layer.outer)) if layer.bias is None else layer.bias
        if dora:
            key = f"{path}.lora_magnitude_vector"
            plain[key] = weights[key] if key in weights else base(f"{path}.weight").norm(dim=1)
    return {**fields, "use_dora": dora, "lora_bias": with_bias}, {key: v.contiguous() for key, v in plain.items()}


def _left_out(paths: Collection[str]) -> list[str]:
    """The linear layers that must be adapted too, so that all layers are alike in what is adapted in them."""
    named = {path: LAYER.match(path) for path in paths}
    linears = {match[2] for match in named.values() if match}
    if "output.dense" in linears:
        # It is found by its end, which the other has too.
        linears.add("attention.output.dense")
    numbers = sorted({int(match[1]) for match in named.values() if match})
    whole = [f"encoder.layer.{number}.{linear}" for number in numbers for linear in sorted(linears)]
    return [path for path in whole if path not in named]


def _add_biases(
    layers: dict[str, _Layer],
    weights: Mapping[str, Tensor],
    base: Callable[[str], Tensor],
    nothing: Callable[[Tensor], _Layer],
) -> None:
    for key, value in weights.items():
        path = key.removesuffix(".bias")
        if path == key or path.endswith(".lora_B"):
            continue
        change = value.float() - base(key)
        if change.any():
            layer = layers.setdefault(path, nothing(base(f"{path}.weight")))
            layer.bias = change / layer.scale + (0 if layer.bias is None else layer.bias)


def _check_start(start: object) -> None:
    if start in _PLAIN_STARTS or str(start).lower() in _TAKEN_OUT:
        return
    raise ValueError(
        f"init_lora_weights={quoted(start)} changed the base before training, in a way that the folder does not say: "
        "convert it where it was made, with save_pretrained(FOLDER, path_initial_model_for_weight_conversion=START)"
    )


def _paths(weights: Mapping[str, Tensor]) -> list[str]:
    return [key.removesuffix(".lora_A.weight") for key in weights if key.endswith(".lora_A.weight")]


def _layer(config: Json, weights: Mapping[str, Tensor], path: str) -> _Layer:
    inner, outer = weights[f"{path}.lora_A.weight"], weights.get(f"{path}.lora_B.weight")
    if outer is None or inner.dim() != 2 or outer.dim() != 2 or inner.shape[0] != outer.shape[1] or not len(inner):
        raise ValueError(f"the two factors of {path} do not fit each other: get the whole folder")
    rank = _of_pattern(config, "rank_pattern", path, config.get("r", 8))
    scale = _scale(config, rank, _of_pattern(config, "alpha_pattern", path, config.get("lora_alpha", 8)))
    if rank != len(inner):
        raise ValueError(f"its configuration gives {path} the rank {rank}, and its weights have {len(inner)}")
    return _Layer(inner, outer, scale, weights.get(f"{path}.lora_B.bias"))


def _scale(config: Json, rank: Any, alpha: Any) -> float:
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        raise ValueError(f"its rank is {quoted(rank)}: it must be a whole number of 1 or more")
    if not isinstance(alpha, (int, float)) or isinstance(alpha, bool) or not 0 < abs(alpha) <= _LARGEST:
        raise ValueError(f"its lora_alpha is {quoted(alpha)}: it must be a number other than 0")
    return float(alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank)


def _of_pattern(config: Json, name: str, path: str, default: object) -> object:
    patterns = config.get(name) or {}
    if not isinstance(patterns, dict):
        raise ValueError(f"{name} must be an object, not {quoted(patterns)}")
    for pattern, value in patterns.items():
        # A pattern from outside must not keep a processor busy for hours.
        if len(_REPEATED.findall(pattern)) > _MOST_REPEATED or re.search(r"\)[*+?{]", pattern):
            raise ValueError(f"{name} has the pattern {quoted(pattern)}: write whole names of layers")
        try:
            # The name began elsewhere, with that of the encoder in its model.
            found = any(re.match(rf"(.*\.)?({pattern})$", whole) for whole in (path, f"roberta.{path}"))
        except re.error as error:
            raise ValueError(f"{name} has the pattern {quoted(pattern)}, which is none ({error})") from None
        if found:
            return value
    return default


def _nothing(weight: Tensor, rank: int, scale: float) -> _Layer:
    """A LoRA that adds nothing to a linear layer of this weight, shape (out, in)."""
    return _Layer(torch.zeros(rank, weight.shape[1]), torch.zeros(len(weight), rank), scale)


def _principal(weight: Tensor, rank: int, scale: float) -> tuple[Tensor, Tensor]:
    left, values, right = torch.linalg.svd(weight.float(), full_matrices=False)
    root = values[:rank].sqrt()
    return root[:, None] * right[:rank], left[:, :rank] * (root / scale)


def _orthogonal(weight: Tensor, rank: int, scale: float) -> tuple[Tensor, Tensor]:
    left, right = torch.linalg.qr(weight.float())
    return right[:rank], left[:, :rank]


#: Starts that take a part out of the base, as two factors of shapes (rank, in) and (out, rank), by their scale. Others
#: do so too, with a part that cannot be computed again: it was drawn at random, or made of somebody's rows.
_TAKEN_OUT = {"pissa": _principal, "olora": _orthogonal}


def _take_out(start: object, layer: _Layer, weight: Tensor) -> None:
    part = _TAKEN_OUT.get(str(start).lower())
    if part:
        inner, outer = part(weight, len(layer.inner), layer.scale)
        layer.inner = torch.cat([layer.inner.float(), inner])
        layer.outer = torch.cat([layer.outer.float(), -outer], dim=1)


def _sizes(config: Json, layers: Mapping[str, _Layer], scale: float) -> Json:
    """The sizes of all layers, which are made alike where they are not: ranks are padded, scales folded in."""
    rank = config.get("r", 8)
    if all((len(layer.inner), layer.scale) == (rank, scale) for layer in layers.values()):
        return {"r": rank, "lora_alpha": config.get("lora_alpha", 8), "use_rslora": bool(config.get("use_rslora"))}
    rank = max(len(layer.inner) for layer in layers.values())
    for layer in layers.values():
        more = rank - len(layer.inner)
        layer.inner = pad(layer.inner.float(), (0, 0, 0, more))
        layer.outer = pad(layer.outer.float() * layer.scale, (0, more))
        layer.bias = None if layer.bias is None else layer.bias * layer.scale
    return {"r": rank, "lora_alpha": rank, "use_rslora": False}
