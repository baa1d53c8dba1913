import pytest

from xadapt.data.row_checks import checked_rows, row_fault
from xadapt.errors import XadaptError
from xadapt.tasks import (
    AnswerRetrieval,
    EntityRetrieval,
    Mining,
    MultipleChoice,
    PairClassification,
    PairRegression,
    Retrieval,
    SpanQA,
    Tagging,
    TextClassification,
)

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


def choice(**changes):
    return {"context": "c", "choices": ["a", "b"], "label": 1} | changes


def tagged(**changes):
    return {"tokens": ["Ann", "did"], "tags": ["B-PER", "O"]} | changes


NER = Tagging(labels=("O", "B-PER", "I-PER"))
NOTHING = {"text": [], "answer_start": []}
NULL = {"text": None, "answer_start": None}


def fault(rows, kind, fields=None):
    with pytest.raises(XadaptError) as caught:
        checked_rows(rows, kind, "org/set en test", fields)
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
        ([{"first": "a", "label": 0}], TextClassification(labels=("x", "y"))),
        ([choice(), choice(choices=["a", "b", "c", "d"], label=3)], MultipleChoice()),
        ([tagged()], NER),
        ([tagged(tags=["S/NP", "."])], Tagging(tagset="ccg")),
        ([qa(), qa(answers={"text": ["Ann", "did"], "answer_start": [0, 4]})], AnswerRetrieval()),
        ([qa(), qa(answers=NOTHING), qa(answers=NULL)], SpanQA(unanswerable=True)),
        ([{"id": "de-1", "text": "a"}], Mining()),
        ([{"text": "a", "entity": "Q1"}, {"text": "a", "description": "b"}], EntityRetrieval()),
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


@pytest.mark.parametrize("answers", [NOTHING, NULL, {}, {"answer_start": []}])
@pytest.mark.parametrize("kind", [SpanQA(), AnswerRetrieval()])
def test_a_question_without_a_span_is_named_by_its_id(answers, kind):
    assert fault([qa(answers=answers)], kind) == ", row 0: question q7 has no answer span"


@pytest.mark.parametrize("kind", [SpanQA(), SpanQA(unanswerable=True), AnswerRetrieval()])
@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["Ann"], "answer_start": []},
        {"text": ["Ann"], "answer_start": None},
        {"text": ["Ann"]},
        {"text": ["Ann"], "answer_start": [0, 4]},
        {"answer_start": [0]},
    ],
)
def test_as_many_starts_as_answers_are_needed(answers, kind):
    assert fault([qa(answers=answers)], kind) == ", row 0: question q7 has not as many answer starts as answers"


@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["Ann"], "answer_start": ["0"]},
        {"text": ["Ann"], "answer_start": [None]},
        {"text": [7], "answer_start": [0]},
        {"text": [None], "answer_start": [0]},
    ],
)
def test_an_answer_is_text_at_a_whole_number(answers):
    expected = ", row 0: question q7 has an answer that is not text, or a start that is not a whole number"
    assert fault([qa(answers=answers)], SpanQA()) == expected


@pytest.mark.parametrize("answers", [{"text": "Ann", "answer_start": 0}, {"text": "Ann", "answer_start": [0, 1, 2]}])
def test_a_single_answer_that_is_no_list_is_one_line(answers):
    assert "answers is not a pair of lists" in fault([qa(answers=answers)], SpanQA())


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


def test_a_label_of_a_text_is_checked_as_one_of_a_pair():
    kind = TextClassification(labels=("x", "y"))
    assert "label 2 is not one of 0 to 1 (x, y)" in fault([{"first": "a", "label": 2}], kind)
    assert "first is missing" in fault([{"label": 0}], kind)


@pytest.mark.parametrize("choices", [None, [], ["a"], "ab", ["a", None], ["a", 7]])
def test_there_are_two_choices_or_more_and_all_are_text(choices):
    message = fault([choice(choices=choices, label=0)], MultipleChoice())
    expected = "choices is missing" if choices is None else "choices is not a list of two texts or more"
    assert message == f", row 0: {expected}"


@pytest.mark.parametrize("label", [2, -2, "B", 1.0])
def test_the_label_of_a_choice_is_the_place_of_one(label):
    assert fault([choice(label=label)], MultipleChoice()) == (
        f", row 0: label {label!r} is not one of 0 to 1, the choices' places"
    )


def test_a_choice_without_a_gold_label_is_left_out_whatever_else_it_has():
    assert checked_rows([choice(label=-1, choices=None), choice()], MultipleChoice(), "") == [choice()]


@pytest.mark.parametrize(
    "changes", [{"tokens": ["a"]}, {"tags": []}, {"tokens": [], "tags": []}, {"tokens": "ab"}, {"tags": 3}]
)
def test_there_is_a_tag_for_every_word(changes):
    expected = ", row 0: tokens and tags are not two lists of the same length, one word or more"
    assert fault([tagged(**changes)], NER) == expected


def test_a_word_is_text():
    assert fault([tagged(tokens=["Ann", None])], NER) == ", row 0: a token is not text"


@pytest.mark.parametrize("tag", ["B-MISC", 7, None])
def test_a_strange_tag_names_itself_and_the_tags_there_are(tag):
    assert fault([tagged(tags=[tag, "O"])], NER) == f", row 0: tag {tag!r} is not one of O, B-PER, I-PER"


def test_an_open_tag_set_takes_any_text_and_nothing_else():
    assert fault([tagged(tags=["S", 7])], Tagging(tagset="ccg")) == ", row 0: tag 7 is not one of any tag set"


def test_a_mention_without_entity_or_description_is_named():
    row = {"text": "a", "entity": None, "description": ""}
    assert fault([row], EntityRetrieval()) == ", row 0: it has neither entity nor description"


def test_the_rows_of_a_pool_or_of_gold_pairs_have_fields_of_their_own():
    pool = {"entity": "Q1", "description": "b"}
    assert checked_rows([pool], EntityRetrieval(), "", ("entity", "description")) == [pool]
    assert "description is missing" in fault([{"entity": "Q1"}], EntityRetrieval(), ("entity", "description"))
    assert "target is missing" in fault([{"source": "de-1", "target": None}], Mining(), ("source", "target"))


def test_a_fault_is_told_or_none():
    assert row_fault(nli(0), NLI) is None
    assert row_fault(nli(3), NLI).startswith("label 3 is not one of")
