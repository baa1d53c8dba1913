"""The encoder in two parts, a trunk that no adapter changes and a top, with no work that nobody reads."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions
from transformers.models.xlm_roberta.modeling_xlm_roberta import (
    XLMRobertaEncoder,
    XLMRobertaLayer,
    XLMRobertaSdpaSelfAttention,
)

from xadapt.libraries.transformers import set_encoder_class
from xadapt.store.text_cache import TextCache, text_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapters import XLMRobertaAdapterModel


@dataclass(frozen=True)
class EncoderBatch:
    """A batch that is going through the encoder.

    Attributes:
        ids: Token ids, int64, shape (batch, tokens).
        mask: 1 for a token, 0 for padding on the right, shape (batch, tokens).
        first: Whether only the first token's vector will be read.
    """

    ids: Tensor
    mask: Tensor
    first: bool


class SplitEncoder(XLMRobertaEncoder):
    """XLM-R's layers, of which those below ``start`` are the trunk.

    The trunk's output is rounded to half precision, whether it comes from a cache or not, so that a cache changes no
    result. Half precision and not bf16: behind a layer norm nothing is large, and it is eight times finer.

    Attributes:
        start: Layers below this one hold nothing that acts.
        tokenwise: Whether all that acts treats every token by itself, given its layer's input.
        cache: Where trunk outputs are kept; None computes them every time.
        memo: A batch's ids and what another model made of it, by the trunk's height (see :func:`shared_trunk`).
        space: What else decides a trunk's output: the base's fingerprint.
        batch: The batch of :func:`run`; without one the library's own forward runs.
    """

    start: int
    tokenwise: bool
    cache: TextCache | None
    space: str
    memo: dict[int, tuple[Tensor, Tensor]] | None
    batch: EncoderBatch | None

    def forward(self, hidden_states: Tensor, attention_mask: Tensor | None = None, *rest: Any, **options: Any) -> Any:
        """Map embeddings, shape (batch, tokens, width), to the last layer's vectors, (batch, tokens or 1, width)."""
        batch = self.batch
        if batch is None or options.get("output_hidden_states") or options.get("output_attentions"):
            return super().forward(hidden_states, attention_mask, *rest, **options)
        hidden = self._trunk(hidden_states, attention_mask, batch) if self.start else hidden_states
        last = len(self.layer) - 1
        for layer in self.layer[self.start : last]:
            hidden = layer(hidden, attention_mask)[0]
        if self.start <= last:
            layer = self.layer[last]
            alone = batch.first and self.tokenwise and isinstance(layer.attention.self, XLMRobertaSdpaSelfAttention)
            hidden = _first(layer, hidden, attention_mask) if alone else layer(hidden, attention_mask)[0]
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=hidden)

    def _trunk(self, hidden: Tensor, attention_mask: Tensor | None, batch: EncoderBatch) -> Tensor:
        if self.memo is None:
            return self._kept(hidden, attention_mask, batch)
        ids, vectors = self.memo.get(self.start, (None, hidden))
        if ids is not batch.ids:
            vectors = self._kept(hidden, attention_mask, batch)
            self.memo[self.start] = batch.ids, vectors
        return vectors

    def _kept(self, hidden: Tensor, attention_mask: Tensor | None, batch: EncoderBatch) -> Tensor:
        if self.cache is None:
            return self._below(hidden, attention_mask).half().to(hidden.dtype)
        lengths = batch.mask.sum(1).tolist()
        ids = batch.ids.cpu().numpy()
        precision = "bf16" if torch.is_autocast_enabled(hidden.device.type) else "fp32"
        space = f"trunk/{self.space[:16]}-{self.start}-{precision}"
        keys = [text_key(row[:length]) for row, length in zip(ids, lengths, strict=True)]
        out = np.zeros(hidden.shape, np.float16)
        missing = []
        for index, vectors in enumerate(self.cache.get(space, keys)):
            if vectors is None:
                missing.append(index)
            else:
                out[index, : len(vectors)] = vectors
        if missing:
            some = None if attention_mask is None else attention_mask[missing]
            out[missing] = self._below(hidden[missing], some).half().cpu().numpy()
            self.cache.put(space, [keys[i] for i in missing], [out[i, : lengths[i]] for i in missing])
        return torch.from_numpy(out).to(hidden.device, hidden.dtype)

    @torch.no_grad()
    def _below(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        for layer in self.layer[: self.start]:
            hidden = layer(hidden, attention_mask)[0]
        return hidden


def _first(layer: XLMRobertaLayer, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
    """The first token's vector behind a layer, shape (batch, 1, width): it alone is the query, all tokens are keys."""
    # With gaps in it torch would multiply in an order that depends on what is being trained.
    first = hidden[:, :1].contiguous()
    mask = None if attention_mask is None else attention_mask[:, :, :1]
    # Keys and values come from where cross-attention would take them.
    attended = layer.attention.self(first, mask, encoder_hidden_states=hidden)[0]
    return layer.feed_forward_chunk(layer.attention.output(attended, first))


def split(model: XLMRobertaAdapterModel, space: str) -> None:
    """Give a fresh model this encoder."""
    set_encoder_class(model, SplitEncoder)
    encoder: Any = model.roberta.encoder
    encoder.start, encoder.tokenwise, encoder.space = 0, False, space
    encoder.cache = encoder.memo = encoder.batch = None


def run(model: XLMRobertaAdapterModel, ids: Tensor, mask: Tensor, head: str | None, first: bool = False) -> Any:
    """Run a model and a head on a batch, skipping what nobody reads.

    Args:
        model: The model.
        ids: Token ids, int64, shape (batch, tokens), padded on the right.
        mask: 1 for a token, 0 for padding, shape (batch, tokens).
        head: The head's name, None for none.
        first: Whether only the first token's vector is read; the last layer then computes no other.

    Returns:
        What the head returns.
    """
    with _with_batch(model.roberta.encoder, EncoderBatch(ids, mask, first)):
        return model(input_ids=ids, attention_mask=mask, head=head)


@contextmanager
def _with_batch(encoder: Any, batch: EncoderBatch) -> Iterator[None]:
    if not isinstance(encoder, SplitEncoder):
        yield
        return
    encoder.batch = batch
    try:
        yield
    finally:
        encoder.batch = None


@contextmanager
def shared_trunk(models: Sequence[XLMRobertaAdapterModel]) -> Iterator[None]:
    """Let models of one base that are given the same batch, one after the other, compute their common trunk once."""
    encoders: list[Any] = [model.roberta.encoder for model in models]
    if len(encoders) == 1 or not all(isinstance(encoder, SplitEncoder) for encoder in encoders):
        yield
        return
    # A model whose trunk is higher does not share a lower one: it would be rounded elsewhere than when it is alone.
    memo: dict[int, tuple[Tensor, Tensor]] = {}
    for encoder in encoders:
        encoder.memo = memo
    try:
        yield
    finally:
        for encoder in encoders:
            encoder.memo = None
