"""The catalogue is made from the declarations, and README shows it as it is."""

from __future__ import annotations

from pathlib import Path

from xadapt.reports.catalogue import catalogue_markdown, facts, rows
from xadapt.tasks.catalogue import DEFAULT

README = Path(__file__).parents[2] / "README.md"


def test_readme_lists_the_catalogue_as_it_is_declared() -> None:
    assert catalogue_markdown(list(DEFAULT)) in README.read_text(encoding="utf-8")


def test_every_task_has_a_line_of_its_own() -> None:
    lines = catalogue_markdown(list(DEFAULT)).splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [task.name for task in DEFAULT]


def test_a_line_says_where_a_task_is_trained_and_measured() -> None:
    (line,) = rows([DEFAULT["xcopa"]])
    assert line == ("xcopa", "multiple-choice", "accuracy", "siqa, then super_glue copa", "11 languages", "xtreme-r")


def test_facts_name_every_part_of_the_training_rows() -> None:
    assert facts(DEFAULT["anli"])["train"] == [
        "facebook/anli plain_text train_r1",
        "facebook/anli plain_text train_r2",
        "facebook/anli plain_text train_r3",
        "nyu-mll/multi_nli train",
        "stanfordnlp/snli plain_text train",
    ]
