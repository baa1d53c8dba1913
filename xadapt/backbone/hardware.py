"""Which device and which precision a run uses."""

from __future__ import annotations

import torch

from xadapt.errors import XadaptError, option, quoted, unknown
from xadapt.libraries.torch import cpu_computes_bf16

PRECISIONS = ("fp32", "bf16")


def pick_device(name: str) -> torch.device:
    """Resolve ``auto`` (CUDA, then MPS, then CPU) or a device name.

    Raises:
        XadaptError: If the device is unknown or not on this machine.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        available = {
            "cpu": not device.index,
            "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
            "mps": torch.backends.mps.is_available() and not device.index,
        }[device.type]
    except (RuntimeError, KeyError):
        raise XadaptError(f"unknown device {quoted(name)}: use auto, cpu, cuda or mps") from None
    if not available:
        raise XadaptError(f"device {name!r} is not on this machine: use {option('device', 'auto')}")
    if device.type == "cuda" and device.index:
        # The Trainer always takes the first visible GPU.
        use = option("device", "cuda")
        raise XadaptError(f"device {name!r}: choose the GPU with CUDA_VISIBLE_DEVICES={device.index} and {use}")
    return device


def pick_precision(name: str, device: torch.device) -> str:
    """Resolve ``auto`` to ``bf16`` where the device computes in it faster than in fp32, else ``fp32``.

    A CPU without native bf16 instructions emulates them, which was measured at up to 30 times slower than fp32.

    Raises:
        XadaptError: If it is none of ``auto``, ``fp32`` and ``bf16``.
    """
    if name not in ("auto", *PRECISIONS):
        raise XadaptError(f"{option('precision')}: {unknown('value', name, ('auto', *PRECISIONS))}")
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if device.type == "cpu":
        return "bf16" if cpu_computes_bf16() else "fp32"
    return "fp32"
