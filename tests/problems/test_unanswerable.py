"""Questions without an answer: null scores, and the threshold that dev rows choose."""

import numpy as np
import pytest

from tests.problems.span_rows import perfect, row
from xadapt import metrics
from xadapt.problems import make_problem
from xadapt.problems.predict import predict
from xadapt.tasks import get_task

LONG = " ".join(f"word{i}" for i in range(120))


def no_answer(context, question="what?", number="q"):
    return {"id": number, "question": question, "context": context, "answers": {"text": [], "answer_start": []}}


@pytest.fixture
def qa2(tokenizer):
    return make_problem(get_task("squad2"), tokenizer, 64)


@pytest.mark.parametrize("empty", [[], None])
def test_a_question_without_an_answer_trains_on_the_first_token_of_every_window(qa2, empty):
    bare = no_answer(LONG)
    bare["answers"] = {"text": empty, "answer_start": empty}
    features = qa2.encode([bare, row(LONG, "word60")], labelled=True)
    labels = [[(f["start_positions"], f["end_positions"]) for f in features if f["row"] == n] for n in (0, 1)]
    assert len(labels[0]) == len(labels[1]) > 3
    assert set(labels[0]) == {(0, 0)}
    assert any(pair != (0, 0) for pair in labels[1])
    assert qa2.references([bare]) == [{"id": "q", "answers": []}]


def test_the_null_gap_is_the_lowest_null_score_of_any_window_minus_the_best_span(qa2):
    rows = [row(LONG, "word90", number="a"), no_answer("It was so.", number="b")]
    features = qa2.encode(rows, labelled=True)
    raw = [np.full((len(f["input_ids"]), 2), -1.0, np.float32) for f in features]
    windows = [i for i, f in enumerate(features) if f["row"] == 0]
    for i, null in zip(windows, [7.0, 2.5, *[4.0] * len(windows)], strict=False):
        raw[i][0] = null, null + 0.25
    holds = next(i for i in windows if features[i]["start_positions"])
    raw[holds][features[holds]["start_positions"], 0] = 3.0
    raw[holds][features[holds]["end_positions"], 1] = 1.5
    raw[-1][0] = 6.0, 5.0
    found = qa2.decode(raw, features, rows)
    assert [p["id"] for p in found] == ["a", "b"]
    assert [p["text"] for p in found] == ["word90", "It"], "the text is the best span, whatever the gap"
    assert [p["null_gap"] for p in found] == [2.5 + 2.75 - 4.5, 11.0 + 2.0]


def test_a_question_that_must_have_an_answer_has_no_null_gap(qa):
    features = qa.encode([row("It was in 1929.", "1929")], labelled=True)
    assert qa.decode(perfect(features), features, [row("It was in 1929.", "1929")]) == [{"id": "q", "text": "1929"}]


def test_without_a_span_there_is_no_gap_and_no_answer(qa2):
    feature = {"input_ids": [0, 2], "row": 0, "offsets": np.zeros((2, 2), int), "inside": np.zeros(2, bool)}
    found = qa2.decode([np.ones((2, 2), np.float32)], [feature], [no_answer("...")])
    assert found == [{"id": "q", "text": "", "null_gap": None}]
    assert qa2.score(found, [no_answer("...")])["exact_match"] == 100.0


ANSWERABLE = [(0.5, True), (1.5, True), (2.5, True), (3.5, False), (4.5, False)]


@pytest.fixture
def dev():
    """Questions whose gap is below 3 when they have an answer; the texts are all right."""
    rows = [
        row("It was in 1929.", "1929", number=f"q{n}") if has else no_answer("It was so.", number=f"q{n}")
        for n, (_, has) in enumerate(ANSWERABLE)
    ]
    predictions = [
        {"id": r["id"], "text": "1929" if has else "It", "null_gap": gap}
        for r, (gap, has) in zip(rows, ANSWERABLE, strict=True)
    ]
    return predictions, rows


def test_the_threshold_that_dev_likes_best_is_found_and_decides_the_score(qa2, dev):
    predictions, rows = dev
    before = qa2.score(predictions, rows)
    assert before["f1"] == 40.0, "at a threshold of 0 every question counts as one without an answer"
    found = qa2.calibrate(predictions, rows)
    assert found == {"null_threshold": metrics.best_null_threshold(predictions, qa2.references(rows))[0]}
    assert 2.5 <= found["null_threshold"] < 3.5
    qa2.calibration = found
    assert qa2.score(predictions, rows)["f1"] == 100.0


def test_where_every_question_has_an_answer_there_is_nothing_to_calibrate(qa):
    rows = [row("It was in 1929.", "1929")]
    predictions = [{"id": "q", "text": "1929"}]
    assert qa.calibrate(predictions, rows) == {}
    qa.calibration = {"null_threshold": -9.0}
    assert qa.score(predictions, rows)["exact_match"] == 100.0


def test_questions_without_an_answer_are_trained_and_predicted_as_others_are(learn, tiny):
    problem = make_problem(get_task("squad2"), tiny.tokenizer, 48)
    rows = [row("the old house", "old", "what house?", "a"), no_answer("the river", "why?", "b")]
    trained, losses = learn(problem, rows)
    assert losses[-1] < losses[0] / 5
    first, second = predict(trained, problem, rows, "new")
    assert first["text"] == "old"
    assert first["null_gap"] < 0 < second["null_gap"]
