"""Rows of JSON in the forms that people have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.data.text_rows import listed_rows
from xadapt.tasks import Row

ROWS = [{"text": "a", "label": 1}, {"text": "b", "label": 0}]


def read(content: Any, indent: int | None = None) -> list[Row]:
    """The rows of a JSON file."""
    text = content if isinstance(content, str) else json.dumps(content, indent=indent)
    return [row for _, row in listed_rows("rows.json", text.splitlines(keepends=True))]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_file_is_a_list_of_rows_perhaps_under_a_name(indent: int | None) -> None:
    assert read(ROWS, indent) == read({"version": "1", "data": ROWS}, indent) == ROWS


def test_a_json_file_may_hold_json_lines() -> None:
    assert read("".join(json.dumps(row) + "\n" for row in ROWS)) == ROWS
    assert read(json.dumps(ROWS[0])) == ROWS[:1]


def test_the_nested_form_of_squad_becomes_questions() -> None:
    answers = [{"text": "Ann", "answer_start": 0}, {"text": "did", "answer_start": 4}]
    questions = [
        {"id": "q1", "question": "Who?", "answers": answers},
        {"id": 2, "question": "Why?", "answers": [], "is_impossible": True},
    ]
    content = {"version": "v2.0", "data": [{"title": "t", "paragraphs": [{"context": "Ann did.", "qas": questions}]}]}
    first, second = read(content)
    assert first == {
        "id": "q1",
        "question": "Who?",
        "context": "Ann did.",
        "answers": {"text": ["Ann", "did"], "answer_start": [0, 4]},
    }
    assert second["answers"] == {"text": [], "answer_start": []}
    assert (second["id"], second["is_impossible"]) == ("2", True)


@pytest.mark.parametrize(
    ("content", "subjects"),
    [
        ({"text": {"0": "a"}, "label": {"0": 1}}, ("list of rows", ".jsonl")),
        ("3", ("list of rows",)),
        ([{"a": 1}, 2], ("row 2", "object")),
        ('[{"a": 1},\n {"a": }]', ("line 2", "JSON")),
        ('{"a": 1}\n{"a": }\n', ("line 2", "JSON")),
        ("", ("JSON",)),
        ({"data": [{"paragraphs": [{"context": "c"}]}]}, ("SQuAD", ".jsonl")),
        ({"data": [{"paragraphs": [3]}]}, ("SQuAD", ".jsonl")),
    ],
)
def test_another_json_file_is_one_line_with_what_to_do(content: Any, subjects: tuple[str, ...]) -> None:
    with refused("rows.json", *subjects):
        read(content)
