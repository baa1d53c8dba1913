"""YAML within limits: plain values alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.error_checks import check_line
from xadapt.yaml_text import NotYaml, read_yaml_text


def read(text: str, texts: bool = False) -> Any:
    return read_yaml_text(text, texts)[1]


def check_refused(text: str, line: int, *subjects: str) -> None:
    """Check that a text is refused at once, in one short line, with the line of what is wrong."""
    for texts in (False, True):
        started = time.monotonic()
        with pytest.raises(NotYaml) as caught:
            read_yaml_text(text, texts)
        check_line(str(caught.value), *subjects)
        assert len(str(caught.value)) < 300
        assert caught.value.line == line
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "word", ["no", "NO", "on", "off", "yes", "y", "n", "1:30", "2020-13-45", "0x1F", "1_000", "=", "<"]
)
def test_only_what_yaml_1_2_takes_for_more_is_more_than_text(word: str) -> None:
    assert read(f"a: {word}") == {"a": word}


def test_numbers_truth_and_nothing_are_read() -> None:
    assert read("[1, -2, 010, 1.5, .5, 1e-3, .inf, true, FALSE, null, ~, ]") == [
        1, -2, 10, 1.5, 0.5, 0.001, float("inf"), True, False, None, None,
    ]  # fmt: skip
    assert read("a:\n") == {"a": None}


def test_a_quoted_value_is_text_and_so_is_every_one_where_texts_are_wanted() -> None:
    assert read("['1', \"true\", !!str 2]") == ["1", "true", "2"]
    assert read("{a: [1, true, 2.50, ~], b: }", texts=True) == {"a": ["1", "true", "2.50", "~"], "b": ""}


def test_one_mapping_is_merged_into_another() -> None:
    assert read("one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\n") == {"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}}


@pytest.mark.parametrize("text", ["[" * 10_000, "- " * 10_000, "? " * 10_000, "{a: " * 100, "[" * 41 + "]" * 41])
def test_what_nests_deeply_is_refused(text: str) -> None:
    check_refused(text, 1, "nested too deeply")


def test_aliases_that_grow_are_refused() -> None:
    steps = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    check_refused("\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *steps]), 5, "50,000 values")
    merged = [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 12)]
    check_refused("\n".join(["a0: &a0 {k: v}", *merged]), 6, "50,000 values")


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: {c: *a}}", "a: &a {<<: *a}"])
def test_what_contains_itself_is_refused(text: str) -> None:
    check_refused(text, 1, "'a'", "inside")


@pytest.mark.parametrize(
    "value",
    ["!!int abc", "!!timestamp 2020-13-45", "!!bool x", "!!binary '='", "!!set {a}", "!!python/name:os.system",
     "!mine a", "! a", "!!str {a: b}", "!!map [a]"],
)  # fmt: skip
def test_a_tag_is_refused(value: str) -> None:
    check_refused(f"name: a\nb: {value}\n", 2, "plainly")


def test_numbers_of_thousands_of_digits_are_refused() -> None:
    with pytest.raises(NotYaml, match="5,000 digits"):
        read("a: " + "9" * 5000)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: \0\n", 2), ("a: 1\na: 2\n", 2), ("a: [1\n", 2), ("---\na: 1\n---\nb: 2\n", 3), ("a: *b\n", 1),
     ("a: &x 1\nb: &x 1\n", 2), ("{[a]: 1}", 1), ("%YAML 9.9\n---\na", 1), ("@a", 1)],
)  # fmt: skip
def test_what_is_no_yaml_names_its_line(text: str, line: int) -> None:
    check_refused(text, line)


def test_only_mappings_are_merged() -> None:
    for text in ("a: 1\n<<: 2\n", "a: 1\n<<: [2]\n"):
        check_refused(text, 2, "mapping")


def test_an_empty_text_holds_nothing() -> None:
    assert read_yaml_text("# nothing\n") == (None, None)
