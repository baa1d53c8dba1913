import pytest

from tests.error_checks import refused
from xadapt.data.row_checks import checked_rows, row_fault
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


def check_refused(rows, kind, *subjects, fields=None):
    """Check that rows are refused in one line that names the data set and what is wrong."""
    with refused("org/set en test", *subjects):
        checked_rows(rows, kind, "org/set en test", fields)


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
        ([qa(), qa(answers=NOTHING)], SpanQA(unanswerable=True)),
        ([{"id": "de-1", "text": "a"}], Mining()),
        ([{"text": "a", "entity": "Q1"}, {"text": "a", "description": "b"}], EntityRetrieval()),
    ):
        assert checked_rows(rows, kind, "") == rows


def test_rows_without_a_gold_label_are_left_out():
    assert checked_rows([nli(-1), nli(1), nli(-1)], NLI, "") == [nli(1)]
    assert checked_rows([sts(float("nan")), sts(1)], STS, "") == [sts(1)]


def test_a_set_with_no_gold_label_at_all_is_empty():
    check_refused([nli(-1)], NLI, "no row", "label", "another split")
    check_refused([], SpanQA(), "empty")


def test_a_label_out_of_range_names_the_row_and_the_labels():
    check_refused([nli(0), nli(3)], NLI, "row 1", "label 3", "0 to 2", "entailment, neutral, contradiction")


def test_rows_left_out_are_counted_in_the_number_of_a_bad_row():
    check_refused([nli(-1), nli(-1), nli(9)], NLI, "row 2")


def test_a_label_in_words_is_not_a_label():
    check_refused([nli("neutral")], NLI, "label 'neutral'")
    check_refused([nli(True)], NLI, "label True")


def test_a_choice_that_counts_from_one_or_has_a_letter_is_named_with_what_to_write():
    check_refused([choice(label=2)], MultipleChoice(), "label 2", "0 to 1", "{1: 0, 2: 1, …}")
    check_refused([choice(label="B")], MultipleChoice(), "label 'B'", "0 to 1", "{A: 0, B: 1, …}")
    check_refused([choice(label=True)], MultipleChoice(), "label True")


@pytest.mark.parametrize("score", [5.01, -0.1, float("inf")])
def test_a_score_out_of_range_names_row_and_range(score):
    check_refused([sts(1.0), sts(score)], STS, "row 1", f"score {score}", "0.0–5.0")


def test_a_score_in_words_is_not_a_score():
    check_refused([sts("high")], STS, "score 'high'", "number")
    check_refused([sts("4,25")], STS, "score '4,25'", "number", "write 4.25")
    check_refused([sts(True)], STS, "score True", "number")


@pytest.mark.parametrize("answers", [NOTHING, NULL, {}, {"answer_start": []}])
@pytest.mark.parametrize("kind", [SpanQA(), AnswerRetrieval()])
def test_a_question_without_a_span_is_named_by_its_id(answers, kind):
    check_refused([qa(answers=answers)], kind, "row 0", "question q7", "no answer")


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
    check_refused([qa(answers=answers)], kind, "row 0", "question q7", "as many")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"text": ["Ann"], "answer_start": ["here"]}, "start of 'Ann' is 'here'"),
        ({"text": ["Ann"], "answer_start": [0.5]}, "start of 'Ann' is 0.5"),
        ({"text": ["Ann"], "answer_start": [True]}, "start of 'Ann' is True"),
        ({"text": ["Ann"], "answer_start": [None]}, "start of 'Ann' is None"),
        ({"text": [7], "answer_start": [0]}, "answer 7, which is not text"),
        ({"text": [None], "answer_start": [0]}, "answer None, which is not text"),
    ],
)
def test_an_answer_is_text_at_a_whole_number(answers, said):
    check_refused([qa(answers=answers)], SpanQA(), "row 0", "question q7", said)


@pytest.mark.parametrize("answers", ["Ann", ["Ann"], {"text": "Ann", "answer_start": [0, 1, 2]}, 7])
def test_answers_in_another_layout_are_one_line(answers):
    check_refused([qa(answers=answers)], SpanQA(), "row 0", "answers", "text and answer_start")


@pytest.mark.parametrize("value", [None, 7])
def test_a_text_that_is_missing_or_no_text_names_the_field(value):
    wrong = "missing" if value is None else "int"
    check_refused([nli(0, second=value)], NLI, "second", wrong)
    check_refused([{"first": "a", "second": value}], Retrieval(), "second", wrong)


def test_a_missing_label_is_named():
    check_refused([nli(None)], NLI, "label", "missing")
    check_refused([{"first": "a", "second": "b"}], NLI, "label", "missing")


def test_a_label_of_a_text_is_checked_as_one_of_a_pair():
    kind = TextClassification(labels=("x", "y"))
    check_refused([{"first": "a", "label": 2}], kind, "label 2", "0 to 1", "x, y")
    check_refused([{"label": 0}], kind, "first", "missing")


@pytest.mark.parametrize("choices", [None, [], ["a"], "ab", ["a", None], ["a", 7]])
def test_there_are_two_choices_or_more_and_all_are_text(choices):
    wrong = "missing" if choices is None else "two texts or more"
    check_refused([choice(choices=choices, label=0)], MultipleChoice(), "row 0", "choices", wrong)


@pytest.mark.parametrize("label", [2, -2, "B", 1.0])
def test_the_label_of_a_choice_is_the_index_of_one(label):
    check_refused([choice(label=label)], MultipleChoice(), "row 0", f"label {label!r}", "0 to 1")


def test_a_choice_without_a_gold_label_is_left_out_whatever_else_it_has():
    assert checked_rows([choice(label=-1, choices=None), choice()], MultipleChoice(), "") == [choice()]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tokens": ["a"]}, "1 tokens and"),
        ({"tags": []}, "and 0 tags"),
        ({"tokens": [], "tags": []}, "no token"),
        ({"tokens": "ab"}, "tokens is str, not a list"),
        ({"tags": 3}, "tags is int, not a list"),
    ],
)
def test_there_is_a_tag_for_every_word(changes, said):
    check_refused([tagged(**changes)], NER, "row 0", said)


def test_a_word_is_text():
    check_refused([tagged(tokens=["Ann", None])], NER, "row 0", "token", "not text")


@pytest.mark.parametrize("tag", ["B-MISC", 7, None])
def test_a_strange_tag_names_itself_and_the_tags_there_are(tag):
    check_refused([tagged(tags=[tag, "O"])], NER, "row 0", f"tag {tag!r}", "O, B-PER, I-PER")


def test_an_open_tag_set_takes_any_text_and_nothing_else():
    check_refused([tagged(tags=["S", 7])], Tagging(tagset="ccg"), "row 0", "tag 7")


def test_a_mention_without_entity_or_description_is_named():
    row = {"text": "a", "entity": None, "description": ""}
    check_refused([row], EntityRetrieval(), "row 0", "entity", "description")


def test_the_rows_of_a_pool_or_of_gold_pairs_have_fields_of_their_own():
    pool = {"entity": "Q1", "description": "b"}
    assert checked_rows([pool], EntityRetrieval(), "", ("entity", "description")) == [pool]
    check_refused([{"entity": "Q1"}], EntityRetrieval(), "description", "missing", fields=("entity", "description"))
    pair = {"source": "de-1", "target": None}
    check_refused([pair], Mining(), "target", "missing", fields=("source", "target"))


def test_a_row_has_a_fault_or_none():
    assert row_fault(nli(0), NLI) is None
    assert "label 3" in str(row_fault(nli(3), NLI))
