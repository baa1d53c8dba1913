"""Figures become pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

DPI = 130


def png_of(draw: Callable[[], Figure]) -> bytes:
    """Draw a figure as PNG; names in it are names, whatever signs of mathematics they hold."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"text.parse_math": False}):
        draw().savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
