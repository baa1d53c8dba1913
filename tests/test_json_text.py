"""JSON within limits."""

from __future__ import annotations

import time

import pytest

from tests.error_checks import check_line
from xadapt import json_text
from xadapt.json_text import NotJson, read_json_text


def check_refused(text: str, *subjects: str) -> None:
    """Check that a text is refused at once, in one short line."""
    started = time.monotonic()
    with pytest.raises(NotJson) as caught:
        read_json_text(text)
    check_line(str(caught.value), *subjects)
    assert len(str(caught.value)) < 300
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '[{"a":' * 51 + "1" + "}]" * 51])
def test_what_nests_deeply_is_refused(text: str) -> None:
    check_refused(text, "nested too deeply")


def test_brackets_in_texts_and_beside_each_other_are_not_deep() -> None:
    assert read_json_text('{"a": "' + "[{" * 300 + '\\""}') == {"a": "[{" * 300 + '"'}
    assert read_json_text("[" + ",".join(["[]"] * 500) + "]") == [[]] * 500


def test_a_text_full_of_quotes_is_looked_at_once() -> None:
    check_refused('"' + '\\"' * 300_000 + "[" * 200, "not JSON")


def test_numbers_of_thousands_of_digits_are_refused() -> None:
    check_refused('{"a": ' + "9" * 5000 + "}", "5,000 digits")
    assert read_json_text("9" * 100) == int("9" * 100)


def test_a_key_that_is_given_twice_is_refused() -> None:
    check_refused('{"label": 0, "label": 1}', "'label'", "keep one")


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", '{"a": 1,}', "[1] 2", '"\\u12"', "nul"])
def test_what_is_no_json_is_one_line(text: str) -> None:
    check_refused(text, "not JSON")


def test_what_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LONGEST", 10)
    check_refused('"some words"', "too long")
