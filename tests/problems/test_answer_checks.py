import pytest

from tests.error_checks import check_line
from xadapt.problems.answer_checks import break_fault, moved_answers

CONTEXT = "Straße 12: Ann  Lee lives here."


def faults(text, start, context=CONTEXT):
    return moved_answers({"context": context, "answers": {"text": [text], "answer_start": [start]}})


def test_an_answer_at_its_start_is_no_fault():
    assert faults("Ann  Lee", 11) == []
    assert faults(CONTEXT, 0) == []


def test_offsets_are_characters_and_not_bytes():
    context = "😀 हिन्दी Ann"
    assert faults("Ann", context.index("Ann"), context) == []
    assert faults("Ann", len(context[: context.index("Ann")].encode()), context)


@pytest.mark.parametrize(
    ("text", "start"), [("Ann Lee", 11), ("ANN  lee", 11), ("Ann Lee ", 11), ("Ann", 10), ("Strasse", 0), ("１２", 7)]
)
def test_another_spelling_of_the_same_text_is_told_apart(text, start):
    (moved,) = faults(text, start)
    assert moved.respelled


@pytest.mark.parametrize(
    ("text", "start"), [("Ann  Lee", 12), ("Ann  Lee", 15), ("Bob", 11), ("Ann", 900), ("Ann", -20)]
)
def test_an_answer_elsewhere_or_nowhere_is_a_fault(text, start):
    (moved,) = faults(text, start)
    assert (moved.text, moved.start, moved.respelled) == (text, start, False)
    assert moved.found != text
    check_line(str(moved), repr(text), start, repr(moved.found))


def test_a_start_counted_from_the_end_is_a_fault_though_python_would_find_the_answer():
    assert CONTEXT[-20:-17] == "Ann"
    assert faults("Ann", -20)


def test_empty_space_is_not_the_same_text_as_anything():
    (moved,) = faults(" ", 0)
    assert not moved.respelled


def test_every_answer_is_looked_at_and_long_ones_are_cut():
    row = {"context": CONTEXT, "answers": {"text": ["Ann", "x" * 90, "12"], "answer_start": [11, 0, 0]}}
    found = moved_answers(row)
    assert len(found) == 2
    assert len(str(found[0])) < 160


def test_a_question_without_answers_has_no_fault():
    for answers in ({"text": [], "answer_start": []}, {"text": None, "answer_start": None}):
        assert moved_answers({"context": CONTEXT, "answers": answers}) == []


def broken(sentences, breaks):
    return break_fault({"context": "One. Two.", "sentences": sentences, "breaks": breaks})


def test_sentences_are_at_their_breaks():
    assert broken(["One.", "Two."], [[0, 4], [5, 9]]) is None
    assert break_fault({"context": "One."}) is None
    check_line(broken(["One.", "Two."], [[0, 4], [4, 8]]), "sentence 1", "[4, 8]")


@pytest.mark.parametrize(("sentences", "breaks"), [(["One."], []), (["One."], None), (None, [[0, 4]])])
def test_there_are_as_many_breaks_as_sentences(sentences, breaks):
    check_line(broken(sentences, breaks), "sentences", "breaks")
