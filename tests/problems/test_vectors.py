import numpy as np
import pytest
import torch

from tests.error_checks import refused
from xadapt.problems import make_problem
from xadapt.problems import vectors as module
from xadapt.problems.vectors import mean_pool
from xadapt.tasks import get_task

TEXTS = ["ein Satz house", "a sentence river", "an old bridge over a river", "house"]


@pytest.fixture
def problem(tiny):
    return lambda layer=None, length=None: make_problem(get_task("bucc"), tiny.tokenizer, length, layer=layer)


def vectors_of(problem, model, texts):
    batch = problem.collate(problem.encode_texts(texts))
    with torch.inference_mode():
        return batch, problem.read(problem.forward(model, batch, None))


def test_the_mean_is_that_of_the_tokens_alone():
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [99.0, -99.0]], [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert mean_pool(hidden, mask).tolist() == [[2.0, 3.0], [1.0, 1.0]]


def test_a_sentence_without_tokens_is_an_error():
    with pytest.raises(ValueError, match="token"):
        mean_pool(torch.ones(2, 3, 4), torch.tensor([[1, 0, 0], [0, 0, 0]]))


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_stated_layer_is_the_one_that_is_pooled(problem, model, layer):
    batch, found = vectors_of(problem(layer), model, TEXTS)
    with torch.inference_mode():
        hidden = model.roberta(**batch, output_hidden_states=True).hidden_states[layer]
    expected = torch.nn.functional.normalize(mean_pool(hidden, batch["attention_mask"]), dim=-1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_layers_differ_and_the_last_one_is_taken_when_none_is_stated(problem, model):
    by_layer = [vectors_of(problem(layer), model, TEXTS)[1] for layer in (0, 1, 2)]
    assert not np.allclose(by_layer[0], by_layer[1], atol=1e-3)
    assert not np.allclose(by_layer[1], by_layer[2], atol=1e-3)
    np.testing.assert_array_equal(vectors_of(problem(), model, TEXTS)[1], by_layer[2])


def test_vectors_have_length_one_and_do_not_depend_on_padding(problem, model):
    _, together = vectors_of(problem(), model, TEXTS)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(vectors_of(problem(), model, [*TEXTS, "word " * 60])[1][:4], together, atol=1e-5)


def test_texts_are_cut_to_the_length_that_is_asked_for(problem, tiny):
    long = "word " * 200
    cut = problem(length=20)
    assert [len(f["input_ids"]) for f in cut.encode_texts([long])] == [20]
    assert [len(f["input_ids"]) for f in cut.encode_texts([long], length=7)] == [7]
    assert cut.encode_texts(["house"])[0]["input_ids"].tolist() == tiny.tokenizer("house")["input_ids"]


def test_of_a_pair_the_longer_text_is_cut_first(problem, tiny):
    ids = problem(length=24).encode_texts(["house"], ["river " * 50])[0]["input_ids"].tolist()
    start = tiny.tokenizer("house")["input_ids"]
    assert len(ids) == 24
    assert ids[: len(start) + 1] == [*start, tiny.tokenizer.sep_token_id]


def test_texts_of_several_blocks_come_out_as_those_of_one(problem, monkeypatch):
    whole = [f["input_ids"].tolist() for f in problem().encode_texts(TEXTS, TEXTS[::-1])]
    monkeypatch.setattr(module, "_BLOCK", 3)
    assert [f["input_ids"].tolist() for f in problem().encode_texts(TEXTS, TEXTS[::-1])] == whole


def test_no_text_makes_no_feature(problem):
    assert problem().encode_texts([]) == []


def test_ids_are_held_in_four_bytes_each(problem):
    assert problem().encode_texts(["house"])[0]["input_ids"].dtype == np.int32


def test_a_length_beyond_the_base_is_an_error(problem):
    with refused("max_length=129", advice="128 tokens at most"):
        problem(length=129)


def test_there_is_neither_head_nor_loss(problem, model):
    assert problem().needs_head is False
    with pytest.raises(NotImplementedError):
        problem().add_head(model, "x")
    with pytest.raises(NotImplementedError):
        problem().loss(None, {})
