"""What reaches into PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def has_hooks(module: nn.Module) -> bool:
    """Whether somebody watches what a module computes, so that its ``forward`` has to be called.

    PyTorch has no public way to ask.

    Test: ``tests/methods/test_folded_fusion.py``, dropout and hooks leave a fusion to the library.
    """
    return bool(
        module._forward_pre_hooks or module._forward_hooks or module._backward_pre_hooks or module._backward_hooks
    )


def version(tensor: Tensor) -> int:
    """A number that rises when a tensor is changed in place; fused optimizers and inference tensors do not count.

    Test: ``tests/methods/test_folding_again.py``, other weights count at once.
    """
    return tensor._version


def cpu_computes_bf16() -> bool:
    """Whether the CPU has instructions for bf16; PyTorch emulates them without a word where it has not.

    Test: ``tests/backbone/test_hardware.py``.
    """
    check = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return check is not None and bool(check())
