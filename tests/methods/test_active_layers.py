"""In which layers something acts, against what a model computes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from adapters import XLMRobertaAdapterModel
from adapters.composition import Average, Fuse, Stack
from adapters.context import AdapterSetup
from transformers import XLMRobertaConfig

from tests.adapter_hosts import AdapterHost
from xadapt.methods import peft_configs
from xadapt.methods.active_layers import is_tokenwise, lowest_layer
from xadapt.methods.adapter import activate, adapter_state
from xadapt.methods.layer_grammar import with_layers

TOKENWISE = (
    "seq_bn", "double_seq_bn", "par_bn", "scaled_par_bn", "seq_bn[ln_before=True]", "compacter[reduction_factor=8]",
    "compacter++[reduction_factor=8]", "lora[r=4]", "lora[r=4,intermediate_lora=True,output_lora=True]", "ia3",
    "dora[r=4]", "vera[r=8]", "dvora", "lora|seq_bn", "peft:lora[r=4]", "peft:rslora[r=4]", "peft:dora[r=4]",
    "peft:loha[r=4]", "peft:lokr[r=4]", "peft:vera[r=8]", "peft:oft",
    "peft:lora[target_modules=['attention.output.dense']]", "peft:lora[target_modules=['output.dense']]",
)  # fmt: skip
OTHERS = (
    "prefix_tuning[bottleneck_size=8]", "prefix_tuning_flat", "loreft", "noreft", "noreft[suffix_positions=1]",
    "unipelt", "mam", "seq_bn[use_gating=True]", "par_bn[use_gating=True]", "lora[use_gating=True]", "mtl_lora",
)  # fmt: skip


@pytest.fixture
def deep(host: AdapterHost) -> Any:
    """A model of four layers."""
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=12,
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=20,
        type_vocab_size=1,
        initializer_range=0.06,
    )
    return type(host)(SimpleNamespace(model=lambda: XLMRobertaAdapterModel(config).requires_grad_(False)))


def states(host: AdapterHost) -> tuple[torch.Tensor, ...]:
    """What goes into the first layer, then what comes out of each."""
    with torch.inference_mode():
        outputs = host.model.roberta(host.ids, attention_mask=(host.ids != 1).long(), output_hidden_states=True)
    return tuple(outputs.hidden_states)


def changed(host: AdapterHost, bare: tuple[torch.Tensor, ...]) -> list[int]:
    """The layers that give something else than in the bare base; -1 for the embeddings."""
    pairs = zip(states(host), bare, strict=True)
    return [number - 1 for number, (now, before) in enumerate(pairs) if not torch.equal(now, before)]


@pytest.mark.parametrize("text", [*TOKENWISE, *OTHERS])
def test_layers_below_the_lowest_are_those_of_the_bare_base_and_it_is_not(deep: AdapterHost, text: str) -> None:
    bare = states(deep)
    for name, layers in (("everywhere", "all"), ("second", "2"), ("first", "1,3")):
        deep.add(with_layers(text, layers), name)
        for key, value in adapter_state(deep.model, name).items():
            if key.endswith(".original"):
                # A rotation takes signs from here, cut to whole numbers: with less than 1 it would be zero.
                value.detach().diagonal().fill_(1.0)
    for name, lowest in (("second", 2), ("first", 1), ("everywhere", 0)):
        activate(deep.model, name)
        assert lowest_layer(deep.model) == lowest
        assert changed(deep, bare) == list(range(lowest, 4))
    activate(deep.model, None)
    assert lowest_layer(deep.model) == 4
    assert changed(deep, bare) == []
    assert is_tokenwise(deep.model)


@pytest.mark.parametrize("text", ["peft:ia3", "peft:ia3[target_modules=['key'], feedforward_modules=[]]"])
def test_scales_of_peft_act_from_the_lowest_layer_on(deep: AdapterHost, text: str) -> None:
    bare = states(deep)
    deep.add(text, "z")
    activate(deep.model, "z")
    assert (lowest_layer(deep.model), changed(deep, bare)) == (0, [0, 1, 2, 3])
    assert is_tokenwise(deep.model)


def test_every_method_of_peft_is_tried_here() -> None:
    tried = {text.removeprefix("peft:").partition("[")[0] for text in TOKENWISE if text.startswith("peft:")}
    assert tried | {"ia3"} == set(peft_configs.METHODS)


@pytest.mark.parametrize("text", ["seq_bn_inv", "seq_bn_inv@3"])
def test_what_acts_at_the_embeddings_is_lowest(deep: AdapterHost, text: str) -> None:
    bare = states(deep)
    deep.add(text, "z")
    activate(deep.model, "z")
    assert changed(deep, bare) == [-1, 0, 1, 2, 3]
    assert lowest_layer(deep.model) == 0
    assert not is_tokenwise(deep.model)


@pytest.mark.parametrize("text", TOKENWISE)
def test_a_token_can_be_computed_without_the_others_where_all_is_tokenwise(deep: AdapterHost, text: str) -> None:
    deep.add(f"{text}@2-", "z")
    alone = []

    def hook(layer: Any, given: Any, output: Any) -> None:
        hidden, mask = given[:2]
        attended = layer.attention.self(hidden[:, :1], mask[:, :, :1], encoder_hidden_states=hidden)[0]
        alone.append(layer.feed_forward_chunk(layer.attention.output(attended, hidden[:, :1])))

    deep.model.roberta.encoder.layer[3].register_forward_hook(hook)
    whole = deep.under("z")[:, :1]
    assert is_tokenwise(deep.model)
    assert torch.allclose(whole, alone[0], atol=1e-6)


@pytest.mark.parametrize("text", OTHERS)
def test_what_looks_at_more_than_a_token_is_not_tokenwise(deep: AdapterHost, text: str) -> None:
    deep.add("seq_bn", "b")
    deep.add(text, "z")
    for block in ("z", Stack("z", "b")):
        activate(deep.model, block)
        assert not is_tokenwise(deep.model)
    activate(deep.model, "b")
    assert is_tokenwise(deep.model)


def test_the_lowest_of_all_that_acts_counts(deep: AdapterHost) -> None:
    bare = states(deep)
    for text, name in (("seq_bn@3", "a"), ("par_bn@2-", "b"), ("peft:lora@1", "p"), ("ia3@2", "i"), ("lora@0", "l")):
        deep.add(text, name)
    for block, lowest in (("a", 3), (Stack("a", "b"), 2), (Stack("a", "p"), 1), (Stack("i", "a"), 2), ("p", 1)):
        activate(deep.model, block)
        assert lowest_layer(deep.model) == changed(deep, bare)[0] == lowest
        assert is_tokenwise(deep.model)
    activate(deep.model, Stack("l", "p"))
    assert lowest_layer(deep.model) == 0


def test_a_fusion_acts_where_its_members_do(deep: AdapterHost) -> None:
    bare = states(deep)
    deep.add("seq_bn@2-", "a", "b")
    deep.add("seq_bn@3", "z")
    deep.model.add_adapter_fusion(Fuse("a", "b"))
    for block in (Fuse("a", "b"), Stack(Fuse("a", "b"), "z")):
        activate(deep.model, block)
        assert (lowest_layer(deep.model), changed(deep, bare)) == (2, [2, 3])
        assert is_tokenwise(deep.model)


def test_what_is_merged_into_the_weights_acts_though_nothing_is_active(deep: AdapterHost) -> None:
    bare = states(deep)
    deep.add("lora@2", "z")
    deep.model.merge_adapter("z")
    assert (lowest_layer(deep.model), changed(deep, bare)) == (2, [2, 3])
    assert not is_tokenwise(deep.model)


def test_other_compositions_are_not_tokenwise(deep: AdapterHost) -> None:
    deep.add("seq_bn@3", "a", "b")
    deep.model.set_active_adapters(Average("a", "b"))
    assert lowest_layer(deep.model) == 3
    assert not is_tokenwise(deep.model)
    deep.model.set_active_adapters(None)
    with AdapterSetup("a"):
        assert lowest_layer(deep.model) == 3
