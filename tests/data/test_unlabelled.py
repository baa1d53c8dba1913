"""Rows without labels: none of them is measured, and parallel ones come with their English versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mirror_rows import write_parquet
from xadapt.data.files import read_table
from xadapt.data.source import Source, cut
from xadapt.data.unlabelled import unlabelled_rows
from xadapt.tasks import Row, get_task
from xadapt.tasks.catalogue import DEFAULT

#: Fields that hold gold answers.
GOLD = {"label", "score", "answers", "tags", "id"}


def texts(rows: list[Row]) -> set[str]:
    return {str({name: value for name, value in row.items() if name not in GOLD}) for row in rows}


@pytest.fixture
def source(mirror: Path) -> Source:
    return Source(str(mirror))


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("task", ["xnli", "xquad", "udpos"])
def test_they_never_overlap_an_evaluation_with_a_fair_limit(source: Source, task: str, count: int) -> None:
    found = unlabelled_rows(source, get_task(task), "de", count)
    assert len(found.rows) == min(count, found.available // 2)
    assert found.measured
    fair = found.available - len(found.rows)
    whole = source.test(get_task(task), "de").rows
    measured = cut(whole, "validation", fair).rows
    assert measured == source.test(get_task(task), "de", fair).rows
    behind = [row for row in whole if not any(row is other for other in measured)]
    assert [texts([row]) for row in behind] == [texts([row]) for row in found.rows]


@pytest.mark.parametrize(("task", "language"), [("xnli", "de"), ("xquad", "de"), ("udpos", "de"), ("xcopa", "et")])
def test_gold_answers_are_dropped(source: Source, task: str, language: str) -> None:
    found = unlabelled_rows(source, get_task(task), language, 3)
    assert found.rows
    assert not any(GOLD & row.keys() for row in (*found.rows, *(found.english or ())))


def test_a_split_that_is_not_measured_comes_first(source: Source, mirror: Path) -> None:
    table = read_table(mirror / "facebook/xnli/de/validation.parquet", ["premise", "hypothesis", "label"])
    write_parquet(mirror / "facebook/xnli/de/test.parquet", table.rows[:4])
    found = unlabelled_rows(source, get_task("xnli"), "de", 500)
    assert (found.split, len(found.rows), found.measured) == ("validation", 12, False)
    write_parquet(mirror / "cambridgeltl/xcopa/et/validation.parquet", COPA)
    found = unlabelled_rows(source, get_task("xcopa"), "et", 2)
    assert (found.split, len(found.rows), found.available, found.measured) == ("validation", 2, 3, False)


COPA: list[dict[str, Any]] = [
    {"premise": f"P{n}", "question": "cause", "choice1": "a", "choice2": "b", "label": 0, "idx": n} for n in range(3)
]


def test_parallel_rows_come_with_the_same_rows_in_english(source: Source, mirror: Path) -> None:
    task = get_task("xnli")
    found = unlabelled_rows(source, task, "de", 5)
    german, english = source.test(task, "de").rows, source.test(task, "en").rows
    places = [next(n for n, row in enumerate(german) if texts([row]) == texts([one])) for one in found.rows]
    assert texts(found.english or []) == texts([english[place] for place in places])
    assert unlabelled_rows(source, get_task("xquad"), "de", 2).english is None
    # A copy that lacks a row has others at the same places.
    table = read_table(mirror / "facebook/xnli/en/validation.parquet", ["premise", "hypothesis", "label"])
    write_parquet(mirror / "facebook/xnli/en/validation.parquet", table.rows[1:])
    assert unlabelled_rows(Source(str(mirror)), task, "de", 5).english is None


def test_only_kinds_whose_answers_stay_in_translation_are_parallel() -> None:
    for task in DEFAULT:
        assert not task.parallel or task.kind.name in ("pair-classification", "pair-regression", "multiple-choice")
