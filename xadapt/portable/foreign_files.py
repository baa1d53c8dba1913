"""Files of a folder that somebody else made: found in that folder alone, and read within limits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from xadapt.errors import XadaptError, quoted, reason_of
from xadapt.store.files import inside, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from xadapt.store.records import Json

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
#: Bytes of a configuration, in which 100,000 labels have room.
_LONGEST = 1 << 24
#: Bytes of the header of a file of weights, in which 30,000 tensors have room.
_LONGEST_HEADER = 1 << 22
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
#: The largest number in half precision, in which adapters are stored, exported and run.
_LARGEST = 65504.0


def own_file(folder: Path, name: str, root: Path | None = None) -> Path | None:
    """A file of a folder, None if there is none.

    Args:
        folder: The folder.
        name: The file's name.
        root: A folder above it that the file must lie in; None for the folder itself.

    Raises:
        XadaptError: If it is no ordinary file, or a link that leads out.
    """
    path = folder / name
    if not os.path.lexists(path):
        return None
    within = root or folder
    inside(within, str(path.relative_to(within)))
    if not path.is_file():
        raise XadaptError(f"{path} is no ordinary file: get the whole folder again")
    return path


def read_config(path: Path) -> Json:
    """Read a configuration.

    Raises:
        XadaptError: If it is too long, or no JSON object.
    """
    if path.stat().st_size > _LONGEST:
        raise XadaptError(f"{path} is {path.stat().st_size >> 20} MiB long, which no configuration is: get it again")
    config = read_json(path)
    if not isinstance(config, dict):
        raise XadaptError(f"{path} is not a JSON object: get it again")
    return config


def read_weights(path: Path, most: int | None = None) -> dict[str, Tensor]:
    """Read a file of weights.

    Args:
        path: The file.
        most: Bytes that it may have at most, None for any number.

    Raises:
        XadaptError: If it is no whole safetensors file, too large, or holds what no trained weights are.
    """
    size = path.stat().st_size
    if most is not None and size > most:
        raise XadaptError(f"{path} has {size >> 20} MiB, more than all of the base: it is no adapter for this base")
    with path.open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
    if header > min(size, _LONGEST_HEADER):
        raise XadaptError(f"{path} is no whole safetensors file (its header would be {header:,} bytes): get it again")
    try:
        weights: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise XadaptError(f"{path} is no whole safetensors file ({reason_of(error)}): get it again") from None
    for key, value in weights.items():
        fault = _fault(value)
        if fault:
            raise XadaptError(f"{path}: {quoted(key)} {fault}: get it again, or have it trained again")
    return weights


def _fault(value: Tensor) -> str:
    if value.dtype not in _FLOATS:
        return f"is of type {str(value.dtype).removeprefix('torch.')}, and weights are floats of 16, 32 or 64 bits"
    if not value.numel():
        return "is empty"
    if not value.isfinite().all():
        return "is not finite"
    largest = float(value.abs().max())
    return f"reaches {largest:.3g}, which half precision cannot hold" if largest > _LARGEST else ""
