"""Adapters made of adapters in weight space: averages, sums, and merges of LoRA as peft computes them; averaged heads.

Sources: averages, sums and negation of adapters, Zhang et al., arXiv 2306.14870; TIES, arXiv 2306.01708; DARE, arXiv
2311.03099; LoRA, arXiv 2106.09685.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from xadapt.errors import XadaptError, option
from xadapt.libraries.peft import quiet
from xadapt.methods.adapter import adapter_state, copy_method, fixed_state, method_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json

#: Half of the values of a member are kept when no density is given.
_DENSITY = 0.5
#: Fields of a LoRA's method in which members of a merge may differ.
_LOW_RANK = ("method", "r", "alpha", "lora_alpha", "dropout", "lora_dropout")
#: The inner one of two factors, in LoRA, VeRA, LoHa and LoKr, and in bottlenecks.
_INNER = re.compile(
    r"lora_A|vera_D|vera_lambda_d|hada_w1_b|hada_w2_|lokr_w1|lokr_w2_b|adapter_down\.\d+\.(weight|bias)$"
)
#: The magnitudes of DoRA, which start as those of the base.
_MAGNITUDE = re.compile(r"\.m\.weight$|lora_magnitude_vector")


def merge_adapters(
    model: XLMRobertaAdapterModel,
    kind: str,
    names: Sequence[str],
    weights: Sequence[float],
    to: str,
    options: Mapping[str, float] | None = None,
    seed: int = 0,
) -> None:
    """Add an adapter that is made of others in weight space.

    Args:
        model: A model that holds the members.
        kind: ``average`` (weights are normalised to sum to 1) or ``sum`` (coefficients as they are), for every method;
            ``linear``, ``svd``, ``ties`` or ``dare`` for LoRA, as ``add_weighted_adapter`` of peft does them, where
            ``dare`` is its ``dare_linear``.
        names: The members.
        weights: A weight for each; () for those with which equal members give themselves, if the kind can at all.
        to: Name of the new adapter.
        options: ``rank`` of the result for ``svd``, by default the largest of the members; ``density``, the share of
            values that ``ties`` and ``dare`` keep, by default 0.5.
        seed: Decides what ``dare`` drops.

    A sum starts from the adapter that changes nothing: scales count from 1, and the magnitudes of DoRA from the base's,
    as a whole. The sign of a coefficient goes to one of the two factors of a product, which would else keep its sign.

    Raises:
        XadaptError: If the members' methods or sizes differ, or theirs is none that the kind merges.
    """
    if kind in ("average", "sum"):
        _combine(model, kind, names, weights or (1.0,) * len(names), to)
        return
    for name in names:
        method = method_of(model, name)
        if method["method"] not in ("lora", "rslora") or method.get("use_gating"):
            raise XadaptError(f"{kind} merges LoRA, and {name} is {method['method']}: use average or a sum")
        if method.get("lora_bias"):
            raise XadaptError(f"{kind} merges LoRA without biases, and {name} has some: use average or a sum")
    _merge(model, kind, names, weights, to, dict(options or {}), seed)


def _combine(model: XLMRobertaAdapterModel, kind: str, names: Sequence[str], weights: Sequence[float], to: str) -> None:
    _check_equal([method_of(model, name) for name in names], names)
    shares = _shares(weights) if kind == "average" else list(weights)
    copy_method(model, names[0], to)
    parts = [adapter_state(model, name) for name in names]
    with torch.no_grad():
        for key, value in adapter_state(model, to).items():
            signed = [abs(share) for share in shares] if _INNER.search(key) and not _is_scale(value) else shares
            neutral = value.clone() if _is_scale(value) or _MAGNITUDE.search(key) else torch.zeros_like(value)
            value.copy_(_sum([part[key] for part in parts], signed, neutral))
        for key, fixed in fixed_state(model, to).items():
            fixed.copy_(fixed_state(model, names[0])[key])


def _check_equal(methods: list[Json], names: Sequence[str]) -> None:
    for method, name in zip(methods, names, strict=True):
        odd = sorted(key for key in {*method, *methods[0]} if method.get(key) != methods[0].get(key))
        if odd == ["fixed"]:
            raise XadaptError(
                f"{names[0]} and {name} have random parts of their own and cannot be averaged: train VeRA as peft:vera "
                "or with init_weights_seed, and noreft in place of loreft"
            )
        if odd:
            raise XadaptError(
                f"{names[0]} and {name} have different adapter configurations ({', '.join(odd)}): "
                f"train them with the same {option('adapter_config')}"
            )


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    if abs(total) < 1e-9:
        raise XadaptError("the weights sum to 0 and cannot be normalised")
    return [weight / total for weight in weights]


def _is_scale(fresh: Tensor) -> bool:
    """Whether a parameter that starts like this multiplies: (IA)³ vectors, layer norms, learned scalings."""
    return bool((fresh == 1).all())


def _sum(parts: Sequence[Tensor], weights: Sequence[float], neutral: Tensor) -> Tensor:
    # In double precision, equal parts with weights that sum to 1 give themselves to the bit.
    start = neutral.double()
    return sum((weight * (part.double() - start) for part, weight in zip(parts, weights, strict=True)), start)


def _merge(
    model: XLMRobertaAdapterModel,
    kind: str,
    names: Sequence[str],
    weights: Sequence[float],
    to: str,
    options: dict[str, float],
    seed: int,
) -> None:
    methods = [method_of(model, name) for name in names]
    _check_equal([{key: value for key, value in m.items() if key not in _LOW_RANK} for m in methods], names)
    ranks = sorted({method["r"] for method in methods})
    if kind != "svd" and len(ranks) > 1:
        raise XadaptError(f"{kind} takes members of one rank, not of {' and '.join(map(str, ranks))}: svd takes all")
    rank, density = int(options.get("rank", max(ranks))), options.get("density", _DENSITY)
    if not 0 < density <= 1:
        raise XadaptError(f"density {density:g} is no share of the values: choose one above 0 and at most 1")
    parts = [adapter_state(model, name) for name in names]
    products = {key: key.replace("lora_A", "lora_B") for key in parts[0] if "lora_A" in key}
    most = min(min(parts[0][outer].shape[0], parts[0][inner].shape[1]) for inner, outer in products.items())
    if not 1 <= rank <= most:
        raise XadaptError(f"rank {rank} does not fit layers of this base: choose one from 1 to {most}")
    shares = list(weights) or [_even(kind, len(names))] * len(names)
    scales = [_scaling(method) for method in methods]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        copy_method(model, names[0], to, rank)
        merged = adapter_state(model, to)
        for inner, outer in products.items():
            a, b = [part[inner].detach() for part in parts], [part[outer].detach() for part in parts]
            new = (
                _truncated(a, b, shares, scales, rank)
                if kind == "svd"
                else _factors(kind, a, b, shares, scales, density)
            )
            merged[inner].copy_(new[0])
            merged[outer].copy_(new[1])


def _even(kind: str, members: int) -> float:
    # Both factors get the root of a weight, and TIES takes the mean of what is left of them.
    return {"svd": 1 / members, "ties": 1.0}.get(kind, 1 / members**2)


def _scaling(method: Json) -> float:
    alpha, rank = method["lora_alpha" if method["library"] == "peft" else "alpha"], method["r"]
    return float(alpha / math.sqrt(rank) if method["method"] == "rslora" else alpha / rank)


def _truncated(
    a: list[Tensor], b: list[Tensor], weights: list[float], scales: list[float], rank: int
) -> tuple[Tensor, Tensor]:
    from peft.utils.merge_utils import task_arithmetic

    products = [(outer @ inner) * scale for inner, outer, scale in zip(a, b, scales, strict=True)]
    left, values, right = torch.linalg.svd(task_arithmetic(products, torch.tensor(weights)), full_matrices=False)
    return right[:rank], left[:, :rank] * values[:rank]


def _factors(
    kind: str, a: list[Tensor], b: list[Tensor], weights: list[float], scales: list[float], density: float
) -> tuple[Tensor, Tensor]:
    from peft.utils.merge_utils import dare_linear, task_arithmetic, ties

    whole = [weight * scale for weight, scale in zip(weights, scales, strict=True)]
    outer = torch.tensor([math.sqrt(abs(value)) for value in whole])
    inner = outer * torch.tensor(whole).sign()
    # That a density of 1 drops nothing is what was asked for.
    with quiet():
        if kind == "linear":
            return task_arithmetic(a, inner), task_arithmetic(b, outer)
        merge = ties if kind == "ties" else dare_linear
        return merge(a, inner, density), merge(b, outer, density)
