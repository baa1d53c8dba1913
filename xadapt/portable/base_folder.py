"""The base as a folder of plain transformers: configuration, weights, tokenizer."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from xadapt.backbone.base import WORDS, Backbone
from xadapt.backbone.packed_embedding import unpack_rows

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "roberta."


def write_model(
    backbone: Backbone,
    folder: Path,
    state: dict[str, torch.Tensor],
    architecture: str = "XLMRobertaModel",
    precision: str = "fp32",
    **config: Any,
) -> None:
    """Write a model that ``from_pretrained`` of transformers loads, without its tokenizer.

    Args:
        backbone: The base, for its configuration.
        folder: An existing folder.
        state: All weights, by the architecture's names.
        architecture: The class of transformers.
        precision: ``fp32`` or ``fp16``.
        config: What the configuration says besides.
    """
    dtype = torch.float16 if precision == "fp16" else torch.float32
    settings = copy.deepcopy(backbone.config)
    settings.update({"architectures": [architecture], "torch_dtype": dtype, **config})
    settings.save_pretrained(folder)
    weights = {key: value.detach().to("cpu", dtype).contiguous() for key, value in state.items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def write_base(backbone: Backbone, folder: Path) -> None:
    """Write the frozen base with its tokenizer, in single precision."""
    folder.mkdir()
    write_model(backbone, folder, encoder_state(backbone))
    backbone.tokenizer.save_pretrained(folder)


def encoder_state(backbone: Backbone, words: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    """The base's weights by the names of ``XLMRobertaModel``.

    Args:
        backbone: The base.
        words: Ids of the words whose vectors are wanted, int64, shape (words,); None for all.
    """
    state = dict(backbone.state)
    rows = state[WORDS] if backbone.words is None else backbone.words
    rows = rows if words is None else rows[words]
    state[WORDS] = rows if backbone.words is None else unpack_rows(rows)
    return {key.removeprefix(PREFIX): value for key, value in state.items()}


def write_cut_base(backbone: Backbone, folder: Path, ids: torch.Tensor) -> torch.Tensor:
    """Write the base with only those rows of its vocabulary that a few texts use.

    A vocabulary of 250,000 pieces is most of a small base, and a comparison on a dozen sentences needs a hundred.

    Args:
        backbone: The base.
        folder: A folder to be made.
        ids: Token ids of the texts, int64, any shape.

    Returns:
        The ids that the same pieces have in the folder, of the same shape.
    """
    folder.mkdir()
    # Positions are counted from the id of padding, which has to stay what it is.
    kept = torch.unique(torch.cat((torch.arange(backbone.config.pad_token_id + 1), ids.flatten())))
    write_model(backbone, folder, encoder_state(backbone, kept), vocab_size=len(kept))
    return torch.searchsorted(kept, ids)
