"""XLM-R's tokenizer, built from the vocabulary of the packed file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Regex as TokenizerRegex
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from xadapt.libraries.transformers import fast_tokenizer

if TYPE_CHECKING:
    from transformers import XLMRobertaTokenizerFast

    from xadapt.backbone.packed import PackedModel


def build_tokenizer(packed: PackedModel) -> XLMRobertaTokenizerFast:
    """Build the Unigram tokenizer of XLM-R.

    Pairs become ``<s> A </s> </s> B </s>``. It gives the pieces of the original SentencePiece model except where that
    model's own character map differs from NFKC, in about one sentence of 200.
    """
    tokenizer = Tokenizer(models.Unigram(packed.vocabulary, unk_id=packed.special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(TokenizerRegex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = packed.special["bos"], packed.special["eos"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    return fast_tokenizer(tokenizer, packed.sizes["positions"])
