import numpy as np
import pytest
import torch

from xadapt.problems import make_problem
from xadapt.problems.predict import predict
from xadapt.problems.retrieval import mean_pool
from xadapt.tasks import get_task

ROWS = [{"first": f"ein Satz {word}", "second": f"a sentence {word}"} for word in ("house", "river", "old bridge")]


@pytest.fixture
def problem(tiny):
    return lambda layer=None: make_problem(get_task("tatoeba"), tiny.tokenizer, layer=layer)


def vectors(problem, model, rows=ROWS):
    batch = problem.collate([{"input_ids": f["input_ids"]} for f in problem.encode(rows, labelled=False)])
    with torch.inference_mode():
        return batch, problem.read(problem.forward(model, batch, None))


def test_the_mean_is_that_of_the_tokens_alone():
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [99.0, -99.0]], [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert mean_pool(hidden, mask).tolist() == [[2.0, 3.0], [1.0, 1.0]]


def test_a_sentence_without_tokens_is_an_error():
    with pytest.raises(ValueError, match="a sentence has no token"):
        mean_pool(torch.ones(2, 3, 4), torch.tensor([[1, 0, 0], [0, 0, 0]]))


def test_all_first_sentences_come_before_all_second_ones(problem, tiny):
    features = problem().encode(ROWS, labelled=False)
    assert [f["row"] for f in features] == [0, 1, 2, 0, 1, 2]
    assert features[1]["input_ids"] == tiny.tokenizer(ROWS[1]["first"])["input_ids"]
    assert features[4]["input_ids"] == tiny.tokenizer(ROWS[1]["second"])["input_ids"]


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_stated_layer_is_the_one_that_is_pooled(problem, model, layer):
    batch, found = vectors(problem(layer), model)
    with torch.inference_mode():
        hidden = model.roberta(**batch, output_hidden_states=True).hidden_states[layer]
    expected = torch.nn.functional.normalize(mean_pool(hidden, batch["attention_mask"]), dim=-1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_layers_differ_and_the_last_one_is_taken_when_none_is_stated(problem, model):
    by_layer = [vectors(problem(layer), model)[1] for layer in (0, 1, 2)]
    assert not np.allclose(by_layer[0], by_layer[1], atol=1e-3)
    assert not np.allclose(by_layer[1], by_layer[2], atol=1e-3)
    np.testing.assert_array_equal(vectors(problem(), model)[1], by_layer[2])


def test_vectors_have_length_one_and_do_not_depend_on_padding(problem, model):
    _, together = vectors(problem(), model)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    longer = [*ROWS, {"first": "word " * 60, "second": "x"}]
    np.testing.assert_allclose(vectors(problem(), model, longer)[1][:3], together[:3], atol=1e-5)


def test_each_sentence_finds_the_nearest_by_cosine(problem):
    first, second = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[[2, 0, 1]]
    assert problem().decode([*first, *second], [], ROWS) == [1, 2, 0]


def test_sentences_that_are_the_same_on_both_sides_are_all_found(problem, model):
    rows = [{"first": row["second"], "second": row["second"]} for row in ROWS]
    found = predict(model, problem(), rows, None)
    assert found == problem().references(rows) == [0, 1, 2]
    assert set(problem().score(found, rows).values()) == {100.0}


def test_layer_and_pooling_are_recorded_with_the_score(problem):
    assert problem(1).details() == {"max_length": 128, "layer": 1, "pooling": "mean"}


def test_retrieval_has_neither_head_nor_loss(problem, model):
    assert problem().needs_head is False
    with pytest.raises(NotImplementedError):
        problem().add_head(model, "x")
    with pytest.raises(NotImplementedError):
        problem().loss(None, {})
