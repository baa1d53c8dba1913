"""A base of which the word embedding is packed, made out of one of which it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from xadapt.backbone.base import WORDS, Backbone


def random_rows(count: int, blocks: int, seed: int = 0) -> torch.Tensor:
    """Packed rows with scales of both signs, uint8, shape (count, blocks × 18)."""
    numbers = np.random.default_rng(seed)
    rows = numbers.integers(0, 256, (count, blocks, 18), np.uint8)
    rows[..., :2] = numbers.normal(0, 0.02, (count, blocks, 1)).astype("<f2").view(np.uint8)
    return torch.from_numpy(rows.reshape(count, -1))


def with_packed_words(backbone: Backbone) -> Backbone:
    """The base with other words, which are packed."""
    state = {key: value for key, value in backbone.state.items() if key != WORDS}
    return replace(backbone, state=state, words=random_rows(backbone.config.vocab_size, 1))
