"""Names of bases."""

from __future__ import annotations

import re

DEFAULT_BASE = "minilm"


def split_name(name: str) -> tuple[str, int | None]:
    """A name such as ``minilm:9`` as the base and the number of its first layers, None for all."""
    cut = re.fullmatch(r"(.+):(\d+)", name)
    return (cut[1], int(cut[2])) if cut else (name, None)
