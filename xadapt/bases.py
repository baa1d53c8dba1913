"""Names of bases: the packed default, what it was called before, and bases cut to their first layers."""

from __future__ import annotations

import re

DEFAULT_BASE = "e5-small"
#: What a base was called in earlier versions, whose records are still read.
FORMER_NAMES = {"minilm": DEFAULT_BASE}


def split_name(name: str) -> tuple[str, int | None]:
    """A name such as ``e5-small:9`` as the base and the number of its first layers, None for all."""
    cut = re.fullmatch(r"(.+):(\d+)", name)
    return (cut[1], int(cut[2])) if cut else (name, None)


def base_name(name: str) -> str:
    """The name that a base has today, whether it is given by that or by a former one, cut or whole."""
    whole, depth = split_name(name)
    today = FORMER_NAMES.get(whole, whole)
    return today if depth is None else f"{today}:{depth}"
