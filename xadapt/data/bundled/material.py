"""Read the hand-written sentences that the sets are expanded from."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> Any:
    """Read ``<name>.json`` from this package.

    Args:
        name: The file's name without its ending.

    Returns:
        The parsed content. It is shared between calls, so callers must not change it.

    Raises:
        FileNotFoundError: The package has no such file.
    """
    return json.loads(files("xadapt.data.bundled").joinpath(f"{name}.json").read_text(encoding="utf-8"))
