"""A packed word embedding is the dense one of the same values, to the bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.backbone.packing import random_rows, with_packed_words
from xadapt.backbone import packed_embedding as module
from xadapt.backbone.base import Backbone
from xadapt.backbone.packed import unpack_blocks
from xadapt.backbone.packed_embedding import PackedEmbedding, unpack_rows


def bits(values: torch.Tensor) -> torch.Tensor:
    return values.detach().contiguous().view(torch.int32)


def reference(rows: torch.Tensor) -> torch.Tensor:
    """The rows as numpy unpacks them."""
    return torch.from_numpy(unpack_blocks(rows.numpy().reshape(-1)).reshape(len(rows), -1))


@pytest.fixture
def words() -> PackedEmbedding:
    return PackedEmbedding(random_rows(50, 3), 1)


@pytest.fixture
def packed(tiny: Any) -> Backbone:
    return with_packed_words(tiny)


@pytest.mark.parametrize("together", [7, 8192])
def test_rows_are_unpacked_to_the_bit_however_many_at_a_time(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(module, "_ROWS", together)
    rows = random_rows(50, 3)
    assert torch.equal(bits(unpack_rows(rows)), bits(reference(rows)))


def test_words_of_the_default_base_are_unpacked_to_the_bit(base: Backbone) -> None:
    assert base.words is not None
    ids = torch.arange(0, base.config.vocab_size, 97)
    found = PackedEmbedding(base.words, 1)(ids)
    assert torch.equal(bits(found), bits(reference(base.words[ids])))
    assert found.shape == (len(ids), base.config.hidden_size)


@pytest.mark.parametrize("shape", [(), (4,), (3, 5), (2, 3, 4), (0,), (2, 0)])
def test_ids_of_any_shape_are_looked_up_as_an_ordinary_embedding_does(
    words: PackedEmbedding, shape: tuple[int, ...]
) -> None:
    dense = torch.nn.Embedding.from_pretrained(reference(words.rows), padding_idx=1)
    ids = torch.randint(0, 50, shape, generator=torch.Generator().manual_seed(2))
    assert torch.equal(words(ids), dense(ids))
    sizes = ("num_embeddings", "embedding_dim", "padding_idx")
    assert [getattr(words, name) for name in sizes] == [getattr(dense, name) for name in sizes] == [50, 96, 1]


def test_a_batch_unpacks_each_of_its_words_once(monkeypatch: pytest.MonkeyPatch, words: PackedEmbedding) -> None:
    unpacked = []
    monkeypatch.setattr(module, "unpack_rows", lambda rows: unpacked.append(len(rows)) or unpack_rows(rows))
    words(torch.tensor([[7, 9, 7, 1], [7, 1, 1, 1]]))
    assert unpacked == [3]


@pytest.mark.parametrize("beyond", [-1, 50])
def test_an_id_beyond_the_vocabulary_is_an_error(words: PackedEmbedding, beyond: int) -> None:
    with pytest.raises(IndexError):
        words(torch.tensor([3, beyond]))


def test_it_has_nothing_to_train_or_save_and_keeps_its_values_when_the_model_changes_its_type(
    words: PackedEmbedding,
) -> None:
    wanted = words(torch.arange(50))
    assert not [*words.parameters(), *words.state_dict()]
    words.bfloat16()
    assert torch.equal(bits(words(torch.arange(50))), bits(wanted))


def test_all_weights_are_there_for_who_asks_and_are_frozen(words: PackedEmbedding) -> None:
    assert torch.equal(bits(words.weight), bits(reference(words.rows)))
    assert isinstance(words.weight, torch.nn.Parameter)
    assert not words.weight.requires_grad


def test_a_model_with_packed_words_computes_what_one_with_dense_words_does(packed: Backbone) -> None:
    model, dense = packed.model(), packed.model()
    assert model.config.vocab_size == packed.config.vocab_size
    assert isinstance(model.get_input_embeddings(), PackedEmbedding)
    assert packed.words is not None
    dense.set_input_embeddings(torch.nn.Embedding.from_pretrained(reference(packed.words)))
    ids = torch.tensor([[0, 5, 9, 17, 399, 2], [0, 8, 7, 2, 1, 1]])
    with torch.no_grad():
        found, wanted = (m(input_ids=ids, attention_mask=(ids != 1).long())[0] for m in (model, dense))
    assert torch.equal(found, wanted)


def test_models_share_the_packed_words_and_one_that_moves_takes_no_other_along(packed: Backbone) -> None:
    assert packed.words is not None
    one, other = packed.model(), packed.model()
    addresses = {m.get_input_embeddings().rows.data_ptr() for m in (one, other)}
    assert addresses == {packed.words.data_ptr()}
    one.to("meta")
    assert one.get_input_embeddings().rows.is_meta
    assert not other.get_input_embeddings().rows.is_meta


def test_no_module_of_a_model_holds_a_dense_embedding_of_words(packed: Backbone) -> None:
    model = packed.model()
    tables = [path for path, m in model.named_modules(remove_duplicate=False) if isinstance(m, torch.nn.Embedding)]
    assert tables == ["roberta.embeddings.position_embeddings", "roberta.embeddings.token_type_embeddings"]
    assert not [key for key in model.state_dict() if "word" in key]


def test_a_language_head_is_tied_to_the_unpacked_words(packed: Backbone) -> None:
    model = packed.model()
    model.add_masked_lm_head("words")
    assert packed.words is not None
    assert torch.equal(model.heads["words"].get_output_embeddings().weight, reference(packed.words))


def test_the_same_seed_draws_the_same_adapter_whether_words_are_packed_or_not(tiny: Any, packed: Backbone) -> None:
    drawn = []
    for backbone in (tiny, packed):
        torch.manual_seed(5)
        backbone.model()
        drawn.append(torch.rand(3))
    assert torch.equal(*drawn)
