"""A digest of what an adapter has that is never trained."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


def tensor_digest(tensors: Mapping[str, Tensor]) -> str:
    """Hash tensors by name and value in single precision, SHA-256, 64 hex digits."""
    digest = hashlib.sha256()
    for key, value in sorted(tensors.items()):
        digest.update(key.encode() + value.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
