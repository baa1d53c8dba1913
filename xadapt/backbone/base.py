"""The backbone: a frozen XLM-R encoder with its tokenizer and its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from xadapt.backbone.packed import check_packed, encoder_state, packed_path, read_packed
from xadapt.backbone.packed_embedding import PackedEmbedding, unpack_rows
from xadapt.bases import DEFAULT_BASE, base_name, split_name
from xadapt.connection import prepare_hub
from xadapt.errors import XadaptError, reason_of

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel
    from transformers import PreTrainedTokenizerBase, XLMRobertaConfig

#: Where ``state`` has the word embedding, unless that is packed.
WORDS = "roberta.embeddings.word_embeddings.weight"


@dataclass(frozen=True)
class Backbone:
    """A frozen encoder.

    Attributes:
        name: The name the user gave.
        fingerprint: SHA-256 of its weights (of the packed file for the default base).
        tokenizer: Its fast tokenizer.
        config: Its configuration, with dropout off: a frozen encoder that drops out units only adds noise.
        state: Encoder weights, shared by every model that is made from it.
        sentence_layer: The layer whose mean-pooled vectors are a sentence's unless the user names another.
        words: The word embedding's packed rows, uint8, shape (words, bytes), shared likewise; None if ``state`` has it.
    """

    name: str
    fingerprint: str
    tokenizer: PreTrainedTokenizerBase
    config: XLMRobertaConfig
    state: dict[str, torch.Tensor]
    sentence_layer: int
    words: torch.Tensor | None = None

    def model(self) -> XLMRobertaAdapterModel:
        """Make a model without adapters or heads; its weights are this backbone's own and must not be trained."""
        import copy

        from adapters import XLMRobertaAdapterModel

        from xadapt.libraries.adapters import set_word_embedding

        config, state = copy.deepcopy(self.config), dict(self.state)
        if self.words is not None:
            # The library makes and fills a dense table, which is as short as its padding lets it be.
            config.vocab_size = config.pad_token_id + 1
            state[WORDS] = unpack_rows(self.words[: config.vocab_size])
        model = XLMRobertaAdapterModel.from_pretrained(None, config=config, state_dict=state)
        if self.words is not None:
            model.config.vocab_size = self.config.vocab_size
            words = PackedEmbedding(self.words, config.pad_token_id)
            set_word_embedding(model, words)
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        return model

    @property
    def layers(self) -> int:
        """Number of transformer layers."""
        return int(self.config.num_hidden_layers)


@lru_cache(maxsize=1)
def load_backbone(name: str = DEFAULT_BASE) -> Backbone:
    """Load a base.

    Args:
        name: ``e5-small`` for the packed default, otherwise a hub id or a folder of an XLM-R checkpoint; with a number
            behind it, such as ``e5-small:9``, its first layers alone.

    Raises:
        XadaptError: If the base is not there, is damaged, is not an XLM-R or has no so many layers.
    """
    from xadapt.libraries import adapters, transformers

    transformers.quiet()
    adapters.quiet()
    name = name if Path(name).is_dir() else base_name(name)
    whole, depth = (name, None) if Path(name).is_dir() else split_name(name)
    return _whole(whole) if depth is None else _first_layers(_whole(whole), depth, name)


def _whole(name: str) -> Backbone:
    return _packed(name) if name == DEFAULT_BASE else _pretrained(name)


def _first_layers(base: Backbone, depth: int, name: str) -> Backbone:
    import copy

    if not 1 <= depth <= base.layers:
        raise XadaptError(f"base {name!r}: {base.name} has {base.layers} layers: name 1 to {base.layers} of them")
    config = copy.deepcopy(base.config)
    config.num_hidden_layers = depth
    above = tuple(f"roberta.encoder.layer.{index}." for index in range(depth, base.layers))
    state = {key: value for key, value in base.state.items() if not key.startswith(above)}
    fingerprint = hashlib.sha256(f"{base.fingerprint}:{depth}".encode()).hexdigest()
    layer = min(base.sentence_layer, depth)
    return replace(base, name=name, fingerprint=fingerprint, config=config, state=state, sentence_layer=layer)


def _packed(name: str) -> Backbone:
    from transformers import XLMRobertaConfig

    from xadapt.backbone.tokenizer import build_tokenizer

    path = packed_path()
    fingerprint = check_packed(path)
    packed = read_packed(path)
    config = XLMRobertaConfig(
        vocab_size=packed.sizes["vocabulary"],
        hidden_size=packed.sizes["hidden"],
        num_hidden_layers=packed.sizes["layers"],
        num_attention_heads=packed.sizes["heads"],
        intermediate_size=packed.sizes["feed_forward"],
        max_position_embeddings=packed.sizes["positions"] + 2,
        type_vocab_size=1,
        layer_norm_eps=packed.epsilon,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    state = {f"roberta.{key}": torch.from_numpy(value) for key, value in encoder_state(packed).items()}
    words = torch.from_numpy(packed.rows("emb.word", packed.sizes["vocabulary"]))
    return Backbone(name, fingerprint, build_tokenizer(packed), config, state, packed.sizes["layers"], words)


def _pretrained(name: str) -> Backbone:
    from adapters import XLMRobertaAdapterModel
    from transformers import AutoTokenizer

    from xadapt.backbone.plain_config import read_config

    local = Path(name).expanduser()
    if not local.is_dir():
        prepare_hub()
    where = str(local) if local.is_dir() else name
    # Without this file the folder's name would be searched for the name of some architecture.
    if local.is_dir() and not (local / "config.json").is_file():
        raise XadaptError(f"base {name!r}: the folder has no config.json: name the folder of an XLM-R checkpoint")
    try:
        config = read_config(where, name)
        tokenizer = AutoTokenizer.from_pretrained(where, config=config, use_fast=True, trust_remote_code=False)
        tokenizer.model_max_length = min(tokenizer.model_max_length, config.max_position_embeddings - 2)
        model, loading = XLMRobertaAdapterModel.from_pretrained(
            where, config=config, torch_dtype=torch.float32, output_loading_info=True, weights_only=True
        )
    except XadaptError:
        raise
    except ImportError:
        raise XadaptError(f"base {name!r} has no readable tokenizer.json: save its fast tokenizer with it") from None
    except Exception as error:
        why = "not a readable XLM-R checkpoint" if local.is_dir() else "no such folder, and the hub has no answer"
        raise XadaptError(
            f"base {name!r}: {why} ({reason_of(error, 100)}): use 'e5-small', a hub id or a checkpoint folder"
        ) from None
    kept = ("roberta.embeddings.", "roberta.encoder.")
    missing = [key for key in loading["missing_keys"] if key.startswith(kept)]
    if missing:
        raise XadaptError(f"base {name!r} lacks {len(missing)} weights, {missing[0]} first: get the whole checkpoint")
    state = {key: value for key, value in model.state_dict().items() if key.startswith(kept)}
    # Middle-to-upper layers give XLM-R's best sentence vectors (arXiv 2003.11080 uses 7 of 12).
    return Backbone(name, fingerprint_of(state), tokenizer, config, state, round(config.num_hidden_layers * 7 / 12))


def fingerprint_of(state: dict[str, torch.Tensor]) -> str:
    """Hash weights by name, shape and value; 64 hex digits."""
    digest = hashlib.sha256()
    for key in sorted(state):
        value = state[key].detach().to("cpu", torch.float32).contiguous()
        digest.update(f"{key} {tuple(value.shape)}".encode())
        digest.update(value.numpy())
    return digest.hexdigest()
