import pytest

from xadapt.data.checks import checked_rows
from xadapt.errors import XadaptError
from xadapt.tasks import PairClassification, PairRegression, Retrieval, SpanQA

NLI = PairClassification(labels=("entailment", "neutral", "contradiction"))
STS = PairRegression(low=0.0, high=5.0)


def nli(label, **changes):
    return {"first": "a", "second": "b", "label": label} | changes


def sts(score):
    return {"first": "a", "second": "b", "score": score}


def qa(**changes):
    return {
        "id": "q7",
        "question": "who?",
        "context": "Ann did.",
        "answers": {"text": ["Ann"], "answer_start": [0]},
    } | changes


def fault(rows, kind):
    with pytest.raises(XadaptError) as caught:
        checked_rows(rows, kind, "org/set en test")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("org/set en test")
    return message.removeprefix("org/set en test")


def test_good_rows_of_every_kind_pass_unchanged():
    for rows, kind in (
        ([nli(0), nli(2)], NLI),
        ([sts(0.0), sts(5), sts(2.5)], STS),
        ([qa()], SpanQA()),
        ([{"first": "a", "second": "b"}], Retrieval()),
    ):
        assert checked_rows(rows, kind, "") == rows


def test_rows_without_a_gold_label_are_left_out():
    assert checked_rows([nli(-1), nli(1), nli(-1)], NLI, "") == [nli(1)]


def test_a_set_with_no_gold_label_at_all_is_empty():
    assert "is empty: there is nothing to learn or measure" in fault([nli(-1)], NLI)
    assert "is empty" in fault([], SpanQA())


def test_a_label_out_of_range_names_the_row_and_the_labels():
    message = fault([nli(0), nli(3)], NLI)
    assert message == ", row 1: label 3 is not one of 0 to 2 (entailment, neutral, contradiction)"


def test_rows_left_out_are_counted_in_the_number_of_a_bad_row():
    assert fault([nli(-1), nli(-1), nli(9)], NLI).startswith(", row 2:")


def test_a_label_in_words_is_not_a_label():
    assert "label 'neutral' is not one of" in fault([nli("neutral")], NLI)


@pytest.mark.parametrize("score", [5.01, -0.1, float("nan"), float("inf")])
def test_a_score_out_of_range_names_row_and_range(score):
    assert fault([sts(1.0), sts(score)], STS) == f", row 1: score {score} is outside 0.0–5.0"


def test_a_score_in_words_is_not_a_score():
    assert "score '4.2' is not a number" in fault([sts("4.2")], STS)


@pytest.mark.parametrize(
    "answers",
    [
        {"text": [], "answer_start": []},
        {"text": ["Ann"], "answer_start": []},
        {"text": ["Ann"], "answer_start": None},
        {"text": ["Ann"]},
        {"answer_start": [0]},
    ],
)
def test_a_question_without_a_span_is_named_by_its_id(answers):
    assert fault([qa(answers=answers)], SpanQA()) == ", row 0: question q7 has no answer span"


def test_answers_in_another_layout_are_one_line():
    assert "answers is list, not" in fault([qa(answers=[{"text": "Ann", "answer_start": 0}])], SpanQA())


@pytest.mark.parametrize("value", [None, 7])
def test_a_text_that_is_missing_or_no_text_names_the_field(value):
    expected = "second is missing" if value is None else "second is int, not text"
    assert expected in fault([nli(0, second=value)], NLI)
    assert expected in fault([{"first": "a", "second": value}], Retrieval())


def test_a_missing_label_is_named():
    assert "label is missing" in fault([nli(None)], NLI)
    assert "label is missing" in fault([{"first": "a", "second": "b"}], NLI)
