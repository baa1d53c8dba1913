"""What can be known of a base without its weights: that it is one, how deep it is and how much it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from xadapt.backbone.packed import packed_path, read_packed
from xadapt.bases import DEFAULT_BASE, base_name, split_name
from xadapt.connection import prepare_hub
from xadapt.errors import XadaptError, quoted
from xadapt.store.files import read_json

#: How the hub names models: with an owner, or as those of its first years without one.
_HUB_ID = re.compile(r"([\w-]+(\.[\w-]+)*/)?[\w-]+(\.[\w-]+)*")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_ADVICE = f"use {DEFAULT_BASE!r}, a hub id or the folder of an XLM-R checkpoint"


@dataclass(frozen=True)
class Outline:
    """A base, as far as it is known.

    Attributes:
        layers: Number of its transformer layers.
        longest: Tokens that it reads at most.
    """

    layers: int
    longest: int


def outline(name: str) -> Outline | None:
    """Look at a base without reading its weights or asking the hub.

    Args:
        name: As :func:`~xadapt.backbone.base.load_backbone` takes it.

    Returns:
        What is known, None for one of the hub.

    Raises:
        XadaptError: If it is no base: a folder without one, a name that the hub cannot have, or one that is not
            downloaded while the hub cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _of_folder(folder)
    name = base_name(name)
    whole, depth = split_name(name)
    if whole == DEFAULT_BASE:
        sizes = read_packed(packed_path()).sizes
        return _cut(Outline(sizes["layers"], sizes["positions"]), depth, name)
    if not _HUB_ID.fullmatch(whole) or len(whole) > 200:
        raise XadaptError(f"base {quoted(name)}: no such folder: {_ADVICE}")
    if not (prepare_hub() or _downloaded(whole)):
        raise XadaptError(f"base {quoted(name)}: no such folder, and the hub has no answer: {_ADVICE}")
    return None


def _cut(whole: Outline, depth: int | None, name: str) -> Outline:
    if depth is None:
        return whole
    if not 1 <= depth <= whole.layers:
        raise XadaptError(f"base {quoted(name)}: it has {whole.layers} layers: name 1 to {whole.layers} of them")
    return Outline(depth, whole.longest)


def _of_folder(folder: Path) -> Outline:
    shown = f"base {quoted(str(folder))}"
    if not (folder / "config.json").is_file():
        raise XadaptError(f"{shown}: the folder has no config.json: name the folder of an XLM-R checkpoint")
    config = read_json(folder / "config.json")
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind != "xlm-roberta":
        what = f"it is a {quoted(kind)} model" if kind else "its config.json names no model"
        raise XadaptError(f"{shown}: {what}: xadapt takes XLM-R checkpoints")
    if not any(True for pattern in _WEIGHTS for _ in folder.glob(pattern)):
        raise XadaptError(f"{shown}: the folder has no weights, such as model.safetensors: get the whole checkpoint")
    sizes = [config.get(key) for key in ("num_hidden_layers", "max_position_embeddings")]
    if not all(isinstance(size, int) and 0 < size < 2**20 for size in sizes):
        raise XadaptError(f"{shown}: its config.json gives no sizes: get the whole checkpoint")
    return Outline(sizes[0], sizes[1] - 2)


def _downloaded(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json"), str)
