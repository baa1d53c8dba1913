"""What is said of texts that are read as they are."""

from __future__ import annotations

import pytest

from xadapt.data.odd_texts import odd_texts
from xadapt.tasks import PairClassification, SpanQA, Tagging

PAIR = PairClassification(labels=("no", "yes"))


def pair(first: str, second: str = "b"):
    return [(0, {"first": "a", "second": "b", "label": 0}), (4, {"first": first, "second": second, "label": 1})]


def test_empty_texts_are_counted_by_field():
    first, second = odd_texts(pair("", " \t"), PAIR, "f.csv")
    assert "f.csv: 1 of 2 rows have no text in first (the first is row 4)" in first
    assert "second" in second
    (question,) = odd_texts([(0, {"id": "1", "question": "", "context": "c", "answers": {}})], SpanQA(), "f")
    assert "question" in question


@pytest.mark.parametrize("text", ["Grüße aus Köln", "l’été, “ça”", "мир и труд", "25 °C", "Señor"])
def test_text_that_was_read_in_another_encoding_is_said(text):
    (note,) = odd_texts(pair(text.encode().decode("cp1252", "replace")), PAIR, "f.csv")
    assert "1 of 2 rows" in note
    assert "row 4" in note
    assert "encoding" in note
    assert [*odd_texts(pair(text), PAIR, "f.csv")] == []


def test_a_character_that_stands_for_a_lost_one_is_said_of_words_too():
    rows = [(0, {"tokens": ["K\ufffdln"], "tags": ["O"]})]
    (note,) = odd_texts(rows, Tagging(labels=("O", "X")), "f.conll")
    assert "K\ufffdln" in note


@pytest.mark.parametrize("text", ["MANHÃ» ", "«À » Â «", "„MENÜ“", "IRMÃ”", "Ð Ñ", "NÃO É", "Đà Nẵng", "ÃŽ"])
def test_capitals_beside_marks_are_not_taken_for_damage(text):
    assert [*odd_texts(pair(text), PAIR, "f.csv")] == []
