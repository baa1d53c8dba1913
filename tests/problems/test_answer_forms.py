"""Answers of extractive QA are read however files write them."""

import pytest

from xadapt.problems.answer_checks import answer_fault
from xadapt.problems.answer_forms import read_answers

NONE = {"text": [], "answer_start": []}


def row(answers, **more):
    return {"id": "q7", "question": "who?", "context": "Ann did.", "answers": answers} | more


@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["Ann"], "answer_start": [0]},
        {"text": "Ann", "answer_start": 0},
        {"text": "Ann", "answer_start": "0"},
        {"text": ["Ann"], "answer_start": [0.0]},
        {"text": ["Ann"], "answer_start": ["0.0"]},
        [{"text": "Ann", "answer_start": 0}],
        [{"text": "Ann", "answer_start": 0, "answer_category": "SHORT"}],
        ["Ann", 0],
        ["Ann", "0"],
        [["Ann"], [0]],
    ],
)
def test_an_answer_is_read_in_every_layout(answers):
    assert read_answers(row(answers)) == row({"text": ["Ann"], "answer_start": [0]})


def test_several_answers_are_read_in_every_layout():
    wanted = row({"text": ["Ann", "Ann did"], "answer_start": [0, 0]})
    for answers in (
        wanted["answers"],
        [{"text": "Ann", "answer_start": 0}, {"text": "Ann did", "answer_start": 0}],
        [["Ann", "Ann did"], ["0", 0.0]],
    ):
        assert read_answers(row(answers)) == wanted


@pytest.mark.parametrize(
    "answers",
    [
        NONE,
        None,
        [],
        {},
        {"text": None, "answer_start": None},
        {"text": [], "answer_start": [-1]},
        {"text": [""], "answer_start": [-1]},
        {"text": [""], "answer_start": [0]},
        {"text": [""], "answer_start": []},
        {"text": ["", " "], "answer_start": [-1, -1]},
        {"text": [None], "answer_start": [None]},
        {"text": "", "answer_start": -1},
        {"text": "", "answer_start": ""},
        [{"text": "", "answer_start": -1}],
        ["", ""],
        ["", None],
        [None, None],
    ],
)
def test_every_way_of_writing_no_answer_is_read(answers):
    read = read_answers(row(answers))
    assert read == row(NONE)
    assert answer_fault(read, may_lack=True) is None
    assert "unanswerable: true" in str(answer_fault(read))


@pytest.mark.parametrize("said", [True, "true", "True", 1, "1"])
def test_a_question_that_is_said_to_have_no_answer_has_none(said):
    assert read_answers(row([], is_impossible=said, plausible_answers=[{"text": "Ann", "answer_start": 0}])) == row(
        NONE, plausible_answers=[{"text": "Ann", "answer_start": 0}]
    )


@pytest.mark.parametrize("said", [False, "false", 0, "", None])
def test_a_question_that_is_said_to_have_an_answer_has_it(said):
    found = read_answers(row(["Ann", 0], is_impossible=said))
    assert found == row({"text": ["Ann"], "answer_start": [0]})


@pytest.mark.parametrize(
    ("answers", "said", "named"),
    [(["Ann", 0], True, "'Ann'"), ([], "false", "there is no answer"), (["Ann", 0], "perhaps", "'perhaps'")],
)
def test_a_contradiction_is_named(answers, said, named):
    fault = str(answer_fault(read_answers(row(answers, is_impossible=said)), may_lack=True))
    assert "is_impossible" in fault
    assert named in fault


def test_an_empty_answer_beside_another_is_named():
    read = read_answers(row({"text": ["Ann", ""], "answer_start": [0, -1]}))
    assert "q7" in str(answer_fault(read, may_lack=True))


@pytest.mark.parametrize(
    "answers",
    [
        "Ann",
        7,
        ["Ann"],
        ["Ann", 0, 1],
        {"text": "Ann", "answer_start": [0, 1]},
        {"text": ["Ann"], "answer_start": [0.5]},
    ],
)
def test_what_cannot_be_read_is_left_and_is_a_fault(answers):
    read = read_answers(row(answers))
    assert read["answers"] == answers
    assert answer_fault(read, may_lack=True)


def test_a_row_that_is_in_order_is_the_same_row():
    given = row({"text": ["Ann"], "answer_start": [0]})
    assert read_answers(given) is given
