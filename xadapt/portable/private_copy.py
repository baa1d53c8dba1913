"""What was found in a folder is checked and copied out of it, so that libraries open nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from adapters.loading import ADAPTERFUSION_CONFIG_NAME
from adapters.utils import (
    HEAD_CONFIG_NAME,
    SAFE_ADAPTERFUSION_WEIGHTS_NAME,
    SAFE_HEAD_WEIGHTS_NAME,
    SAFE_WEIGHTS_NAME,
)
from safetensors.torch import save_file

from xadapt.errors import XadaptError, option, quoted
from xadapt.methods.peft_library import CONFIG, WEIGHTS
from xadapt.portable.export_peft import ROOT
from xadapt.portable.foreign_configs import check_adapter_config, check_head_config
from xadapt.portable.foreign_files import own_file, read_config, read_weights
from xadapt.portable.found_adapters import FoundAdapter, find_head, safe_file
from xadapt.portable.peft_folder import peft_head, read_peft
from xadapt.store.files import atomic_write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from torch import Tensor

    from xadapt.backbone.base import Backbone
    from xadapt.store.records import Json


@dataclass
class PrivateCopy:
    """An adapter that was copied out.

    Attributes:
        folder: Where it is now, in the layout of its library.
        found: Where it was.
        head: The folder of the head that came with it in one file, None if there was none.
        notes: What a user should know, a line each.
    """

    folder: Path
    found: FoundAdapter
    head: Path | None = None
    notes: list[str] = field(default_factory=list)


def copy_adapter(backbone: Backbone, found: FoundAdapter, to: Path) -> PrivateCopy:
    """Check an adapter and copy it; one of peft becomes a plain one for the bare encoder.

    Args:
        backbone: The base.
        found: The adapter.
        to: A folder that is there.

    Raises:
        XadaptError: If it is damaged, for another base, or nothing that can be had here.
    """
    weights = read_weights(found.weights, most_bytes(backbone))
    _check_sizes(backbone, found, weights)
    copy = PrivateCopy(to, found)
    if found.form == "adapterhub":
        check_adapter_config(found.config, weights, found.folder / CONFIG)
        _write(to, CONFIG, found.config, SAFE_WEIGHTS_NAME, weights)
        return copy
    try:
        plain = read_peft(found.config, weights, backbone.layers, lambda path: backbone.state[f"roberta.{path}"])
        head = peft_head(plain.head)
    except ValueError as error:
        raise XadaptError(f"{found.folder}: {error}") from None
    _write(to, CONFIG, plain.config, WEIGHTS, {ROOT + key: value for key, value in plain.weights.items()})
    copy.notes += plain.notes
    if head:
        copy.head = to / "head"
        copy.head.mkdir()
        _write(copy.head, HEAD_CONFIG_NAME, head, SAFE_HEAD_WEIGHTS_NAME, plain.head)
    elif plain.head:
        copy.notes.append(f"{quoted(min(plain.head))} is of no head that is known here and stays behind")
    return copy


def copy_head(backbone: Backbone, copy: PrivateCopy, folder: Path | None, to: Path) -> Path | None:
    """Check a head and copy it.

    Args:
        backbone: The base.
        copy: The adapter that it comes with.
        folder: Where it is, if not beside the adapter.
        to: A folder that is there.

    Returns:
        The folder of the copy, None if there is no head.

    Raises:
        XadaptError: If it is damaged.
    """
    if copy.found.form == "peft":
        return copy.head
    head = find_head(copy.found, folder)
    if head is None:
        return None
    config, file = head
    weights = read_weights(file, most_bytes(backbone))
    check_head_config(config, weights, file.parent / HEAD_CONFIG_NAME)
    _write(to, HEAD_CONFIG_NAME, config, SAFE_HEAD_WEIGHTS_NAME, weights)
    return to


def copy_fusion(backbone: Backbone, folder: Path, root: Path, to: Path) -> Path:
    """Check a fusion and copy it; returns the folder of the copy.

    Raises:
        XadaptError: If it is damaged.
    """
    path = own_file(folder, ADAPTERFUSION_CONFIG_NAME, root)
    if path is None:
        raise XadaptError(f"{folder} lacks {ADAPTERFUSION_CONFIG_NAME}: get the whole folder")
    weights = read_weights(safe_file(folder, SAFE_ADAPTERFUSION_WEIGHTS_NAME, "adapterhub", root), most_bytes(backbone))
    _write(to, ADAPTERFUSION_CONFIG_NAME, read_config(path), SAFE_ADAPTERFUSION_WEIGHTS_NAME, weights)
    return to


def _write(folder: Path, config_name: str, config: Json, weights_name: str, weights: dict[str, Tensor]) -> None:
    atomic_write_json(folder / config_name, config)
    save_file(weights, folder / weights_name)


def most_bytes(backbone: Backbone) -> int:
    """More than any adapter for a base takes: the size of the base itself in single precision, and of a vocabulary."""
    wide, words = backbone.config.hidden_size, backbone.config.vocab_size
    return 4 * (sum(value.numel() for value in backbone.state.values()) + 2 * wide * words) + (1 << 24)


def _check_sizes(backbone: Backbone, found: FoundAdapter, keys: Iterable[str]) -> None:
    config, width, layers = found.config, backbone.config.hidden_size, backbone.layers
    deepest = 1 + max((number for key in keys if (number := _layer_number(key)) is not None), default=-1)
    made_for, kind = config.get("hidden_size", width), config.get("model_type", "xlm-roberta")
    if made_for != width or deepest > layers or kind != "xlm-roberta":
        raise XadaptError(
            f"{found.folder} is for a base of type {quoted(kind)}, of width {quoted(made_for)}, {deepest} layers or "
            f"more, and this is an xlm-roberta of width {width} with {layers}: name its base with {option('base')}"
        )


def _layer_number(key: str) -> int | None:
    """The number behind ``layer`` in a weight's name."""
    parts = key.split(".")
    numbers = [part for before, part in pairwise(parts) if before == "layer" and part.isdecimal()]
    return int(numbers[0][:9]) if numbers else None
