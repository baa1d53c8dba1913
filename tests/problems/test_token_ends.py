"""Answers come back whole where the tokenizer composes several characters into one."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.problems.script_words import WORDS
from tests.problems.span_rows import decoded, row
from xadapt.problems import make_problem
from xadapt.problems.span_qa import answer_text
from xadapt.problems.token_ends import visible, whole_ends
from xadapt.tasks import get_task
from xadapt.tasks.languages import LANGUAGES

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
#: What may stand between two words; some of it the tokenizer leaves out.
BETWEEN = (" ", " ", " ", "  ", "\n", "\u3000", "\u00a0", " \u200f", "\u200b ", ", ")
#: A fixed seed, so that a run of the tests is like any other.
quick = settings(derandomize=True, deadline=None, max_examples=40, database=None)
long = settings(quick, max_examples=2000)


def nfd(text):
    return unicodedata.normalize("NFD", text)


@st.composite
def rows(draw, script):
    """A row with its words' form, its answer anywhere, and the length of its windows."""
    form = draw(st.sampled_from(FORMS))
    words = [
        unicodedata.normalize(form, word)
        for word in draw(st.lists(st.sampled_from(WORDS[script] + WORDS["Latin"]), min_size=1, max_size=40))
    ]
    first = draw(st.integers(0, len(words) - 1))
    count = draw(st.integers(1, min(3, len(words) - first)))
    gaps = draw(st.lists(st.sampled_from(BETWEEN), min_size=len(words), max_size=len(words)))
    parts = [part for pair in zip(words, gaps, strict=True) for part in pair][:-1]
    before, answer = "".join(parts[: 2 * first]), "".join(parts[2 * first : 2 * (first + count) - 1])
    context = draw(st.sampled_from(("", " ", "\ufeff"))) + "".join(parts) + draw(st.sampled_from(("", " ", " \u200b")))
    start = context.index("".join(parts)) + len(before)
    gold = {"id": "q", "question": "?", "context": context, "answers": {"text": [answer], "answer_start": [start]}}
    return gold, draw(st.sampled_from((32, 48, 64, 100, 384)))


def everywhere(how, script, tokenizer):
    """Check rows of a script."""

    @how
    @given(rows(script))
    def drawn(one):
        check(tokenizer, one)

    drawn()


def check(tokenizer, drawn):
    """The gold span of every window that holds the answer is the answer, and some window holds it if it can."""
    gold, length = drawn
    problem, answer = make_problem(get_task("squad"), tokenizer, length), gold["answers"]["text"][0]
    texts = [
        answer_text(gold["context"], feature["offsets"], feature["start_positions"], feature["end_positions"])
        for feature in problem.encode([gold], labelled=True)
        if feature["start_positions"]
    ]
    assert set(texts) <= {answer}
    pieces = len(tokenizer(answer, add_special_tokens=False)["input_ids"])
    assert texts or pieces >= length // 3, "no window has the answer"


def test_the_words_are_of_all_scripts_of_the_catalogue():
    assert {language.script for language in LANGUAGES.values()} <= WORDS.keys()


@pytest.mark.parametrize("script", WORDS)
def test_the_gold_span_is_the_gold_answer_in_every_form_of_every_script(tokenizer, script):
    everywhere(quick, script, tokenizer)


@pytest.mark.slow
@pytest.mark.parametrize("script", WORDS)
def test_the_gold_span_is_the_gold_answer_in_many_more_rows(tokenizer, script):
    everywhere(long, script, tokenizer)


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("El dueño se llamaba José", "José"),
        ("Anh ấy sống ở Huế", "Huế"),
        ("उसका नाम था गढ़", "गढ़"),
        ("그 서점의 주인은 박민수", "박민수"),
    ],
)
def test_a_decomposed_answer_at_the_end_of_its_context_is_an_answer(qa, context, answer):
    assert decoded(qa, [row(nfd(context), nfd(answer))]) == [nfd(answer)]


@pytest.mark.parametrize("space", [" ", "\u200b", "\n", "\u00a0"])
def test_white_space_at_the_edges_of_an_answer_does_not_make_it_none(qa, space):
    (feature,) = qa.encode([row(f"{space}In 1929{space}", f"{space}In 1929{space}")], labelled=True)
    found = feature["start_positions"], feature["end_positions"]
    assert answer_text(f"{space}In 1929{space}", feature["offsets"], *found) == "In 1929"


def test_the_last_token_of_a_window_ends_where_the_next_window_goes_on(tokenizer):
    # No spaces, so that nothing but the next token says where one ends.
    context = nfd("강릉에있었던작은서점은박민수가열었다" * 12)
    problem = make_problem(get_task("squad"), tokenizer, 32)
    features = problem.encode([row(context, context[:3])], labelled=False)
    assert len(features) > 3
    offsets = [f["offsets"][f["inside"]] for f in features]
    starts = {start for window in offsets for start in window[:, 0].tolist()} | {len(context)}
    assert {window[-1, 1].item() for window in offsets} <= starts


def ends(text, *offsets):
    return whole_ends(text, [np.array(offsets)])[0][:, 1].tolist()


def test_an_end_moves_over_what_was_composed_and_over_nothing_else():
    assert ends("e\u0301x", (0, 1), (2, 3)) == [2, 3]
    assert ends("e\u0301x", (0, 1), (1, 2), (2, 3)) == [1, 2, 3], "a mark with a token of its own"
    assert ends("e\u0301\u0302", (0, 1)) == [3], "at the end of the text"
    assert ends("é x", (0, 1), (2, 3)) == [1, 3], "white space parts words"
    assert ends("é\u200fx", (0, 1), (2, 3)) == [1, 3], "so does a sign of direction"
    assert ends("é\u200dx", (0, 1), (2, 3)) == [1, 3], "and a joiner"
    assert ends("ന\u0d4d\u200d x", (0, 2), (4, 5)) == [3, 5], "but that of a chillu is a part of the letter"
    assert ends("ﷺ x", (0, 1), (0, 1), (2, 3)) == [1, 1, 3], "several tokens of one character"


def test_windows_that_overlap_have_the_same_ends():
    text = "e\u0301a\u0301o\u0301"
    first, second = whole_ends(text, [np.array([(0, 1), (2, 3)]), np.array([(2, 3), (4, 5)])])
    assert (first.tolist(), second.tolist()) == ([[0, 2], [2, 4]], [[2, 4], [4, 6]])


def test_the_visible_part_of_a_text_is_without_spaces_and_invisible_characters():
    assert visible(" \u200bIn 1929\u200f\n") == (2, 9)
    assert visible(" \u200b ") in {(0, 0)}
    assert visible("") == (0, 0)
