"""The base as a folder of plain transformers, its words packed or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import XLMRobertaModel

from tests.backbone.packing import with_packed_words
from xadapt.backbone.base import Backbone
from xadapt.portable.base_folder import encoder_state, write_base, write_cut_base

IDS = torch.tensor([[0, 5, 9, 17, 30, 2], [0, 8, 7, 2, 1, 1]])


@pytest.fixture(params=["dense", "packed"])
def backbone(request: pytest.FixtureRequest, tiny: Any) -> Backbone:
    return tiny if request.param == "dense" else with_packed_words(tiny)


def hidden(model: Any, ids: torch.Tensor = IDS) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(input_ids=ids, attention_mask=(IDS != 1).long()).last_hidden_state


def test_a_written_base_is_whole_and_computes_the_same(backbone: Backbone, tmp_path: Path) -> None:
    write_base(backbone, tmp_path / "base")
    plain, loading = XLMRobertaModel.from_pretrained(
        tmp_path / "base", add_pooling_layer=False, output_loading_info=True
    )
    assert not any(loading.values())
    assert torch.equal(hidden(plain), hidden(backbone.model().roberta))


def test_a_base_cut_to_a_few_words_computes_the_same_of_them(backbone: Backbone, tmp_path: Path) -> None:
    ids = write_cut_base(backbone, tmp_path / "base", IDS)
    words = load_file(tmp_path / "base/model.safetensors")["embeddings.word_embeddings.weight"]
    assert len(words) == len(IDS.unique())
    plain = XLMRobertaModel.from_pretrained(tmp_path / "base", add_pooling_layer=False)
    assert torch.equal(hidden(plain, ids), hidden(backbone.model().roberta))


def test_words_that_are_asked_for_are_those_of_all(backbone: Backbone) -> None:
    name, some = "embeddings.word_embeddings.weight", torch.tensor([7, 3, 7])
    state, few = encoder_state(backbone), encoder_state(backbone, some)
    assert torch.equal(state[name][some], few.pop(name))
    assert all(state[key] is value for key, value in few.items())
    assert len(state) == len(few) + 1
