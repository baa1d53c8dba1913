import pytest

from xadapt.data import bundled
from xadapt.problems.sentence_split import split_sentences


def split(text):
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One came. Two went! Did three stay?", ["One came.", "Two went!", "Did three stay?"]),
        ('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
        ("It cost 3.50 in all. Nobody paid.", ["It cost 3.50 in all.", "Nobody paid."]),
        ("She was 39. The past record was 38.", ["She was 39.", "The past record was 38."]),
        ("Wait... for it. Now.", ["Wait... for it.", "Now."]),
        ("A title\nA line. Another", ["A title", "A line.", "Another"]),
        ("no end", ["no end"]),
    ],
)
def test_marks_with_a_space_after_them_end_a_sentence(text, expected):
    assert split(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Smith met Dr. Jones, Prof. Li and J. K. Rowling.",
        "Animals, e.g. dogs, i.e. pets, were counted.",
        'They asked "Why?" and went.',
        "Alphabet Inc. Ltd. Co. vs. Omega",
    ],
)
def test_initials_abbreviations_and_marks_before_a_small_letter_end_nothing(text):
    assert split(text) == [text]


def test_a_word_that_ends_like_an_abbreviation_ends_a_sentence():
    assert split("They saw her first. Then him.") == ["They saw her first.", "Then him."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他来了。她走了！为什么？", ["他来了。", "她走了！", "为什么？"]),
        ("「行く。」と言った。そして去った。", ["「行く。」", "と言った。", "そして去った。"]),
        ("वह आया। वह गया।", ["वह आया।", "वह गया।"]),
        ("هل جاء؟ نعم جاء.", ["هل جاء؟", "نعم جاء."]),
        ("وہ آیا۔ وہ گیا۔", ["وہ آیا۔", "وہ گیا۔"]),
        ("Wer kam? Ein Mann ging.", ["Wer kam?", "Ein Mann ging."]),
    ],
)
def test_other_scripts_have_marks_of_their_own(text, expected):
    assert split(text) == expected


def test_thai_is_cut_at_spaces_once_a_sentence_is_long_enough():
    text = " ".join(["ประเทศไทยมีแม่น้ำหลายสาย"] * 30)
    pieces = split(text)
    assert 2 < len(pieces) < 8
    assert all(95 <= len(piece) < 300 for piece in pieces)
    assert split("แม่น้ำ สาย ยาว") == ["แม่น้ำ สาย ยาว"]


def test_a_long_sentence_that_names_something_in_thai_is_not_cut():
    text = "The river " * 40 + "(แม่น้ำ)"
    assert split(text) == [text]


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_nothing_has_no_sentence(text):
    assert split_sentences(text) == []


@pytest.mark.parametrize("code", ["en", "de", "es", "fr", "ru", "ar", "hi", "sw", "tr", "zh"])
def test_nothing_but_space_is_lost_and_nothing_is_there_twice(code):
    for row in bundled.rows("qa", code, "test")[:20]:
        text = f"  {row['context']}\n{row['context']} "
        at = 0
        for start, end in split_sentences(text):
            assert text[at:start].strip() == ""
            assert start < end
            assert text[start:end] == text[start:end].strip()
            at = end
        assert text[at:].strip() == ""
