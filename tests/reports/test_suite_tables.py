"""A suite's tables: every number with its N, and marks on what is not the benchmark's own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from xadapt.evaluation.suite_scores import SuiteScore, score_suite
from xadapt.reports.suite_tables import group_table, suite_csv, suite_markdown, task_table, verdict_lines, write_suite
from xadapt.store.result_record import Result
from xadapt.tables import Table
from xadapt.tasks.suites import Suite

SMALL = Suite(
    name="small",
    title="SMALL",
    groups={"classification": ("xnli",), "question answering": ("xquad",), "retrieval": ("tatoeba",)},
    languages={"xnli": ("de", "en"), "xquad": ("de", "en"), "tatoeba": ("de", "fr")},
    source="https://example.org/small",
)
FACTS = {"setup": "mnli", "base": "e5-small", "data": "hub", "limit": None}


def result(task: str, languages: dict[str, dict[str, float]], n: int = 1000, **other: Any) -> Result:
    rows = {code: {"n": n, "available": 1000, "split": "test", **scores} for code, scores in languages.items()}
    metric = next(iter(next(iter(languages.values()))))
    made = {"run": task, "task": task, "kind": "made-up", "metric": metric, "setup": f"stack(mnli, {task})"}
    return Result.of({**made, "base": "e5-small", "seed": 42, "data": "hub", "languages": rows, **other}, task)


def shown(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


XNLI = result("xnli", {"en": {"accuracy": 70.0}, "de": {"accuracy": 60.0}})
XQUAD = result("xquad", {"en": {"exact_match": 50.0, "f1": 60.0}, "de": {"exact_match": 30.0, "f1": 40.0}})
TATOEBA = result("tatoeba", {"de": {"accuracy": 90.0}, "fr": {"accuracy": 80.0}})


@pytest.fixture
def complete() -> SuiteScore:
    return score_suite(SMALL, [XNLI, XQUAD, TATOEBA])


@pytest.fixture
def partial() -> SuiteScore:
    """XQuAD has no German, Tatoeba nothing; XNLI is cut to ten rows of a mirror."""
    scores = {code: dict(one.scores) for code, one in XNLI.languages.items()}
    cut = result("xnli", scores, 10, limit=10, data="mirror:hub")
    english = result("xquad", {"en": {"exact_match": 50.0, "f1": 60.0}})
    return score_suite(SMALL, [cut, english], {"tatoeba": "no rows in mirror:hub"})


def test_a_complete_suite_has_plain_numbers(complete: SuiteScore) -> None:
    assert shown(task_table(complete)) == [
        ["xnli", "stack(mnli, xnli)", "accuracy", "70.0", "60.0", "+10.0", "2/2", "2,000", "65.0"],
        ["xquad", "stack(mnli, xquad)", "F1 and exact match", "55.0", "35.0", "+20.0", "2/2", "2,000", "45.0"],
        ["tatoeba", "stack(mnli, tatoeba)", "accuracy", "–", "85.0", "–", "2/2", "2,000", "85.0"],
    ]
    assert shown(group_table(complete))[-1] == ["all tasks", "3/3", "65.0"]
    assert verdict_lines(complete) == ["SMALL: 65.0, the mean of all 3 tasks."]


def test_a_mean_over_a_part_is_in_brackets(partial: SuiteScore) -> None:
    lines = {line[0]: line for line in shown(task_table(partial))}
    assert lines["xnli"][-1] == "65.0"
    assert lines["xquad"][3:] == ["55.0", "–", "–", "1/2", "1,000", "(55.0)"]
    assert lines["tatoeba"] == ["tatoeba", "–", "accuracy", "–", "–", "–", "0/2", "0", "–"]
    assert shown(group_table(partial)) == [
        ["classification", "1/1", "65.0"],
        ["question answering", "1/1", "(55.0)"],
        ["retrieval", "0/1", "–"],
        ["all tasks", "2/3", "(60.0)"],
    ]


def test_others_and_gap_over_a_part_are_in_brackets_too() -> None:
    three = Suite("three", "T", {"c": ("xnli",)}, {"xnli": ("de", "en", "fr")}, "")
    assert shown(task_table(score_suite(three, [XNLI])))[0][3:] == [
        "70.0",
        "(60.0)",
        "(+10.0)",
        "2/3",
        "2,000",
        "(65.0)",
    ]


def test_the_verdict_names_what_is_missing_and_why(partial: SuiteScore) -> None:
    assert verdict_lines(partial) == [
        "SMALL is not complete: missing xquad: de, tatoeba (no rows in mirror:hub).",
        "Mean over the 2 tasks there: 60.0 (not the benchmark's score).",
        "A sample, not to be compared with published scores: at most 10 rows a language, rows of mirror:hub.",
    ]


def test_markdown_has_every_language_with_its_n_and_marks_a_sample(partial: SuiteScore) -> None:
    text = suite_markdown(partial, FACTS)
    assert text.startswith("# SMALL\n\nSMALL is not complete")
    assert "| de German | test | 10 of 1,000 (sample) | 60.0 |" in text
    assert "| en English | test | 1,000 | 55.0 | 50.0 | 60.0 |" in text
    assert "* base: `e5-small`" in text
    assert "* limit" not in text
    assert "| tatoeba | – | accuracy |" in text
    assert "## tatoeba" not in text
    assert "https://example.org/small" in text


def test_csv_has_a_line_a_language_unrounded(partial: SuiteScore) -> None:
    lines = list(csv.DictReader(io.StringIO(suite_csv(partial))))
    assert [(line["task"], line["language"], line["n"]) for line in lines] == [
        ("xnli", "en", "10"),
        ("xnli", "de", "10"),
        ("xquad", "en", "1000"),
    ]
    assert lines[0]["sample"] == "at most 10 rows a language, rows of mirror:hub"
    assert (lines[2]["score"], lines[2]["f1"], lines[2]["accuracy"], lines[2]["sample"]) == ("55.0", "60.0", "", "")


def test_three_files_are_written_and_say_the_same(partial: SuiteScore, tmp_path: Path) -> None:
    written = write_suite(partial, FACTS, tmp_path / "new")
    assert [path.name for path in written] == ["suite.md", "suite.csv", "suite.json"]
    stored = json.loads(written[2].read_text())
    assert (stored["setup"], stored["suite"], stored["complete"], stored["sample"]) == ("mnli", "small", False, True)
    assert stored["overall"]["score"] is None
    assert stored["overall"]["partial"] == 60.0
    assert written[0].read_text() == suite_markdown(partial, FACTS)
    assert written[1].read_text() == suite_csv(partial)


def test_a_threshold_has_no_column_among_the_scores() -> None:
    mined = result("bucc", {"de": {"f1": 50.0, "fixed_f1": 40.0, "threshold": 1.07}})
    suite = Suite("mining", "M", {"retrieval": ("bucc",)}, {"bucc": ("de",)}, "")
    text = suite_markdown(score_suite(suite, [mined]), FACTS)
    assert "| language | split | N | score | fixed f1 |\n" in text
