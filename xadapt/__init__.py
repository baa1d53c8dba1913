"""xadapt: adapters for cross-lingual transfer on a frozen multilingual encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xadapt.api import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    # What loads models takes seconds to import, which `xadapt --help` must not wait for.
    if name == "load":
        from xadapt.api import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
