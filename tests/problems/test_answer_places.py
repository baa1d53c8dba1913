"""Answers of extractive QA are where their rows say, or it is said where they are."""

import unicodedata

import pytest

from tests.error_checks import check_line
from tests.problems.script_words import WORDS
from xadapt.problems.answer_places import moved_answers, settle_answers

BRIDGE = ("Die Brücke über die Röder wurde 1897 von Käthe Müller geplant.", "Käthe Müller")
TRAIN = ("Grüße 🚀🚀 aus Überlingen: der Zug fährt nach Zürich.", "Zürich")
PLAIN = ("Anna opened a shop in 1987.", "1987")
UNITS = {"UTF-8 bytes": ("utf-8", 1), "UTF-16 units": ("utf-16-le", 2)}


def row(context, answer, start=None, text=None):
    at = context.index(answer) if start is None else start
    return {"context": context, "answers": {"text": [answer if text is None else text], "answer_start": [at]}}


def counted(pair, unit):
    """A row whose start counts a unit."""
    encoding, size = UNITS[unit]
    return row(*pair, start=len(pair[0][: pair[0].index(pair[1])].encode(encoding)) // size)


def nearest(context, answer, start):
    (moved,) = moved_answers(row(context, answer, start))
    return str(moved)


def test_starts_in_characters_are_left_as_they_are():
    rows = [row(*pair) for pair in (BRIDGE, TRAIN, PLAIN)]
    assert settle_answers(rows, own=True) == (rows, [])


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("unit", UNITS)
def test_starts_in_another_unit_are_read_as_such_and_it_is_said(unit, own):
    settled, (note,) = settle_answers([counted(pair, unit) for pair in (BRIDGE, TRAIN, PLAIN)], own)
    assert settled == [row(*pair) for pair in (BRIDGE, TRAIN, PLAIN)]
    check_line(note, unit)


def test_starts_of_two_units_in_one_file_are_left_as_they_are():
    rows = [counted(BRIDGE, "UTF-8 bytes"), row(*TRAIN), row(*PLAIN)]
    assert settle_answers(rows, own=True) == (rows, [])
    assert len([moved for one in rows for moved in moved_answers(one)]) == 1


def test_one_answer_that_is_nowhere_does_not_hide_what_the_others_count():
    lost = row(PLAIN[0], "Berta", 3)
    settled, _ = settle_answers([*(counted(pair, "UTF-8 bytes") for pair in (BRIDGE, TRAIN)), lost], own=True)
    assert settled[:2] == [row(*BRIDGE), row(*TRAIN)]
    assert moved_answers(settled[2])


@pytest.mark.parametrize("script", WORDS)
def test_offsets_in_bytes_are_read_in_every_script(script):
    for word in WORDS[script]:
        pair = (f"{word} ü {word}x {word}", f"{word}x")
        (settled,), _ = settle_answers([counted(pair, "UTF-8 bytes")], own=False)
        assert settled == row(*pair)


@pytest.mark.parametrize(
    ("context", "text", "start", "wanted"),
    [
        ("Es war  Anna Lee.", "Anna Lee", 6, ("Anna Lee", 8)),
        ("Es war anna lee.", "Anna Lee", 7, ("anna lee", 7)),
        ("Es war Anna  Lee.", "Anna Lee", 7, ("Anna  Lee", 7)),
        ("Es war Anna.", "Anna ", 7, ("Anna", 7)),
        ("Es war Josée.", unicodedata.normalize("NFD", "Josée"), 7, ("Josée", 7)),
        (unicodedata.normalize("NFD", "Es war Josée."), "Josée", 7, (unicodedata.normalize("NFD", "Josée"), 7)),
        (unicodedata.normalize("NFD", "그는 강릉에"), "강릉", 6, (unicodedata.normalize("NFD", "강릉"), 6)),
    ],
)
def test_a_users_answer_in_another_spelling_is_read_as_its_context_has_it(context, text, start, wanted):
    given = [row(context, "", start, text)]
    (settled,), (note,) = settle_answers(given, own=True)
    assert (settled["answers"]["text"], settled["answers"]["answer_start"]) == ([wanted[0]], [wanted[1]])
    assert not moved_answers(settled)
    check_line(note, "row 0", repr(text))
    # Public sets are scored with the texts that they have.
    assert settle_answers(given, own=False) == (given, [])


def test_an_answer_elsewhere_says_where_it_is_nearest():
    assert "it is at 14" in nearest("Ann, Bob, and Ann, and Bob", "Ann", 12)
    assert "it is at 0" in nearest("Ann, Bob, and Ann, and Bob", "Ann", 3)
    assert "nowhere" in nearest("Ann, Bob", "Eve", 0)
    assert "spelling" in nearest("Ann, BOB", "Bob", 0)
    assert "UTF-8 bytes" in nearest("Grüße von Ann", "Ann", 12)
    assert "it is at 5" in nearest("Bob: Ann", "Ann", -1)


def test_half_a_surrogate_pair_is_no_error():
    assert "nowhere" in nearest("\ud800 Ann", "Bob", 0)
