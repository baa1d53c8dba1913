"""Values of methods' options, checked before the libraries do strange things with them: most take anything at first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xadapt.errors import quoted

_SIZE = (1, 4096, True)
_SHARE = (0, 0.999, False)
#: By option, the least and the greatest value, and whether it is a whole number. What is above is larger than any base.
_BOUNDS: dict[str, tuple[float, float, bool]] = {
    **dict.fromkeys(("r", "prefix_length", "phm_dim", "phm_rank", "n_up_projection"), _SIZE),
    **dict.fromkeys(("dropout", "lora_dropout", "rank_dropout", "module_dropout", "vera_dropout"), _SHARE),
    **dict.fromkeys(("stochastic_depth",), _SHARE),
    **dict.fromkeys(("reduction_factor", "inv_adapter_reduction_factor"), (1 / 16, 10_000, False)),
    **dict.fromkeys(("alpha", "lora_alpha", "scaling", "weights_sharpness"), (1e-6, 1e6, False)),
    **dict.fromkeys(("prefix_positions", "suffix_positions", "oft_block_size"), (0, 4096, True)),
    **dict.fromkeys(("vera_d", "vera_b", "d_initial"), (-100, 100, False)),
    **dict.fromkeys(("eps", "phm_init_range"), (0, 1, False)),
    **dict.fromkeys(("projection_prng_key", "init_weights_seed"), (0, 2**32 - 1, True)),
    "bottleneck_size": (1, 2**16, True),
    "decompose_factor": (-1, 4096, True),
}
#: Words that an option takes instead.
_WORDS = {"scaling": ("learned",), "residual_before_ln": ("post_add",)}
_LISTS = {"attn_matrices": ("q", "k", "v")}


def check_values(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Check the values of a method's options.

    Args:
        values: The options; one that is the default is taken as it is.
        defaults: What they are when nobody gives them.

    Raises:
        ValueError: If a value makes no sense.
    """
    for name, value in values.items():
        default = defaults.get(name)
        if value == default and type(value) is type(default):
            continue
        if isinstance(value, str) and value in _WORDS.get(name, ()):
            continue
        fault = _fault(name, value, default)
        if fault:
            raise ValueError(f"{name}={quoted(value)} must be {fault}")


def _fault(name: str, value: Any, default: Any) -> str | None:
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "True or False"
    if name == "non_linearity":
        return None if value is None or _is_activation(value) else "an activation such as 'relu', 'gelu' or 'swish'"
    if name in _LISTS:
        known = _LISTS[name]
        wrong = not isinstance(value, list | tuple) or not value or any(item not in known for item in value)
        return f"a list of some of {', '.join(map(repr, known))}" if wrong else None
    if name in _BOUNDS:
        # A factor may be given layer by layer.
        several = list(value.values()) if isinstance(value, Mapping) else [value]
        return next(filter(None, (_out_of(name, one) for one in several)), None)
    return None


def _out_of(name: str, value: Any) -> str | None:
    least, most, whole = _BOUNDS[name]
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if fits and least <= value <= most:
        return None
    return f"a {'whole ' if whole else ''}number from {least:g} to {most:g}"


def _is_activation(value: Any) -> bool:
    from transformers.activations import ACT2FN

    return isinstance(value, str) and (value.lower() in ACT2FN or value.lower() == "leakyrelu")
