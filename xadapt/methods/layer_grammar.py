"""The layers that carry an adapter, as they are written: ``all``, ``6-11``, ``6-``, ``0,2,4``, and after a method."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from xadapt.errors import XadaptError, option, quoted, shortened

ALL = "all"
#: Between a method and its layers in a configuration string.
_MARK = "@"
_SPAN = re.compile(r"([0-9]{1,3})(-([0-9]{1,3})?)?")
#: More layers than any base has; ``6-`` is written down as if it reached above them.
DEEPEST = 1000
#: How the libraries write layers among a method's options.
_OPTION = re.compile(r"\b(leave_out|layers|layers_to_transform)\s*=")


def canonical_layers(text: str) -> str:
    """One spelling for all that mean the same layers, so that it can be hashed.

    Args:
        text: ``all``, ``6-11`` (both ends included), ``6-`` (to the top), ``6``, or several joined by commas.

    Raises:
        ValueError: If it names no layers.
    """
    if text.strip() == ALL:
        return ALL
    numbers = sorted(_numbers(text))
    if len(numbers) > DEEPEST:
        return ALL
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return ",".join(_written(start, end) for start, end in zip(starts, ends, strict=True))


#: One layer is a number in YAML.
Layers = Annotated[str, Field(coerce_numbers_to_str=True), AfterValidator(canonical_layers)]


def _written(start: int, end: int) -> str:
    if end == DEEPEST:
        return f"{start}-"
    return str(start) if start == end else f"{start}-{end}"


def _numbers(text: str) -> set[int]:
    numbers: set[int] = set()
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        first, dash, last = found.groups() if found else (0, None, None)
        span = range(int(first), (int(last) if last else DEEPEST if dash else int(first)) + 1)
        if not found or not span:
            raise ValueError(f"{quoted(part.strip())} names no layers: write all, 6-11, 6-, or 0,2,4, counting from 0")
        numbers.update(span)
    return numbers


def layer_numbers(text: str, depth: int) -> list[int]:
    """The layers of a base that a text means, in order.

    Args:
        text: See :func:`canonical_layers`.
        depth: Number of layers of the base.

    Raises:
        XadaptError: If it names no layers, or some that the base does not have.
    """
    try:
        layers = canonical_layers(text)
    except ValueError as error:
        raise XadaptError(f"{option('adapter_layers')}: {error}") from None
    if layers == ALL:
        return list(range(depth))
    for span in layers.split(","):
        first, _, last = span.partition("-")
        highest = int(last or first)
        if highest >= depth:
            asked = option("adapter_layers", shortened(text, 80))
            raise XadaptError(f"{asked}: there is no layer {highest}, this base has 0 to {depth - 1}")
    return sorted(number for number in _numbers(layers) if number < depth)


def names_layers(text: str) -> bool:
    """Whether a configuration string limits its method to layers."""
    return _MARK in text or bool(_OPTION.search(text))


def with_layers(text: str, layers: str) -> str:
    """The configuration string of a method in some layers: ``seq_bn@6-``; one that names its layers stays as it is."""
    return text if layers == ALL or names_layers(text) else f"{text}{_MARK}{layers}"


def split_layers(text: str) -> tuple[str, str]:
    """A configuration string as the method's own and the layers."""
    method, mark, layers = text.partition(_MARK)
    return (method.rstrip(), layers) if mark else (text, ALL)
