"""xadapt: adapters for cross-lingual transfer on a frozen multilingual encoder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xadapt.errors import RunFailed, XadaptError
    from xadapt.methods.registration import adapter_method
    from xadapt.model import load
    from xadapt.session import Session

__version__ = "0.2.0"
__all__ = ["RunFailed", "Session", "XadaptError", "__version__", "adapter_method", "load"]

#: What loads models takes seconds to import, which `xadapt --help` must not wait for.
_LAZY = {
    "RunFailed": "xadapt.errors",
    "Session": "xadapt.session",
    "XadaptError": "xadapt.errors",
    "adapter_method": "xadapt.methods.registration",
    "load": "xadapt.model",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
