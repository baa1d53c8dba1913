"""Labels as files write them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from xadapt.data.labels import UNLABELLED, is_mark, meant, named_as, read_label, read_number, whole

WORDS = {"entailment": "entailment", "neutral": "neutral", "contradiction": "contradiction"}
MARKS = ["", " ", "-", "?", "NA", "N/A", "#N/A", "nan", "NaN", "None", "null", "NULL", "<NA>", None, math.nan]


def index(value: Any, spelled: dict[str, str] | None = None) -> Any:
    """The index of a label of NLI."""
    spelled = WORDS if spelled is None else spelled
    return read_label(value, list(spelled.values()), spelled)


@pytest.mark.parametrize("mark", [*MARKS, "-1", " -1 ", -1, -1.0, "-1.0"])
def test_a_mark_of_a_missing_label_is_no_label(mark: Any) -> None:
    assert index(mark) == UNLABELLED
    assert read_label(mark, [], {}) == UNLABELLED, "of the index of a choice too"


@pytest.mark.parametrize("mark", ["-", "NA", "none", "nan", "?", "-1"])
def test_a_mark_that_is_declared_as_a_label_is_one(mark: str) -> None:
    assert index(mark, {"x": "x", mark: mark}) == 1


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.0,
        "1",
        "1.0",
        " 1 ",
        "01",
        "neutral",
        " neutral\u3000",
        "Neutral",
        "NEUTRAL",
        "neutral\u200b",
        "ｎｅｕｔｒａｌ",
    ],
)
def test_a_label_is_read_in_every_form(value: Any) -> None:
    assert index(value) == 1


@pytest.mark.parametrize("value", [3, "3", 1.5, "1.5", True, "true", "neutrall", "1e0", "²", ["neutral"]])
def test_what_is_no_label_stays_for_the_checks(value: Any) -> None:
    assert index(value) in (value, 3)


def test_labels_that_differ_in_case_alone_are_told_apart_and_a_third_case_is_none_of_them() -> None:
    labels = ["us", "US", "them"]
    assert [named_as(word, labels) for word in ("us", "US", "Us", "THEM", "we")] == ["us", "US", None, "them", None]


def test_a_meaning_is_found_whatever_the_form_of_the_value() -> None:
    assert [meant(value, {"1": "good", 1.0: "good"}) for value in (1, 1.0, "1.0", " 1")] == ["good"] * 4
    assert meant(True, {"true": "yes"}) == meant("true", {"true": "yes"}) == "yes"
    assert meant(True, {"1": "good", 1.0: "good"}) is True, "in Python True equals 1"
    assert meant(" -", {"-": "-1"}) == "-1"
    assert meant(["-"], {"-": "-1"}) == ["-"]


def test_whole_numbers_are_whole_in_text_and_with_a_point() -> None:
    assert [whole(value) for value in ("3", "3.", "3.00", "+3", 3.0)] == [3] * 5
    assert [whole(value) for value in ("3.1", "3,0", "1e3", "a", "", None, "9" * 30)] == [
        "3.1",
        "3,0",
        "1e3",
        "a",
        "",
        None,
        "9" * 30,
    ]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_of_a_missing_score_is_no_number_and_minus_one_is_one(mark: Any) -> None:
    assert is_mark(mark)
    assert math.isnan(read_number(mark))
    assert read_number("-1") == read_number(-1) == -1
