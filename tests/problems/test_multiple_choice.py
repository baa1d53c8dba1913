import numpy as np
import pytest
import torch

from xadapt.problems import make_problem
from xadapt.problems.multiple_choice import ChoiceOutputs
from xadapt.problems.predict import predict, raw_outputs
from xadapt.tasks import get_task


def row(context, choices, question=None, label=0):
    made = {"context": context, "choices": choices, "label": label}
    return made if question is None else made | {"question": question}


ROWS = [
    row("The bridge was closed.", ["The river rose.", "It was old."], "What was the cause?", 0),
    row("It rained.", ["The street got wet.", "It was new.", "A man sang."], "What happened as a result?", 0),
    row("Where is a house?", ["street", "sea", "sky", "a very long way down the old river", "x"], label=3),
]


@pytest.fixture
def copa(tokenizer):
    return make_problem(get_task("copa"), tokenizer, 32)


@pytest.fixture
def small(tiny):
    return make_problem(get_task("copa"), tiny.tokenizer, 64)


def test_each_choice_is_read_with_its_question_beside_the_context(copa, tokenizer):
    first, _, third = copa.encode(ROWS, labelled=False)
    assert first["choices"] == [
        tokenizer(ROWS[0]["context"], f"What was the cause? {choice}")["input_ids"] for choice in ROWS[0]["choices"]
    ]
    assert third["choices"] == [tokenizer(ROWS[2]["context"], choice)["input_ids"] for choice in ROWS[2]["choices"]]


@pytest.mark.parametrize("question", ["", None])
def test_a_question_that_is_empty_leaves_the_choice_alone(copa, question):
    rows = [row("a", ["b", "c"]), {**row("a", ["b", "c"]), "question": question}]
    alone, empty = copa.encode(rows, labelled=False)
    assert alone["choices"] == empty["choices"]


def test_a_feature_is_a_row_and_counts_as_all_its_choices(copa):
    features = copa.encode(ROWS, labelled=True)
    assert [f["row"] for f in features] == [0, 1, 2]
    assert [f["labels"] for f in features] == [0, 0, 3]
    assert features[2]["input_ids"] == features[2]["choices"][3]
    assert [copa.tokens(f) for f in features] == [len(f["input_ids"]) * len(f["choices"]) for f in features]
    assert all("labels" not in f for f in copa.encode(ROWS, labelled=False))


def test_the_end_of_the_context_is_cut_first(copa, tokenizer):
    context = " ".join(f"word{i}" for i in range(60))
    second = tokenizer("why? because", add_special_tokens=False)["input_ids"]
    (feature,) = copa.encode([row(context, ["because", "so"], "why?")], labelled=False)
    ids = feature["choices"][0]
    assert len(ids) == 32
    assert ids[-len(second) - 3 :] == [2, 2, *second, 2]
    assert ids[1 : -len(second) - 3] == tokenizer(context, add_special_tokens=False)["input_ids"][: 28 - len(second)]


def test_a_context_that_loses_its_end_is_counted(copa):
    copa.encode([row("a", ["b", "c"])], labelled=False)
    assert copa.cut_note() == ""
    copa.encode([row("a " * 200, ["b", "c"])], labelled=False)
    assert "1 of 2 rows" in copa.cut_note()


@pytest.mark.parametrize("length", [16, 32])
def test_choices_that_are_too_long_by_themselves_still_differ(tokenizer, length):
    problem = make_problem(get_task("copa"), tokenizer, length)
    rows = [row("a context", ["very " * 90 + "old", "very " * 90 + "new", "x"], "why? " * 90)]
    (feature,) = problem.encode(rows, labelled=False)
    assert [len(ids) for ids in feature["choices"]] == [length] * 3
    assert len({tuple(ids) for ids in feature["choices"]}) == 3
    assert feature["choices"][2][-2:] == tokenizer("x")["input_ids"][1:]


def test_choices_of_all_rows_lie_one_after_the_other(copa):
    features = copa.encode(ROWS, labelled=True)
    batch = copa.collate(features)
    width = max(len(f["input_ids"]) for f in features)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (10, width)
    assert batch["counts"].tolist() == [2, 3, 5]
    assert batch["labels"].tolist() == [0, 0, 3]
    assert batch["counts"].dtype == batch["labels"].dtype == torch.int64
    flat = [ids for feature in features for ids in feature["choices"]]
    assert [line[: len(ids)].tolist() for line, ids in zip(batch["input_ids"], flat, strict=True)] == flat
    assert "labels" not in copa.collate(copa.encode(ROWS, labelled=False))


def test_every_row_gets_the_scores_of_its_own_choices(small, model):
    batch = small.collate(small.encode(ROWS, labelled=False))
    with torch.inference_mode():
        together = small.read(small.forward(model, batch, "copa"))
        flat = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], head="copa").logits[:, 0]
    assert together.shape == (3, 5)
    assert together.dtype == np.float32
    assert np.isneginf(together).tolist() == [[False] * n + [True] * (5 - n) for n in (2, 3, 5)]
    np.testing.assert_allclose(together[np.isfinite(together)], flat.numpy(), atol=1e-6)
    assert len(set(flat.tolist())) == 10, "choices that score alike would show nothing"


def test_scores_do_not_depend_on_the_batch(small, model):
    together = raw_outputs(model, small, small.encode(ROWS, labelled=False), "copa")
    for number, one in enumerate(ROWS):
        (alone,) = raw_outputs(model, small, small.encode([one], labelled=False), "copa")
        np.testing.assert_allclose(together[number][: len(alone)], alone, atol=1e-5)


def test_a_choice_that_is_not_there_never_wins(small):
    raw = [np.array([-9.0, -8.0, -np.inf]), np.array([1.0, 0.5, 3.0])]
    assert small.decode(raw, [], ROWS[:2]) == [1, 2]


def test_loss_is_cross_entropy_over_a_rows_own_choices(small):
    logits = torch.tensor([[1.0, 2.0, -torch.inf], [0.5, 0.0, -1.0]])
    expected = -(torch.log_softmax(logits[0, :2], -1)[0] + torch.log_softmax(logits[1], -1)[2]) / 2
    loss = small.loss(ChoiceOutputs(logits), {"labels": torch.tensor([0, 2])})
    assert loss.item() == pytest.approx(expected.item())


def test_perfect_choices_score_a_hundred(small):
    assert small.references(ROWS) == [0, 0, 3]
    assert small.score([0, 0, 3], ROWS) == {"accuracy": 100.0}
    assert small.score([0, 0, 2], ROWS)["accuracy"] == pytest.approx(200 / 3)


def test_one_head_answers_tasks_with_any_number_of_choices(model, tiny):
    assert len({get_task(name).kind for name in ("copa", "siqa", "csqa", "hellaswag", "xcopa")}) == 1
    assert model.heads["copa"].config["num_labels"] == 1
    found = predict(model, make_problem(get_task("csqa"), tiny.tokenizer), ROWS, "copa")
    assert all(0 <= choice < len(r["choices"]) for choice, r in zip(found, ROWS, strict=True))


def test_a_few_steps_learn_a_handful_of_rows(learn, small):
    rows = [
        row("a man", ["the old house", "the river"], label=1),
        row("a woman", ["the river", "the old house", "the bridge"], label=0),
        row("it was", ["the bridge", "the river"], "why?", 1),
    ]
    trained, losses = learn(small, rows)
    assert losses[0] == pytest.approx(np.log([2, 3, 2]).mean(), abs=0.2)
    assert losses[-1] < losses[0] / 5
    assert predict(trained, small, rows, "new") == [1, 0, 1]


def test_only_rows_with_the_same_choices_in_the_same_order_look_the_same(copa):
    one, other = ["the river", "the house"], ["the house", "the river"]
    features = copa.encode([row("a man", one), row("a man", other), row("a man", one, label=1)], labelled=False)
    keys = [copa.identity(feature) for feature in features]
    assert keys[0] == keys[2] != keys[1]
