"""Values of methods' options."""

from __future__ import annotations

import pytest

from tests.error_checks import refused
from xadapt.methods.adapter import check_method


@pytest.mark.parametrize(
    "text",
    [
        *("seq_bn[reduction_factor=-4]", "seq_bn[reduction_factor=0]", "seq_bn[reduction_factor=1e999]"),
        *("seq_bn[reduction_factor='x']", "seq_bn[reduction_factor={'1': 0, 'default': 8}]", "compacter[phm_dim=0]"),
        *("prefix_tuning[prefix_length=0]", "prefix_tuning[prefix_length=1000000]", "lora[r=0]", "lora[r=True]"),
        *("lora[r=1.5]", "lora[dropout=2]", "lora[alpha=0]", "lora[attn_matrices=['q','zz']]", "loreft[r=0]"),
        *("seq_bn[non_linearity='foo']", "seq_bn[original_ln_before=7]", "seq_bn|lora[r=-1]", "unipelt|lora[r=-1]"),
        *("peft:lora[r=0]", "peft:lora[lora_dropout=7]", "peft:vera[d_initial='x']", "peft:lokr[decompose_both=3]"),
        *("seq_bn[a=" + "(" * 200 + "1" + ")" * 200 + "]", "seq_bn[" + "[" * 5000, "x" * 10_000, "seq_bn|" * 3000, ""),
    ],
    ids=lambda text: text[:40],
)
def test_a_value_that_makes_no_sense_is_one_short_line(text: str) -> None:
    with refused("adapter_config", text[:20]) as refusal:
        check_method(text)
    assert len(refusal.text) < 600


@pytest.mark.parametrize(
    "text",
    [
        *("seq_bn[reduction_factor={'1': 4, 'default': 16}]", "seq_bn[reduction_factor=0.5]", "scaled_par_bn", "mam"),
        *("seq_bn[residual_before_ln='post_add']", "unipelt", "vera", "dvora", "loreft[r=4]", "ia3", "compacter++"),
        *("peft:oft", "peft:lokr", "peft:vera", "peft:ia3", "peft:lora[r=8,lora_dropout=0.1]", "lora[r=8,alpha=16]"),
    ],
)
def test_values_that_make_sense_are_taken(text: str) -> None:
    check_method(text)
