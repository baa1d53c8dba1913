"""XLM-R's tokenizer, built from the vocabulary of the packed file."""

from __future__ import annotations

from tokenizers import Regex as TokenizerRegex
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
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
    return XLMRobertaTokenizerFast(tokenizer_object=_Given(tokenizer), model_max_length=packed.sizes["positions"])


class _Given:
    """Hands a tokenizer over as it is: copying 250,000 pieces would double the time to load the base."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    def __deepcopy__(self, memo: object) -> Tokenizer:
        return self.tokenizer
