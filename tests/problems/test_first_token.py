from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.error_checks import refused
from xadapt.problems import make_problem
from xadapt.tasks import PairRegression, Task, TextClassification, get_task

SHIFTED = Task(name="shifted", kind=PairRegression(low=-2.0, high=8.0), metric="correlation", source="")
MOOD = Task(name="mood", kind=TextClassification(labels=("sad", "glad")), metric="accuracy", source="")


def pair(first, second, **gold):
    return {"first": first, "second": second} | gold


@pytest.fixture
def nli(tokenizer):
    return make_problem(get_task("xnli"), tokenizer, 32)


@pytest.fixture
def sts(tokenizer):
    return make_problem(SHIFTED, tokenizer, 32)


@pytest.fixture
def mood(tokenizer):
    return make_problem(MOOD, tokenizer, 16)


def test_a_single_text_is_encoded_alone(mood, tokenizer):
    rows = [{"first": "one house", "label": 1}, {"first": "one house", "second": "not read", "label": 0}]
    ids = tokenizer("one house")["input_ids"]
    assert mood.encode(rows, labelled=False) == [{"input_ids": ids, "row": n} for n in (0, 1)]
    assert [f["labels"] for f in mood.encode(rows, labelled=True)] == [1, 0]


def test_a_single_text_that_is_too_long_loses_its_end(mood, tokenizer):
    (feature,) = mood.encode([{"first": "very long " * 40, "label": 1}], labelled=False)
    assert feature["input_ids"] == [*tokenizer("very long " * 40)["input_ids"][:15], 2]


def test_single_texts_are_classified_as_pairs_are(mood, tiny):
    rows = [{"first": "a", "label": 1}, {"first": "b c", "label": 0}]
    assert mood.references(rows) == mood.decode([np.array([0.1, 0.2]), np.array([3.0, -1.0])], [], rows) == [1, 0]
    assert mood.score([1, 1], rows) == {"accuracy": 50.0}
    made = tiny.model()
    problem = make_problem(MOOD, tiny.tokenizer)
    problem.add_head(made, "mood")
    batch = problem.collate(problem.encode(rows, labelled=True))
    outputs = problem.forward(made, batch, "mood")
    assert problem.read(outputs.__class__(logits=outputs.logits.detach())).shape == (2, 2)
    assert torch.isfinite(problem.loss(outputs, batch))
    assert made.heads["mood"].config["label2id"] == {"sad": 0, "glad": 1}


def test_a_pair_is_encoded_in_the_order_of_its_texts(nli, tokenizer):
    (feature,) = nli.encode([pair("one house", "zwei Häuser")], labelled=False)
    assert feature == {"input_ids": tokenizer("one house", "zwei Häuser")["input_ids"], "row": 0}


def test_the_longer_text_is_cut_and_the_shorter_kept_whole(nli, tokenizer):
    short = tokenizer("a short text", add_special_tokens=False)["input_ids"]
    first, second = nli.encode(
        [pair("a short text", "very long " * 40), pair("very long " * 40, "a short text")], labelled=False
    )
    assert len(first["input_ids"]) == len(second["input_ids"]) == 32
    assert first["input_ids"][: len(short) + 3] == [0, *short, 2, 2]
    assert second["input_ids"][-len(short) - 3 :] == [2, 2, *short, 2]


def test_labels_are_indices_and_absent_when_not_asked_for(nli):
    rows = [pair("a", "b", label=2), pair("c", "d", label=0)]
    assert [f["labels"] for f in nli.encode(rows, labelled=True)] == [2, 0]
    assert all("labels" not in f for f in nli.encode(rows, labelled=False))


def test_scores_are_learnt_on_a_scale_of_nought_to_one(sts):
    rows = [pair("a", "b", score=score) for score in (-2, 8, 3.0)]
    assert [f["labels"] for f in sts.encode(rows, labelled=True)] == [0.0, 1.0, 0.5]


def test_a_decoded_score_is_the_inverse_of_its_label(sts):
    rows = [pair("a", "b", score=float(score)) for score in np.linspace(-2, 8, 11)]
    raw = [np.array([sts.label(row)], np.float32) for row in rows]
    assert sts.decode(raw, [], rows) == pytest.approx(sts.references(rows), abs=1e-5)


def test_a_batch_is_padded_with_its_mask_and_the_right_types(nli, sts, tokenizer):
    rows = [pair("a", "b", label=1, score=3.0), pair("a much longer text", "b and more", label=2, score=-2.0)]
    for problem, dtype in ((nli, torch.int64), (sts, torch.float32)):
        features = problem.encode(rows, labelled=True)
        batch = problem.collate(features)
        width = max(len(f["input_ids"]) for f in features)
        assert batch.keys() == {"input_ids", "attention_mask", "labels"}
        assert batch["input_ids"].shape == batch["attention_mask"].shape == (2, width)
        assert batch["input_ids"].dtype == batch["attention_mask"].dtype == torch.int64
        assert (batch["labels"].shape, batch["labels"].dtype) == ((2,), dtype)
        assert batch["attention_mask"].sum(dim=1).tolist() == [len(f["input_ids"]) for f in features]
        assert bool((batch["input_ids"][batch["attention_mask"] == 0] == tokenizer.pad_token_id).all())


def test_a_batch_without_labels_has_none(nli):
    assert nli.collate(nli.encode([pair("a", "b")], labelled=False)).keys() == {"input_ids", "attention_mask"}


def test_the_highest_logit_is_the_label(nli):
    raw = [np.array([0.1, 3.0, 2.0]), np.array([-1.0, -2.0, -0.5])]
    assert nli.decode(raw, [], [{}, {}]) == [1, 2]


def test_classification_loss_is_cross_entropy(nli):
    logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    expected = -torch.log_softmax(logits, dim=-1)[[0, 1], [0, 1]].mean()
    loss = nli.loss(SimpleNamespace(logits=logits), {"labels": torch.tensor([0, 1])})
    assert loss.item() == pytest.approx(expected.item())


def test_regression_loss_is_the_mean_squared_error_row_by_row(sts):
    outputs = SimpleNamespace(logits=torch.tensor([[0.5], [1.0]]))
    loss = sts.loss(outputs, {"labels": torch.tensor([0.0, 0.5])})
    assert loss.item() == pytest.approx((0.25 + 0.25) / 2)


def test_perfect_predictions_score_a_hundred(nli, sts):
    rows = [pair("a", "b", label=i % 3, score=float(i)) for i in range(6)]
    assert nli.score(nli.references(rows), rows) == {"accuracy": 100.0}
    assert all(value == pytest.approx(100.0) for value in sts.score(sts.references(rows), rows).values())


@pytest.mark.parametrize(("name", "outputs"), [("xnli", 3), ("stsb", 1)])
def test_a_head_has_as_many_outputs_as_the_kind_needs(model, tiny, name, outputs):
    problem = make_problem(get_task(name), tiny.tokenizer)
    batch = problem.collate(problem.encode([pair("a", "b"), pair("c", "d")], labelled=False))
    with torch.inference_mode():
        assert problem.read(problem.forward(model, batch, name)).shape == (2, outputs)


def test_the_default_length_is_that_of_the_kind_or_of_a_base_that_reads_less(tiny, tokenizer):
    assert make_problem(get_task("xquad"), tokenizer).max_length == 384
    assert make_problem(get_task("xquad"), tiny.tokenizer).max_length == 128
    assert make_problem(get_task("xquad"), tokenizer, 64).details() == {"max_length": 64}


def test_more_tokens_than_the_base_has_positions_for_are_refused(tokenizer):
    with refused("max_length=513", advice="512 tokens at most"):
        make_problem(get_task("xnli"), tokenizer, 513)


def test_texts_that_lose_their_end_are_counted_and_said(mood, tokenizer):
    fits = "very long " * 40
    while len(tokenizer(fits)["input_ids"]) > 16:
        fits = fits.rsplit(" ", 1)[0]
    mood.encode([{"first": fits, "label": 1}, {"first": "short", "label": 0}], labelled=True)
    assert mood.cut_note() == ""
    mood.encode([{"first": "very long " * 40, "label": 1}], labelled=True)
    assert "1 of 3 rows" in mood.cut_note()
    assert "16 tokens of max_length" in mood.cut_note()
    # Nearly all of public sets have some.
    mood.encode([{"first": "short", "label": 0}] * 100, labelled=True)
    assert mood.cut_note() == ""
