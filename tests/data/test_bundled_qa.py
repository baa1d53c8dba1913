"""The bundled questions: exact spans, and answers that must be chosen among others."""

import re
from collections import defaultdict

import pytest

from tests.data.bundled_parts import ENGLISH_SPLITS, splits, words
from xadapt.data.bundled import rows


@pytest.mark.parametrize(("language", "split"), splits("qa"))
def test_every_qa_answer_is_an_exact_span(language: str, split: str) -> None:
    for row in rows("qa", language, split):
        (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        assert text
        assert row["context"][start : start + len(text)] == text
        assert text.casefold() not in words(row["question"])


@pytest.mark.parametrize("split", ENGLISH_SPLITS)
def test_english_qa_contexts_are_short(split: str) -> None:
    for row in rows("qa", "en", split):
        assert 35 <= len(row["context"].split()) <= 70


@pytest.mark.parametrize(("language", "split"), splits("qa"))
def test_qa_ids_are_unique(language: str, split: str) -> None:
    ids = [row["id"] for row in rows("qa", language, split)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("language", "split"), splits("qa"))
def test_every_numeric_answer_is_one_of_several_numbers(language: str, split: str) -> None:
    for row in rows("qa", language, split):
        if row["answers"]["text"][0].isdigit():
            assert len(set(re.findall(r"\d+", row["context"]))) >= 2


@pytest.mark.parametrize("split", ENGLISH_SPLITS)
def test_every_who_question_has_several_people_to_choose_from(split: str) -> None:
    people = {
        row["answers"]["text"][0]
        for row in rows("qa", "en", split)
        if re.match("Who|What is the name", row["question"])
    }
    people.add("Boris")  # the one person in a context who is never the answer to any question
    for row in rows("qa", "en", split):
        if row["question"].startswith("Who"):
            assert len(people & set(re.findall(r"\w+", row["context"]))) >= 2


def test_every_qa_context_is_asked_for_several_answers() -> None:
    asked = defaultdict(set)
    for row in rows("qa", "en", "test"):
        asked[row["context"]].add(row["answers"]["text"][0])
    assert min(len(answers) for answers in asked.values()) >= 4
