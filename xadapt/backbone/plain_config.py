"""The configuration of a checkpoint that somebody else made: the numbers of an XLM-R, and nothing that runs code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.errors import XadaptError, quoted

if TYPE_CHECKING:
    from transformers import XLMRobertaConfig

#: All that decides what an XLM-R computes. What else a file says may name code: of the repository (``auto_map``), of
#: another one (a kernel for ``_attn_implementation``), of a quantisation.
_TAKEN = (
    "bos_token_id",
    "eos_token_id",
    "hidden_act",
    "hidden_size",
    "initializer_range",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "pad_token_id",
    "position_embedding_type",
    "type_vocab_size",
    "vocab_size",
)


def read_config(where: str, name: str) -> XLMRobertaConfig:
    """Read the configuration of an XLM-R checkpoint, with dropout off.

    Args:
        where: Its folder, or its id on the hub.
        name: What the user calls it.

    Raises:
        XadaptError: If it is of another kind, needs code of its own or is quantised.
        Exception: What the library raises where there is none.
    """
    from transformers import PretrainedConfig, XLMRobertaConfig
    from transformers.models.auto.tokenization_auto import get_tokenizer_config
    from transformers.utils import find_adapter_config_file

    stored, _ = PretrainedConfig.get_config_dict(where)
    kind = stored.get("model_type")
    for file, content in (("config.json", stored), ("tokenizer_config.json", get_tokenizer_config(where))):
        if content.get("auto_map"):
            raise XadaptError(
                f"base {name!r}: its {file} names code of its own to be run (auto_map), which xadapt never does: use a "
                "base without it"
            )
    if kind != "xlm-roberta":
        raise XadaptError(f"base {name!r} is a {kind} model: xadapt takes XLM-R checkpoints")
    if stored.get("quantization_config"):
        raise XadaptError(f"base {name!r} is quantised: use the checkpoint that it was made of")
    if find_adapter_config_file(where):
        # The library would load whichever base that file names, and the adapter with it.
        raise XadaptError(
            f"base {name!r} holds an adapter (adapter_config.json): use its base here, and bring it in with "
            "`xadapt import`"
        )
    given = {key: stored[key] for key in _TAKEN if key in stored}
    for key, value in given.items():
        counted = key.startswith(("num_", "max_")) or key.endswith("_size")
        if counted and (type(value) is not int or value < 1):
            raise XadaptError(f"base {name!r}: its config.json has {key} {quoted(value)}: get the whole checkpoint")
    config = XLMRobertaConfig(**given)
    config.name_or_path = where
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    return config
