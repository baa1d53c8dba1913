"""Ids of sentences and documents, which files write as numbers or as text."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from xadapt.errors import XadaptError


def id_text(value: Any, what: str) -> str:
    """Write an id as text, so that 7 and "7" are one.

    Args:
        value: An id, a whole number or text.
        what: How an error names the place it stands in.

    Raises:
        XadaptError: If it is neither.
    """
    if not isinstance(value, str | Integral):
        raise XadaptError(f"{what}: {value!r} is no id; ids are text or whole numbers")
    return str(value)
